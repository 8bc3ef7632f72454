"""Read CPython objects of a process, many at a time: words, strs, dicts.

Every answer is None where the memory is absent or is not what it should be. Torn structures are
told by `unchanged`. What the objects mean is not known here.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.python import objects
from sensor.resolvers.python.objects import DICT_SIZE, KEYS_SIZE, TEXT_SIZE, is_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.host.seam import Process
    from sensor.resolvers.python.layouts import Layout
    from sensor.resolvers.python.objects import Dict, Keys

WORD = Struct("<Q")
# A type's name is compared with a few short ones.
MAX_TYPE_NAME = 16


class Table(NamedTuple):
    """One dict as it was read: where it is, its head, and its keys table."""

    address: int
    head: Dict
    keys: Keys

    @property
    def resizing(self) -> bool:
        """Whether it was read in the middle of a resize: its new keys are not filled yet."""
        return self.head.used > self.keys.filled

    def token(self) -> list[int]:
        """Changes when an item is added or the table moves; plain data for a memo."""
        return [self.address, *self.head, *self.keys]


class Memory:
    """The memory of one process, read by one layout."""

    def __init__(self, process: Process, layout: Layout, *, fresh: bool = False) -> None:
        """Read nothing yet. With `fresh` every read goes past the host's cache, for a retry."""
        self.layout = layout
        self._fresh = fresh
        self._process = process
        self._texts: dict[int, str | None] = {}

    def renewed(self) -> Memory:
        """A reader that remembers nothing and reads past the host's cache."""
        return Memory(self._process, self.layout, fresh=True)

    def words(self, addresses: Iterable[int]) -> list[int | None]:
        """The 8-byte word at each address."""
        raw = self._read([(address, 8) for address in addresses])
        return [None if data is None else WORD.unpack(data)[0] for data in raw]

    def word(self, address: int) -> int | None:
        """The 8-byte word at one address."""
        return self.words([address])[0]

    def types(self, addresses: Iterable[int]) -> list[int | None]:
        """The ob_type of each object."""
        offset = self.layout.header - 8
        return self.words(address + offset for address in addresses)

    def type_name(self, kind: int) -> str | None:
        """The first characters of the tp_name of a type."""
        name = self.word(kind + self.layout.header + 8)
        data = self._read([(name, MAX_TYPE_NAME)])[0] if name else None
        return None if data is None else data.partition(b"\0")[0].decode("latin-1")

    def texts(self, addresses: Iterable[int]) -> dict[int, str | None]:
        """The characters of each str object; read once for the life of this object."""
        new = [a for a in dict.fromkeys(addresses) if a not in self._texts]
        header = self.layout.header
        raw = self._read([(address + header, TEXT_SIZE) for address in new])
        found = []
        for address, data in zip(new, raw, strict=True):
            self._texts[address] = None
            text = None if data is None else objects.as_text(self.layout, data)
            if text is not None:
                found.append((address, text))
        raw = self._read([(address + text.start, text.size) for address, text in found])
        for (address, text), data in zip(found, raw, strict=True):
            self._texts[address] = None if data is None else objects.decode(text, data)
        return self._texts

    def tables(self, addresses: Sequence[int]) -> list[Table | None]:
        """The dict at each address; the type of the object is for the caller to check."""
        offset = self.layout.header - 8
        raw = self._read([(address + offset, DICT_SIZE) for address in addresses])
        heads = [None if data is None else objects.as_dict(data) for data in raw]
        raw = self._read([(head.keys if head else 0, KEYS_SIZE) for head in heads])
        tables: list[Table | None] = []
        for address, head, data in zip(addresses, heads, raw, strict=True):
            keys = None if head is None or data is None else objects.as_keys(self.layout, data)
            tables.append(Table(address, head, keys) if head and keys else None)
        return tables

    def has_head(self, address: int) -> bool:
        """Whether there is the head of a dict at an address, whatever its keys are."""
        data = self._read([(address + self.layout.header - 8, DICT_SIZE)])[0]
        return data is not None and objects.as_dict(data) is not None

    def table(self, address: int) -> Table | None:
        """The dict at one address."""
        return self.tables([address])[0]

    def entries(
        self, parts: Sequence[tuple[Table, int, int]], *, fresh: bool = False
    ) -> list[list[tuple[int, int]] | None]:
        """(key, value) addresses of entries `first` to `last` of each table, with deleted ones."""
        ranges = [
            (t.head.keys + t.keys.start + t.keys.entry * first, t.keys.entry * (last - first))
            for t, first, last in parts
        ]
        raw = self._read(ranges, fresh=fresh)
        return [
            None if data is None else objects.as_entries(table.keys, data)
            for (table, _, _), data in zip(parts, raw, strict=True)
        ]

    def unchanged(self, tables: Sequence[Table]) -> list[bool]:
        """Whether what was read of each dict is a true past state of it, by reading it again.

        It is when the keys table is the same one and still of that geometry: entries are only ever
        appended to it, and a resize makes a new one (Objects/dictobject.c: dictresize).
        """
        offset = self.layout.header - 8
        raw = self._read([(t.address + offset, DICT_SIZE) for t in tables], fresh=True)
        same = [
            data is not None and objects.as_dict(data) == table.head
            for table, data in zip(tables, raw, strict=True)
        ]
        doubtful = [table for table, equal in zip(tables, same, strict=True) if not equal]
        grown = dict(zip(map(id, doubtful), self._grown(doubtful), strict=True))
        return [equal or grown[id(table)] for table, equal in zip(tables, same, strict=True)]

    def _grown(self, tables: Sequence[Table]) -> list[bool]:
        """Whether each dict has only got new items since."""
        offset = self.layout.header - 8
        ranges = [(t.address + offset, DICT_SIZE) for t in tables]
        ranges += [(t.head.keys, KEYS_SIZE) for t in tables]
        raw = self._read(ranges, fresh=True)
        result = []
        for table, head, keys in zip(tables, raw[: len(tables)], raw[len(tables) :], strict=True):
            now = None if head is None else objects.as_dict(head)
            size = None if keys is None else objects.as_keys(self.layout, keys)
            result.append(
                now is not None
                and size is not None
                and now.keys == table.head.keys
                and size[:2] == table.keys[:2]
                and size.filled >= table.keys.filled
            )
        return result

    def _read(
        self, ranges: Sequence[tuple[int, int]], *, fresh: bool = False
    ) -> list[bytes | None]:
        """Like Process.read; impossible addresses are not asked for, an empty range is empty."""
        answers: list[bytes | None] = [b"" if size == 0 else None for _, size in ranges]
        asked = [i for i, (at, size) in enumerate(ranges) if size and is_pointer(at & ~7)]
        raw = self._process.read([ranges[i] for i in asked], fresh=fresh or self._fresh)
        for i, data in zip(asked, raw, strict=True):
            answers[i] = data
        return answers
