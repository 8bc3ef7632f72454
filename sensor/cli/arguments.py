"""The parser, and the types of arguments. An error is one line and a line of help, then exit 2."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

from sensor.report.text import printable

# PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h.
MAX_PID = 4 * 1024 * 1024
# At most a full container id: 64 hex digits, with the prefix that Kubernetes writes before it.
CONTAINER = re.compile(r"(?:[a-z0-9.-]{1,40}://)?([0-9a-f]{1,64})")
FORMATS = ("table", "json", "ndjson")


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong as every other error of ours is said."""

    def error(self, message: str) -> NoReturn:
        """Print one line and the next step; exit with 2."""
        sys.stderr.write(f"runtime-sensor: {printable(message)}\n  help: see {self.prog} --help\n")
        self.exit(2)


def pid(text: str) -> int:
    """A process id in decimal digits. Raises argparse.ArgumentTypeError."""
    number = int(text) if re.fullmatch("[0-9]{1,10}", text) else 0
    if not 0 < number <= MAX_PID:
        raise argparse.ArgumentTypeError(f"{text!r} is no process id (1 to {MAX_PID})")
    return number


def container(text: str) -> str:
    """The beginning of a container id, without a runtime's prefix. Raises ArgumentTypeError."""
    match = CONTAINER.fullmatch(text.lower())
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no container id: give its first hex digits, not its name"
        )
    return match.group(1)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add --format."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="table",
        help="table for people (default); json: one document; ndjson: one fact a line",
    )
