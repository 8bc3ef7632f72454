"""`runtime-sensor replay`: the facts of a recorded process, once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensor.cli.arguments import add_format
from sensor.errors import FixtureError

if TYPE_CHECKING:
    import argparse

HELP = "print the facts of a recorded process"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="what record has written")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Replay and print. Raises FixtureError."""
    from sensor.cli.output import Output  # noqa: PLC0415 - --help and errors need none of it
    from sensor.fixture import replay  # noqa: PLC0415
    from sensor.model.seen import Outcome, Seen  # noqa: PLC0415
    from sensor.resolvers import RESOLVERS  # noqa: PLC0415

    try:
        look = replay(arguments.directory, RESOLVERS)
    except OSError as error:
        raise FixtureError(f"cannot read {arguments.directory}: {error.strerror}") from error
    seen = Seen(look.key.pid, look.key.start_ticks, Outcome.READ, findings=look.findings)
    types = {resolver.name: resolver.purl_types for resolver in RESOLVERS}
    Output(arguments.format, types, everything=True).show([seen])
    return 0
