"""The classes of one loader: a list of Klass structures, newest first, and their names.

Klass and Symbol live in metaspace and arenas, which no garbage collector moves; a class stays there
as long as its loader. Layouts: src/hotspot/share/oops/{klass,instanceKlass,symbol}.hpp.
"""

from __future__ import annotations

import re
import string
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.java.memory import WORD, View, is_pointer
from sensor.resolvers.java.words import Klass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.resolvers.java.layout import Layout
    from sensor.resolvers.java.memory import Memory

INT, LENGTH = Struct("<i"), Struct("<H")
# Names have 40 bytes in the middle, and 65,535 at most (JVMS 4.4.7).
USUAL_NAME = 90
# Longer ones are not names that people or compilers give: they are not reported.
MAX_NAME = 2000
# Hidden classes have no file: JDK 15+ adds "+0x…" to their names, older ones "/" and a hash.
HIDDEN = re.compile(r"[+/](0x[0-9a-f]+|\d+)$")
HEX_DIGITS = frozenset("0123456789abcdef")
# JVMS 4.2.1: these stand in no class name; a line break would break our own text.
NO_NAME = re.compile(r"[.;\[\n\r\0]|//|^/|/$|^$")
# Nearly all names have no other bytes.
USUAL = (string.ascii_letters + string.digits + "_$").encode()


class Piece(NamedTuple):
    """A piece of a loader's list: named classes, how many have no file, and what follows.

    `hidden` counts hidden classes and the fillers of an archive (JDK 21+: never defined). `unnamed`
    counts names that cannot be reported, `read` all that was read, arrays too. `following` is the
    next class, 0 at the end.
    `absent` says that the list goes on where memory is absent; `torn` that it led to what is no
    class of this loader, or ended without `until`: then the rest may be wrong too.
    """

    classes: list[Klass]
    hidden: int
    unnamed: int
    read: int = 0
    following: int = 0
    absent: bool = False
    torn: bool = False


class Reader:
    """Reads classes and names; what it has read it may not read again."""

    def __init__(self, memory: Memory, layout: Layout) -> None:
        """Read nothing yet."""
        self._layout = layout
        self._klasses = View(memory)
        self._symbols = View(memory, span=1)
        words = (layout.klass_name, layout.klass_next, layout.klass_cld, layout.klass_state)
        self._size = max(*words, layout.klass_layout) + WORD.size

    def prefetch(self, klasses: Iterable[int]) -> None:
        """Have the pages of many classes read at once."""
        self._klasses.prefetch(klasses)

    def piece(self, loader: int, first: int, until: int, limit: int) -> Piece:
        """Up to `limit` classes of a loader from `first` on, not beyond `until`."""
        layout = self._layout
        rows: list[tuple[int, int]] = []
        klass, read, absent, torn = first, 0, False, False
        while read < limit and klass not in {0, until}:
            read += 1
            data = self._klasses.at(klass, self._size) if is_pointer(klass) else None
            absent = data is None
            if data is None or WORD.unpack_from(data, layout.klass_cld)[0] != loader:
                torn = not absent
                break
            # Of an array the layout helper is negative (klass.hpp).
            if INT.unpack_from(data, layout.klass_layout)[0] >= 0:
                (name,) = WORD.unpack_from(data, layout.klass_name)
                rows.append((name, data[layout.klass_state]))
            (klass,) = WORD.unpack_from(data, layout.klass_next)
        torn = torn or (klass == 0 and until != 0)
        following = 0 if klass == until else klass
        return self._named(rows)._replace(read=read, following=following, absent=absent, torn=torn)

    def _named(self, rows: list[tuple[int, int]]) -> Piece:
        """Classes by the address of their name and their state."""
        classes, unnamed = [], 0
        self._symbols.prefetch(symbol for symbol, _ in rows)
        for symbol, state in rows:
            name = None if state == self._layout.allocated else self.name(symbol)
            if name is not None and not is_hidden(name):
                classes.append(Klass(name, state == self._layout.initialized))
            elif name is None and state != self._layout.allocated:
                unnamed += 1
        return Piece(classes, len(rows) - len(classes) - unnamed, unnamed)

    def name(self, symbol: int) -> str | None:
        """The text of a Symbol; None when it cannot be read, or is no name of a class."""
        layout = self._layout
        if not is_pointer(symbol):
            return None
        data = self._symbols.at(symbol, layout.symbol_body + USUAL_NAME)
        # The last symbol of a mapping is shorter than what is usually read.
        head = data or self._symbols.at(symbol, layout.symbol_length + LENGTH.size)
        if head is None:
            return None
        (size,) = LENGTH.unpack_from(head, layout.symbol_length)
        if size > MAX_NAME:
            return None
        if data is None or size > USUAL_NAME:
            body = self._symbols.at(symbol + layout.symbol_body, size) if size else b""
        else:
            body = data[layout.symbol_body : layout.symbol_body + size]
        return None if body is None else class_name(body)


def is_hidden(name: str) -> bool:
    """Whether it is the name of a class without a file."""
    return name[-1] in HEX_DIGITS and HIDDEN.search(name) is not None


def class_name(raw: bytes) -> str | None:
    """The text of a class name in modified UTF-8 (JVMS 4.4.7); None when it is none."""
    if not raw.translate(None, USUAL).strip(b"/") and b"//" not in raw and raw.strip(b"/") == raw:
        return raw.decode("ascii") or None
    try:
        text = raw.decode("ascii") if raw.isascii() else _modified(raw)
    except UnicodeDecodeError:
        return None
    return None if NO_NAME.search(text) else text


def _modified(raw: bytes) -> str:
    """Characters beyond the BMP are two surrogates of three bytes each. Raises UnicodeError."""
    halves = raw.decode("utf-8", "surrogatepass")
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
