"""The classes of one loader: a list of Klass structures, newest first, and their names.

Klass and Symbol live in metaspace and arenas, which no garbage collector moves; a class stays there
as long as its loader. Layouts: src/hotspot/share/oops/{klass,instanceKlass,symbol}.hpp.
"""

from __future__ import annotations

import re
import string
from struct import Struct, calcsize
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.resolvers.java.memory import PAGE, View, is_pointer
from sensor.resolvers.java.progress import INITIALIZED, OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.resolvers.java.layout import Layout
    from sensor.resolvers.java.memory import Memory

LENGTH = Struct("<H")
# Names have 40 bytes in the middle, and 65,535 at most (JVMS 4.4.7).
USUAL_NAME = 90
# Longer ones are not names that people or compilers give: they are not reported.
MAX_NAME = 2000
# Hidden classes have no file: JDK 15+ adds "+0x…" to their names, older ones "/" and a hash.
HIDDEN = re.compile(r"[+/](0x[0-9a-f]+|\d+)$")
HEX_DIGITS = frozenset("0123456789abcdef")
# JVMS 4.2.1: these stand in no class name; a line break would break our own text.
NO_NAME = re.compile(r"[.;\[\n\r\0]|//|^/|/$|^$")
# Nearly all names have no other bytes; here each stands in a line of its own,
USUAL = (string.ascii_letters + string.digits + "_$/+-\n").encode()
# and is a name unless one of these is there.
NOT_WHOLE = (b"//", b"\n/", b"/\n", b"\n\n")


class Piece(NamedTuple):
    """A piece of a loader's list: named classes, how many have no file, and what follows.

    `classes` are lines for `Progress.add`: the mark of the state, then the name. `hidden` counts
    hidden classes and the fillers of an archive (JDK 21+: never defined). `unnamed` counts names
    that cannot be reported, `read` all that was read, arrays too. `following` is the next class, 0
    at the end. `absent` says that the list goes on where memory is absent; `torn` that it led to
    what is no class of this loader, or ended without `until`: then the rest may be wrong too.
    """

    classes: list[str]
    hidden: int
    unnamed: int
    read: int = 0
    following: int = 0
    absent: bool = False
    torn: bool = False


class _Row:
    """The fields of a Klass that are read, in one step: `places` tells where each stands in a row.

    These are layout helper, name, next class, class loader and state.
    """

    def __init__(self, layout: Layout) -> None:
        """Raises Malformed when the fields of a layout overlap."""
        fields = (
            (layout.klass_layout, "i"),
            (layout.klass_name, "Q"),
            (layout.klass_next, "Q"),
            (layout.klass_cld, "Q"),
            (layout.klass_state, "B"),
        )
        ordered, form, end = sorted(fields), "<", 0
        for offset, code in ordered:
            if offset < end:
                raise Malformed("fields of a class overlap")
            form += f"{offset - end}x{code}"
            end = offset + calcsize(f"<{code}")
        struct = Struct(form)
        self.size, self.unpack = struct.size, struct.unpack_from
        self.places = [ordered.index(field) for field in fields]


