"""The command line: one module for each command. Its exit codes are told in docs/exit-codes.md."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.cli.arguments import Parser

# What a shell reports for a program that SIGINT or SIGPIPE ended: 128 and the number of the signal.
INTERRUPTED = 130
PIPE_CLOSED = 141
DESCRIPTION = "Shows which packages the running processes of a Linux machine have really loaded."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command. Ctrl-C and a closed pipe end it quietly."""
    try:
        return _run(sys.argv[1:] if words is None else words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        from sensor.cli.stdout import drop  # noqa: PLC0415 - as in `_run`

        drop()
        return PIPE_CLOSED


def _run(words: Sequence[str]) -> int:
    # Imported here, so that Ctrl-C is quiet from the beginning.
    from sensor.cli.errors import complain  # noqa: PLC0415
    from sensor.cli.stdout import drop  # noqa: PLC0415
    from sensor.errors import OutputFailed, SensorError  # noqa: PLC0415

    arguments = _parser().parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except SensorError as error:
        complain(str(error), error.help)
        if isinstance(error, OutputFailed):
            drop()
        return error.exit_code
    return code


def _parser() -> Parser:
    from sensor import __version__  # noqa: PLC0415 - as in `_run`
    from sensor.cli import demo, receive, record, replay, run, scan  # noqa: PLC0415
    from sensor.cli.arguments import Parser  # noqa: PLC0415

    parser = Parser(prog="runtime-sensor", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"runtime-sensor {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (scan, run, receive, record, replay, demo):
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(
            name, help=module.HELP, description=module.HELP, allow_abbrev=False
        )
        module.add(command)
        command.set_defaults(run=module.run)
    return parser
