"""`runtime-sensor run`: watch, and report, until told to end. The work is in `sensor.agent`."""

from __future__ import annotations

import argparse
from pathlib import Path

from sensor.settings import SETTINGS
from sensor.settingtypes import SWITCH

HELP = "watch the processes of this machine, or of one command, and report what they load"
# Of the settings, those that can be given more than once.
REPEATABLE = frozenset({"pids"})


def add(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting that has one, the file of settings, and the command."""
    for name, about in SETTINGS.items():
        if not about.flag:
            continue
        if about.type is SWITCH:
            parser.add_argument(
                about.flag, dest=name, action="store_const", const="true", help=about.help
            )
            continue
        action = "append" if name in REPEATABLE else "store"
        text = f"{about.help} ({about.type.allowed})".replace("%", "%%")
        parser.add_argument(about.flag, dest=name, action=action, metavar=about.metavar, help=text)
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a file of settings, see docs/settings.md"
    )
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- CMD",
        help="start this command, and watch it and its descendants until it ends",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run. Answers 0, or the exit code of the command. Raises SensorError."""
    from sensor import log  # noqa: PLC0415 - --help and errors need none of it
    from sensor.agent.assemble import Watching  # noqa: PLC0415
    from sensor.config import from_surroundings  # noqa: PLC0415

    flags = {name: getattr(arguments, name, None) for name in SETTINGS}
    config = from_surroundings(flags, arguments.config)
    log.setup(config.log_level, config.log_format)
    log.hide(config.token.reveal())
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    return Watching(config, words).loop().run()