class Reader:
    """Reads classes and names; what it has read it may not read again."""

    def __init__(self, memory: Memory, layout: Layout) -> None:
        """Read nothing yet."""
        self._layout = layout
        self._klasses = View(memory)
        self._symbols = View(memory, span=1)
        self._row = _Row(layout)
        self._head = max(layout.symbol_length + LENGTH.size, layout.symbol_body)
        self._usual = self._head + USUAL_NAME

    def prefetch(self, klasses: Iterable[int]) -> None:
        """Have the pages of many classes read at once."""
        self._klasses.prefetch(klasses)

    def piece(self, loader: int, first: int, until: int, limit: int) -> Piece:
        """Up to `limit` classes of a loader from `first` on, not beyond `until`."""
        pages, unpack, last = self._klasses.pages, self._row.unpack, PAGE - self._row.size
        helper, name, following, owner, state = self._row.places
        rows: list[tuple[int, int]] = []
        klass, read, absent, torn = first, 0, False, False
        while read < limit and klass not in {0, until}:
            read += 1
            page, start = pages.get(klass // PAGE), klass % PAGE
            if page is None or start > last or start % 8:
                page, start = self._klass(klass), 0
            absent = page is None
            row = () if page is None else unpack(page, start)
            if not row or row[owner] != loader:
                torn = not absent
                break
            # Of an array the layout helper is negative (klass.hpp).
            if row[helper] >= 0:
                rows.append((row[name], row[state]))
            klass = row[following]
        torn = torn or (klass == 0 and until != 0)
        rest = 0 if klass == until else klass
        return self._named(rows)._replace(read=read, following=rest, absent=absent, torn=torn)

    def _klass(self, klass: int) -> bytes | None:
        """The bytes of a Klass that lies in no page that was read, or goes on in the next one."""
        return self._klasses.at(klass, self._row.size) if is_pointer(klass) else None

    def _named(self, rows: list[tuple[int, int]]) -> Piece:
        """Classes by the address of their name and their state."""
        layout = self._layout
        defined = [row for row in rows if row[1] != layout.allocated]
        symbols = [symbol for symbol, _ in defined]
        self._symbols.prefetch(symbols)
        names = class_names(self._texts(symbols))
        classes = [
            (INITIALIZED if state == layout.initialized else OTHER) + name
            for name, (_, state) in zip(names, defined, strict=True)
            if name is not None and (name[-1] not in HEX_DIGITS or not is_hidden(name))
        ]
        unnamed = names.count(None)
        return Piece(classes, len(rows) - len(classes) - unnamed, unnamed)

    def _texts(self, symbols: Iterable[int]) -> list[bytes | None]:
        """The bytes of each Symbol. Runs once for each class: it does no more than it must.

        A Symbol that does not lie in one page that was read already is read by `_raw`.
        """
        pages, head, length = self._symbols.pages, self._layout.symbol_body, LENGTH.unpack_from
        at, last = self._layout.symbol_length, PAGE - self._head
        found: list[bytes | None] = []
        for symbol in symbols:
            page, start = pages.get(symbol // PAGE), symbol % PAGE
            if page is None or start > last or start % 8:
                found.append(self._raw(symbol))
                continue
            first = start + head
            end = first + length(page, start + at)[0]
            usual = end <= PAGE and end - first <= MAX_NAME
            found.append(page[first:end] if usual else self._raw(symbol))
        return found

    def name(self, symbol: int) -> str | None:
        """The text of a Symbol; None when it cannot be read, or is no name of a class."""
        raw = self._raw(symbol)
        return None if raw is None else class_name(raw)

    def _raw(self, symbol: int) -> bytes | None:
        """The bytes of a Symbol; None when they cannot be read, or are too many."""
        layout = self._layout
        if not is_pointer(symbol):
            return None
        # To the end of the page at most: what is behind it is read for names that go on there.
        asked = max(self._head, min(self._usual, PAGE - symbol % PAGE))
        head = self._symbols.at(symbol, asked)
        if head is None:
            return None
        (size,) = LENGTH.unpack_from(head, layout.symbol_length)
        if size > MAX_NAME:
            return None
        body = head[layout.symbol_body : layout.symbol_body + size]
        return body if len(body) == size else self._symbols.at(symbol + layout.symbol_body, size)


def is_hidden(name: str) -> bool:
    """Whether it is the name of a class without a file."""
    return ("0x" in name or name[-1].isdigit()) and HIDDEN.search(name) is not None


def class_names(raw: list[bytes | None]) -> list[str | None]:
    """The text of each name; None for what is none. Nearly always they are usual, all at once."""
    text = b"\n%s\n" % b"\n".join([one or b"" for one in raw])
    odd = text.translate(None, USUAL) or any(part in text for part in NOT_WHOLE)
    if odd or text.count(b"\n") != len(raw) + 1:
        return [None if one is None else class_name(one) for one in raw]
    return list(text[1:-1].decode("ascii").split("\n"))


def class_name(raw: bytes) -> str | None:
    """The text of a class name in modified UTF-8 (JVMS 4.4.7); None when it is none."""
    try:
        text = raw.decode("ascii") if raw.isascii() else _modified(raw)
    except UnicodeDecodeError:
        return None
    return None if NO_NAME.search(text) else text


def _modified(raw: bytes) -> str:
    """Characters beyond the BMP are two surrogates of three bytes each. Raises UnicodeError."""
    halves = raw.decode("utf-8", "surrogatepass")
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
