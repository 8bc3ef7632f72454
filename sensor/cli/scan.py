"""`runtime-sensor scan`: what the processes of this machine have really loaded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sensor.cli.arguments import add_format, container, pid

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from sensor.model.seen import Seen

HELP = "show which packages the running processes have really loaded"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--pid", type=pid, action="append", metavar="N", help="exactly this process (repeatable)"
    )
    which.add_argument(
        "--container",
        type=container,
        action="append",
        metavar="ID",
        help="the processes of the container whose id begins so (repeatable)",
    )
    add_format(parser)
    parser.add_argument(
        "--explain",
        metavar="PURL",
        help="say for one package why, or why not, e.g. pkg:pypi/requests",
    )


def run(arguments: argparse.Namespace) -> int:
    """Scan and print. Answers 0, or the exit code of the first process asked for and not read."""
    from sensor.cli.output import Output  # noqa: PLC0415 - --help and errors need none of it
    from sensor.cli.progress import Progress  # noqa: PLC0415
    from sensor.host.local import LocalOpener  # noqa: PLC0415
    from sensor.report.match import Wanted  # noqa: PLC0415
    from sensor.resolvers import RESOLVERS  # noqa: PLC0415
    from sensor.scan import Scanner  # noqa: PLC0415

    wanted = Wanted.parse(arguments.explain) if arguments.explain else None
    pids = _pids(arguments)
    complaints = Complaints(explicit=bool(arguments.pid), people=arguments.format == "table")
    with Progress(len(pids)) as progress:
        scanner = Scanner(LocalOpener(), RESOLVERS, between=progress.tick)
        types = {resolver.name: resolver.purl_types for resolver in RESOLVERS}
        chosen = bool(arguments.pid or arguments.container)
        output = Output(arguments.format, types, wanted=wanted, everything=chosen)
        output.show(complaints.watch(scanner.scan(progress.over(pids))))
    return complaints.report()


def _pids(arguments: argparse.Namespace) -> list[int]:
    from sensor.scan import living, of_container  # noqa: PLC0415 - as in `run`

    if arguments.pid:
        return list(dict.fromkeys(arguments.pid))
    pids = living()
    if not arguments.container:
        return pids
    members = {one for prefix in arguments.container for one in of_container(prefix, pids)}
    return sorted(members)


class Complaints:
    """Remembers which processes were asked for by pid and could not be read."""

    def __init__(self, *, explicit: bool, people: bool) -> None:
        """Without explicit pids nothing is complained of: the footer and the gaps say it."""
        self._explicit = explicit
        self._people = people
        self._unread: list[Seen] = []

    def watch(self, processes: Iterable[Seen]) -> Iterator[Seen]:
        """The processes to print. People are told of the unread ones once, by `report`."""
        from sensor.model.seen import Outcome  # noqa: PLC0415 - as in `run`

        for seen in processes:
            unread = self._explicit and seen.outcome is not Outcome.READ
            if unread:
                self._unread.append(seen)
            if not (unread and self._people):
                yield seen

    def report(self) -> int:
        """Print one line for each and the next step; answer the exit code of the first."""
        from sensor.cli.errors import code_and_help, complain  # noqa: PLC0415 - as in `run`

        codes = [code_and_help(seen.outcome) for seen in self._unread]
        for seen, (_, text) in zip(self._unread, codes, strict=True):
            sys.stdout.flush()
            told = seen.gaps[0].detail
            name = f"process {seen.pid}"
            complain(told if name in told else f"{name}: {told}", text)
        return codes[0][0] if codes else 0
