"""The state of a walk over the classes of a JVM. Plain data, and small: names are kept packed."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.resolvers.java.words import Klass

if TYPE_CHECKING:
    from sensor.model.finding import Plain

# Names of one piece: 2,000 of up to 2,000 characters of up to three bytes.
MAX_TEXT = 12 << 20
FAST = 1
# Most loaders have a handful of classes: to begin a compression takes 0.1 ms, however short it is.
SHORT = 1000
# What stands before the name of a class, by its state.
INITIALIZED, OTHER = "+", "-"


@dataclass(slots=True)
class Progress:
    """Where a walk is. Loaders are told apart by the address of their ClassLoaderData.

    `heads` are the newest classes of the loaders that were read from there on; `counts` how many
    classes each has, [named, hidden]; `hidden` counts the loaders of one hidden class. `texts` are
    packed pieces of names; those of a loader that stand before its number in `dropped` do not
    count, for it was read anew. `at` is where the reading of one loader stopped: [loader, head,
    until, next]. `met` are the loaders that were there when it stopped.
    """

    heads: dict[str, int] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    at: list[int] = field(default_factory=list)
    met: list[int] = field(default_factory=list)
    hidden: int = 0
    passes: int = 0
    read: int = 0
    unnamed: int = 0
    absent: int = 0

    def plain(self) -> Plain:
        """A JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def add(self, loader: int, classes: list[str], hidden: int) -> None:
        """Note a piece of a loader: lines of the mark of a state and the name of a class."""
        counts = self.counts.setdefault(f"{loader:x}", [0, 0])
        counts[0] += len(classes)
        counts[1] += hidden
        if classes:
            self.texts.append(_packed(loader, classes))

    def drop(self, loader: str) -> None:
        """Forget a loader: it is gone, or what was read of it was torn."""
        self.heads.pop(loader, None)
        if self.counts.pop(loader, [0])[0]:
            self.dropped[loader] = len(self.texts)

    @property
    def total(self) -> int:
        """How many classes all loaders have."""
        return self.hidden + sum(map(sum, self.counts.values()))

    def classes(self) -> dict[int, list[Klass]]:
        """The named classes of each loader."""
        found: dict[int, list[Klass]] = {}
        for number, text in enumerate(self.texts):
            loader, classes = _unpacked(text)
            if number >= self.dropped.get(loader, 0):
                found.setdefault(int(loader, 16), []).extend(classes)
        return found


def _packed(loader: int, classes: list[str]) -> str:
    """Lines of text: the loader, then its classes. What is long is compressed."""
    text = "\n".join([f"{loader:x}", *classes])
    if len(text) <= SHORT:
        return text
    return base64.b64encode(zlib.compress(text.encode(), FAST)).decode()


def _unpacked(text: str) -> tuple[str, list[Klass]]:
    if "\n" not in text:
        text = zlib.decompressobj().decompress(base64.b64decode(text), MAX_TEXT).decode()
    loader, *lines = text.split("\n")
    return loader, [Klass(line[1:], line[0] == INITIALIZED) for line in lines]
