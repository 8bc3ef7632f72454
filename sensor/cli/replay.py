"""`runtime-sensor replay`: the facts of a recorded process, once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensor.cli.arguments import add_format

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
    from sensor.host import fixturefile  # noqa: PLC0415
    from sensor.host.cache import FileCache  # noqa: PLC0415
    from sensor.host.recorded import RecordedOpener  # noqa: PLC0415
    from sensor.look import look_until_done  # noqa: PLC0415
    from sensor.resolvers import RESOLVERS  # noqa: PLC0415
    from sensor.scan import Noting, seen_of  # noqa: PLC0415

    opener = RecordedOpener(fixturefile.read(arguments.directory))
    noting = Noting(opener)
    look = look_until_done(noting, opener.only, RESOLVERS, FileCache())
    types = {resolver.name: resolver.purl_types for resolver in RESOLVERS}
    Output(arguments.format, types, everything=True).show([seen_of(look, noting)])
    return 0
