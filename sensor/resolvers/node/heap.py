"""Read objects of V8 in a process, many at a time: words, types, strings.

Every answer is None where the memory is absent or is not what it should be. What the objects mean
is not known here. V8 moves objects while it runs: what is read belongs together only if reading it
again gives the same (`fresh`).
"""

from __future__ import annotations

from struct import Struct, unpack
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.node.layouts import (
    CONS,
    SEQUENTIAL,
    SMI_SHIFT,
    TAG,
    TAG_MASK,
    WEAK_TAG,
    WORD,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.host.seam import Process
    from sensor.resolvers.node.layouts import Layout

# A path is bounded by PATH_MAX; an escaped URL of one is up to three times as long.
MAX_TEXT = 3 * 4096
# V8 itself flattens a concatenation when it is used as a name: seen were depths of 1.
MAX_DEPTH = 8
# Pieces of strings that one reader follows: of 50,000 names, with room. A lie ends here.
MAX_TEXTS = 200_000
# The page at 0 that is never mapped, and the end of user space with 48-bit addresses: arm64 uses
# all of them, amd64 half.
LOWEST, HIGHEST = 1 << 12, 1 << 48
# Words of the longest head of a string; length and first characters of a short one are less.
TEXT_HEAD = 5
# The kernel's pages: an object can end where memory does.
PAGE = 1 << 12

_WORD = Struct("<Q")
_SHORT = Struct("<H")
_INT = Struct("<i")


def is_object(word: int) -> bool:
    """Whether a word is a strong reference to an object that can be."""
    return word & TAG_MASK == TAG and LOWEST < word < HIGHEST


def is_weak(word: int) -> bool:
    """Whether a word is a weak reference to an object that can be."""
    return word & TAG_MASK == WEAK_TAG and LOWEST < word < HIGHEST


def smi(word: int) -> int | None:
    """The value of a small integer; None when the word is none, or is negative."""
    if word & ((1 << SMI_SHIFT) - 1) or word >> 63:
        return None
    return word >> SMI_SHIFT


class _Text(NamedTuple):
    """What the head of a string says: how it is represented, its length, and two words."""

    kind: int
    one_byte: bool
    length: int
    head: bytes


class Heap:
    """The heap of one process. Objects are named by their tagged address."""

    def __init__(self, process: Process, layout: Layout, *, fresh: bool = False) -> None:
        """Read nothing yet. With `fresh` every read goes past the host's cache."""
        self.layout = layout
        self._process = process
        self._fresh = fresh
        self._types: dict[int, int | None] = {}
        self._texts: dict[int, str | None] = {}

    def renewed(self) -> Heap:
        """A reader that remembers nothing and reads past the host's cache."""
        return Heap(self._process, self.layout, fresh=True)

    def bytes_of(self, places: Iterable[tuple[int, int]]) -> list[bytes | None]:
        """`size` bytes of each object; None where they are not there, or it cannot be one."""
        ranges = [(word - TAG if is_object(word) else 0, size) for word, size in places]
        return self._process.read(ranges, fresh=self._fresh)

    def heads_of(self, objects: Sequence[int], count: int, least: int) -> list[bytes | None]:
        """`count` words of each object, of which `least` are its own.

        Words in the next page that is absent are 0: an object can be the last one in memory.
        """
        found = self.bytes_of((word, count * WORD) for word in objects)
        for index, word in enumerate(objects):
            room = PAGE - (word - TAG) % PAGE
            if found[index] is None and least * WORD <= room < count * WORD:
                data = self.bytes_of([(word, room)])[0]
                found[index] = data and data.ljust(count * WORD, b"\0")
        return found

    def words_of(self, objects: Iterable[int], count: int) -> list[tuple[int, ...] | None]:
        """The first `count` words of each object."""
        raw = self.bytes_of((word, count * WORD) for word in objects)
        return [None if data is None else unpack(f"<{count}Q", data) for data in raw]

    def long(self, word: int, first: int, count: int) -> tuple[int, ...] | None:
        """`count` words of one object from its word number `first` on."""
        data = self.bytes_of([(word + first * WORD, count * WORD)])[0]
        return None if data is None else unpack(f"<{count}Q", data)

    def map_types(self, maps: Iterable[int]) -> dict[int, int | None]:
        """The instance type by map; what is no map has any number, or None."""
        new = [word for word in dict.fromkeys(maps) if word not in self._types]
        at = self.layout.instance_type
        raw = self.bytes_of((word + at, _SHORT.size) for word in new)
        for word, data in zip(new, raw, strict=True):
            whole = data is not None and is_object(word)
            self._types[word] = _SHORT.unpack(data)[0] if data is not None and whole else None
        return self._types

    def types(self, objects: Sequence[int]) -> list[int | None]:
        """The instance type of each object."""
        firsts = self.words_of(objects, 1)
        maps = [first[0] if first else 0 for first in firsts]
        known = self.map_types(maps)
        return [known[word] for word in maps]

    def is_string(self, kind: int | None) -> bool:
        """Whether an instance type is that of a string."""
        return kind is not None and kind < self.layout.first_nonstring

    def texts(self, objects: Iterable[int], depth: int = 0) -> dict[int, str | None]:
        """The characters of each string, up to MAX_TEXT of them; None when it is not one."""
        new = [word for word in dict.fromkeys(objects) if word not in self._texts]
        self._texts |= dict.fromkeys(new)
        if not new or depth > MAX_DEPTH or len(self._texts) > MAX_TEXTS:
            return self._texts
        heads = self._text_heads(new)
        self._read_flat({w: t for w, t in heads.items() if t.kind == SEQUENTIAL})
        indirect = {w: t for w, t in heads.items() if t.kind != SEQUENTIAL}
        self.texts((part for text in indirect.values() for part in self._parts(text)), depth + 1)
        for word, text in indirect.items():
            self._texts[word] = self._joined(text)
        return self._texts

    def _text_heads(self, objects: Sequence[int]) -> dict[int, _Text]:
        raw = self.heads_of(objects, TEXT_HEAD, 3 if self.layout.is_old else 2)
        maps = [0 if data is None else _WORD.unpack_from(data)[0] for data in raw]
        kinds = self.map_types(maps)
        found = {}
        for word, data, kind in zip(objects, raw, (kinds[m] for m in maps), strict=True):
            text = None if data is None or kind is None else self._text(kind, data)
            if text is not None:
                found[word] = text
        return found

    def _text(self, kind: int, head: bytes) -> _Text | None:
        layout = self.layout
        if kind >= layout.first_nonstring:
            return None
        if layout.is_old:
            length = smi(_WORD.unpack_from(head, 2 * WORD)[0])
        else:
            length = _INT.unpack_from(head, WORD + 4)[0]
        if length is None or not 0 <= length <= MAX_TEXT:
            return None
        one_byte = kind & layout.encoding_mask == layout.one_byte
        return _Text(kind & layout.representation_mask, one_byte, length, head)

    def _read_flat(self, texts: dict[int, _Text]) -> None:
        layout = self.layout
        places = [
            (word + layout.one_byte_chars, text.length)
            if text.one_byte
            else (word + layout.two_byte_chars, 2 * text.length)
            for word, text in texts.items()
        ]
        raw = self.bytes_of(places)
        for (word, text), data in zip(texts.items(), raw, strict=True):
            if text.length == 0:
                self._texts[word] = ""
            elif data is not None:
                codec = "latin-1" if text.one_byte else "utf-16-le"
                self._texts[word] = data.decode(codec, "surrogatepass")

    def _parts(self, text: _Text) -> tuple[int, ...]:
        """The strings that one is made of; none for one that is kept outside the heap."""
        layout = self.layout
        if text.kind == CONS:
            offsets: tuple[int, ...] = (layout.cons_first, layout.cons_second)
        elif text.kind == layout.thin:
            offsets = (layout.thin_actual,)
        else:
            offsets = (layout.sliced_parent,) if text.kind == layout.sliced else ()
        return tuple(_WORD.unpack_from(text.head, offset)[0] for offset in offsets)

    def _joined(self, text: _Text) -> str | None:
        parts = [self._texts[part] for part in self._parts(text)]
        there = [part for part in parts if part is not None]
        if not parts or len(there) < len(parts):
            return None
        whole = "".join(there)
        if text.kind == self.layout.sliced:
            begin = smi(_WORD.unpack_from(text.head, self.layout.sliced_offset)[0])
            whole = "" if begin is None else whole[begin : begin + text.length]
        return whole if len(whole) == text.length else None
