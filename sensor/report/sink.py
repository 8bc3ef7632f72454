"""The Sink seam: where reports go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sensor.errors import SensorError

if TYPE_CHECKING:
    from sensor.model.batch import Batch


class Sink(Protocol):
    """Takes reports. One at a time is in its hands; it keeps none."""

    @property
    def name(self) -> str:
        """What it is called in logs and settings."""

    def send(self, batch: Batch) -> None:
        """Send it; returning means that it was accepted. Raises Retry, Rejected."""

    def close(self) -> None:
        """Give back what it holds. Closing twice is fine."""


class Retry(SensorError):
    """Not accepted now; `after` is how many seconds to wait at least, None when nobody said."""

    help = "The receiver is not reachable or asks us to wait: the report is kept and sent again."

    def __init__(self, reason: str, after: float | None = None) -> None:
        """Say why, and how long to wait."""
        super().__init__(reason)
        self.after = after


class Rejected(SensorError):
    """The receiver will never accept this report as it is: sending it again is useless."""

    help = "Check the token, the group id and the address that the sensor was given."
