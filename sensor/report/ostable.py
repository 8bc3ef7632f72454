"""OS packages in the table of a scan: every process has some, so they are told once a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensor.model.finding import State
from sensor.model.telling import few
from sensor.report.text import plural, printable
from sensor.resolvers.ospkg import OSPKG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.report.groups import Group

# A container uses some 20, a machine some 200: the other formats name all of them.
MAX_SHOWN: Final = 40


def os_lines(groups: Sequence[Group]) -> Iterator[str]:
    """The packages that the processes of one container have loaded; nothing when there are none."""
    loaded = {
        f"{package.name} {package.version or '(version unknown)'}"
        for group in groups
        for package in group.first.packages()
        if package.runtime == OSPKG.name and package.state is State.LOADED
    }
    if loaded:
        names = printable(few(sorted(loaded), MAX_SHOWN))
        yield f"  {plural(len(loaded), 'OS package')} loaded: {names}"
