"""Picks the best probe that this machine lets us use: by starting it, not by a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.ebpf import EbpfProbe
from probes.errors import NoProbe, ProbeError
from probes.probe import Missing
from probes.scan import ScanProbe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from probes.probe import Probe

# Best first.
PROBES: Mapping[str, Callable[[], Probe]] = {"ebpf": EbpfProbe, "scan": ScanProbe}
BEST_FIRST = tuple(PROBES)


@dataclass(frozen=True, slots=True)
class Choice:
    """The probe, which is started, and why each better one could not be."""

    probe: Probe
    refused: tuple[Missing, ...]


def choose(
    names: Sequence[str] = BEST_FIRST, probes: Mapping[str, Callable[[], Probe]] = PROBES
) -> Choice:
    """Start the first of the named probes that starts. Raises NoProbe, and KeyError for a name."""
    refused: list[Missing] = []
    for probe in [probes[name]() for name in names]:
        try:
            probe.start()
        except ProbeError as error:
            refused.append(Missing(f"{probe.name}: {error}", error.help))
        else:
            return Choice(probe, tuple(refused))
    raise NoProbe("no probe runs here: " + "; ".join(missing.what for missing in refused))
