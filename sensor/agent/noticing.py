"""How new processes are noticed: the best probe that runs here, and a sweep beside it.

The kernel's probe tells of each exec and exit when it happens. It tells nothing of forks that never
exec, of what lived before it, or of what did not fit into its ring: that is what the sweep is for.
Where only the scan runs, it is both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from probes.choose import choose
from probes.ebpf import EbpfProbe
from probes.errors import ProbeError
from probes.scan import ScanProbe
from sensor import log
from sensor.agent.looks import Source
from sensor.errors import SensorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probes.event import Event
    from probes.probe import Probe

    Handle = Callable[[Event, Source], None]

NAMES: Final = {"auto": ("ebpf", "scan"), "ebpf": ("ebpf",), "scan": ("scan",)}
# Of one probe at a turn; the others wait for some 20 ms then.
MAX_EVENTS: Final = 1000
LOGGER: Final = log.logger(__name__)


class NoProbe(SensorError):
    """The probe that was asked for does not run here."""

    help = "Give what the line names, or allow another one: --probes auto."
    exit_code = 4


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds between two looks at /proc: of the scan alone, and of the sweep beside a probe."""

    scan: float
    sweep: float


# The scan takes 15 µs for each process of the machine.
MACHINE: Final = Periods(scan=2.0, sweep=30.0)
# Somebody watches these few just now.
FAMILY: Final = Periods(scan=0.5, sweep=1.0)


class Noticing:
    """The probes of one run."""

    def __init__(self, choice: str, periods: Periods) -> None:
        """`choice` is "auto", "ebpf" or "scan". Nothing is started."""
        self._choice = choice
        self._periods = periods
        self._probe: Probe | None = None
        self._sweeper: ScanProbe | None = None
        self._more = False
        self.lost = 0
        self.reason = "not started yet"

    @property
    def more(self) -> bool:
        """Whether events wait that no descriptor tells of."""
        return self._more

    def start(self) -> None:
        """Start the best one. Raises NoProbe."""
        makers: dict[str, Callable[[], Probe]] = {
            "ebpf": EbpfProbe,
            "scan": lambda: ScanProbe(self._periods.scan),
        }
        try:
            chosen = choose(NAMES[self._choice], makers)
        except ProbeError as error:
            raise NoProbe(str(error)) from error
        for missing in chosen.refused:
            LOGGER.info("not used: %s", missing.what, extra=log.fields(help=missing.fix))
        LOGGER.info("new processes are noticed", extra=log.fields(probe=chosen.probe.name))
        self._probe = chosen.probe
        self.reason = "; ".join([chosen.probe.name, *(f"no {m.what}" for m in chosen.refused)])
        if not isinstance(chosen.probe, ScanProbe):
            self._sweeper = ScanProbe(self._periods.sweep)
            self._sweeper.start()

    def descriptors(self) -> Iterator[int]:
        """What becomes readable when it is time to drain."""
        for probe in filter(None, (self._probe, self._sweeper)):
            yield probe.fileno()

    def look(self) -> None:
        """Look at /proc now."""
        for probe in (self._probe, self._sweeper):
            if isinstance(probe, ScanProbe):
                probe.look()

    def drain(self, handle: Handle) -> None:
        """Take the events that wait, a bounded number of them."""
        taken = [self._drain_probe(handle)] if self._probe else []
        if self._sweeper:
            taken.append(_drain(self._sweeper, handle, Source.SWEEP))
        self._more = MAX_EVENTS in taken

    def close(self) -> None:
        """Stop; nothing is left in the kernel."""
        for probe in filter(None, (self._probe, self._sweeper)):
            _close(probe)
        self._probe = self._sweeper = None

    def _drain_probe(self, handle: Handle) -> int:
        if self._probe is None:
            return 0
        if self._sweeper is None:
            taken = _drain(self._probe, handle, Source.SCAN)
            self.lost = self._probe.lost()
            return taken
        try:
            taken = _drain(self._probe, handle, Source.KERNEL)
            lost = self._probe.lost()
        except (ProbeError, OSError):
            LOGGER.exception("the probe broke: from now on only the sweep finds processes")
            self.reason = f"{self._probe.name} broke; the sweep goes on"
            _close(self._probe)
            self._probe = None
            return 0
        if lost != self.lost:
            self._sweeper.look()  # what lives is found again
        self.lost = lost
        return taken


def _close(probe: Probe) -> None:
    try:
        probe.close()
    except (ProbeError, OSError):
        LOGGER.exception("a probe did not close")


def _drain(probe: Probe, handle: Handle, source: Source) -> int:
    return probe.drain(lambda event: handle(event, source), MAX_EVENTS)
