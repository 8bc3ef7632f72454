"""`runtime-sensor record`: one process into a folder, as a bug report and as a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.cli.arguments import pid
from sensor.cli.stdout import write_text
from sensor.errors import UsageError
from sensor.report.text import plural, printable

if TYPE_CHECKING:
    import argparse

HELP = "record one process into a folder, or show every string in a recording"
WARNING = (
    "runtime-sensor: a recording holds memory of the process, and memory can hold secrets.\n"
    "  Read it before you give it away: runtime-sensor record --show {directory}\n"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("pid", type=pid, nargs="?", metavar="PID", help="the process")
    parser.add_argument("directory", type=Path, nargs="?", metavar="DIR", help="a new folder")
    parser.add_argument(
        "--show", type=Path, metavar="DIR", help="print every string of a recording, and end"
    )


def run(arguments: argparse.Namespace) -> int:
    """Record, or show. Raises SensorError."""
    if arguments.show is not None:
        if arguments.pid is not None:
            raise UsageError("record takes either PID and DIR, or --show DIR")
        return _show(arguments.show)
    if arguments.directory is None:
        raise UsageError("record needs PID and DIR, or --show DIR")
    return _record(arguments.pid, arguments.directory)


def _record(number: int, directory: Path) -> int:
    from sensor.fixture import record  # noqa: PLC0415 - --help and errors need none of it
    from sensor.host.local import LocalOpener  # noqa: PLC0415
    from sensor.resolvers import RESOLVERS  # noqa: PLC0415

    opener = LocalOpener()
    look = record(opener, opener.key(number), RESOLVERS, directory)
    packages = sum(len(finding.packages) for finding in look.findings.values())
    what = f"process {number}, {plural(packages, 'package')}"
    write_text(f"recorded {what}, into {printable(str(directory))}\n")
    sys.stderr.write(WARNING.format(directory=printable(str(directory))))
    return 0


def _show(directory: Path) -> int:
    from sensor.fixture import show  # noqa: PLC0415 - as in `_record`

    for line in show(directory):
        write_text(f"{printable(line)}\n")
    return 0
