"""`runtime-sensor demo`: one small program for each runtime found here, and a scan of just those.

It starts them, and ends the programs that it started, and no others.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sensor.cli.arguments import add_format
from sensor.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from sensor.cli.children import Child
    from sensor.cli.programs import Program

HELP = "start one small program for each runtime found here and scan exactly those"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Start, scan, print, end. Raises UsageError when not one program can be started."""
    from sensor.cli.programs import PROGRAMS  # noqa: PLC0415 - --help needs none of it

    with ExitStack() as stack:
        children, lacking = start_all(PROGRAMS, stack)
        if not children:
            raise UsageError("no demo program can be started here: " + "; ".join(lacking))
        _scan(arguments.format, [child.pid for child in children])
    for reason in lacking:
        sys.stderr.write(f"Not shown: {reason}\n")
    return 0


def start_all(programs: Iterable[Program], stack: ExitStack) -> tuple[list[Child], list[str]]:
    """Start what can be started; the reasons for the rest. All end with the stack."""
    from sensor.cli.children import Child, NotStarted  # noqa: PLC0415 - as in `run`

    children: list[Child] = []
    lacking: list[str] = []
    for program in programs:
        sys.stderr.write(f"starting a small {program.runtime} program\n")
        try:
            children.append(stack.enter_context(Child(program)))
        except NotStarted as error:
            lacking.append(f"{program.runtime}: {error}")
    return children, lacking


def _scan(form: str, pids: list[int]) -> None:
    from sensor.cli.output import Output  # noqa: PLC0415 - as in `run`
    from sensor.host.local import LocalOpener  # noqa: PLC0415
    from sensor.resolvers import RESOLVERS  # noqa: PLC0415
    from sensor.scan import Scanner  # noqa: PLC0415

    types = {resolver.name: resolver.purl_types for resolver in RESOLVERS}
    scanner = Scanner(LocalOpener(), RESOLVERS)
    sys.stderr.write("\n")
    sys.stderr.flush()
    Output(form, types, everything=True).show(scanner.scan(pids))
