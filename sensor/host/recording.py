"""What was asked about one process, and what was answered: the content of a fixture, as data.

No I/O here: `recorder` fills it, `recorded` answers from it, `fixturefile` writes and reads it.
A question is never answered from a part of the process that was not asked for at recording.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensor.errors import FileMissing, FileRefused, FixtureError, ProcessGone
from sensor.formats.pathtext import to_text
from sensor.host.intervals import Intervals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.source import Range
    from sensor.model.file import FileId
    from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey

# An answer about a file: {"value": …}, {"missing": true} or {"refused": reason}.
Answer = dict[str, Any]
# Of one search, at most so many hits take their page into the fixture.
MAX_HIT_PAGES = 64


@dataclass(slots=True)
class Content:
    """The known bytes of a memory or a file, and the ranges that were answered with None."""

    known: Intervals = field(default_factory=Intervals)
    absent: set[Range] = field(default_factory=set)

    def learn(self, ranges: Sequence[Range], answers: Sequence[bytes | None]) -> None:
        """Keep the answers to a read."""
        for (start, size), data in zip(ranges, answers, strict=True):
            if data is None:
                self.absent.add((start, size))
            else:
                self.known.add(start, data)

    def knows(self, start: int, size: int) -> bool:
        """Whether the range was answered, be it with None."""
        return (start, size) in self.absent or self.known.get(start, size) is not None

    def answer(self, start: int, size: int) -> bytes | None:
        """What was answered. A range that was once there is, even if it was not at another time."""
        if size <= 0 and (start, size) in self.absent:
            return None
        return self.known.get(start, size)


@dataclass(slots=True)
class Recording:
    """All answers about one process. `descriptors` is None when nobody asked for them."""

    key: ProcessKey
    at: float
    exe: str
    arguments: Arguments
    memory_gap: str | None
    maps: list[Mapping]
    descriptors: list[Descriptor] | None = None
    gone: str | None = None
    memory: Content = field(default_factory=Content)
    searches: dict[tuple[bytes, tuple[Range, ...], int], list[int]] = field(default_factory=dict)
    opened: dict[str, Answer] = field(default_factory=dict)
    mapped: dict[str, Answer] = field(default_factory=dict)
    listed: dict[str, Answer] = field(default_factory=dict)
    links: dict[str, Answer] = field(default_factory=dict)
    stats: dict[str, list[Any] | None] = field(default_factory=dict)
    contents: dict[str, Content] = field(default_factory=dict)

    def content(self, identity: FileId) -> Content:
        """What is known of the file with this identity."""
        return self.contents.setdefault(identity.token(), Content())

    def lacking(self, what: str) -> FixtureError | ProcessGone:
        """The error for a question that has no answer here."""
        if self.gone is not None:
            return ProcessGone(self.gone)
        return FixtureError(f"the fixture has no answer for {what}")


def name_of(path: str) -> str:
    """The name under which the answer for a path stands: JSON has no lone surrogates."""
    return to_text(path.encode(errors="surrogatepass"))


def mapped_name(mapping: Mapping) -> str:
    """The name under which the answer for a mapped file stands."""
    return name_of(f"{mapping.device} {mapping.inode} {mapping.path}")


@contextmanager
def refusals_into(table: dict[str, Answer], name: str) -> Iterator[None]:
    """Keep a FileRefused that is raised inside, which goes on to the caller."""
    try:
        yield
    except FileMissing:
        table[name] = {"missing": True}
        raise
    except FileRefused as error:
        table[name] = {"refused": error.reason}
        raise


def value_of(answer: Answer, path: str) -> Any:  # noqa: ANN401 - as recorded
    """The recorded value, or the recorded error raised again."""
    if "missing" in answer:
        raise FileMissing(path)
    if "refused" in answer:
        raise FileRefused(path, answer["refused"])
    return answer["value"]
