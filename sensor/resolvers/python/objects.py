"""Decode CPython objects from their bytes: dict, its keys table, str. Pure, and never trusting.

What breaks a rule of the layout is None, not an exception: memory is changed while it is read, and
a process can write anything into its own.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sensor.resolvers.python.layouts import Layout

# The largest honest sys.modules seen has 11,000 entries.
MAX_MODULES = 50_000
# Of a keys table of that many entries: two thirds are usable, and it grows by three.
MAX_KEYS_LOG2 = 18
# PyDict_MINSIZE: a table of 3.6 - 3.10 is no smaller.
MIN_KEYS = 8
# A __file__ is bounded by PATH_MAX; names are shorter. A str that claims more is not read.
MAX_TEXT = 4096
# User space ends here on x86-64 and arm64 with 48-bit addresses; nothing lives in the first pages.
LOWEST, HIGHEST = 0x1000, 1 << 48

_DICT = Struct("<QQQQQ")
_NEW_KEYS = Struct("<QBBBBIqq")
_OLD_KEYS = Struct("<QQQqq")
_TEXT = Struct("<QqI")
_PLAIN_ENTRY = Struct("<QQ")
_HASH_ENTRY = Struct("<QQQ")
_CODECS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}

# How many bytes `as_dict` (from ob_type on), `as_keys` and `as_text` (from `length` on) want.
DICT_SIZE = _DICT.size
KEYS_SIZE = max(_NEW_KEYS.size, _OLD_KEYS.size)
TEXT_SIZE = _TEXT.size


class Dict(NamedTuple):
    """The head of a combined PyDictObject: `used` items, `tag` (3.6-3.12: its version)."""

    type: int
    used: int
    tag: int
    keys: int


class Keys(NamedTuple):
    """A keys table: `filled` entries of `entry` bytes each begin `start` bytes into it."""

    start: int
    entry: int
    filled: int


class Text(NamedTuple):
    """A compact str: `size` bytes of characters begin `start` bytes into it."""

    start: int
    size: int
    codec: str


def is_pointer(word: int) -> bool:
    """Whether a word can be the address of an object: in user space, and aligned to 8 bytes."""
    return LOWEST <= word < HIGHEST and not word & 7


def as_dict(data: bytes) -> Dict | None:
    """The dict of which `data` is ob_type and the fields behind it, if it is sane."""
    kind, used, tag, keys, values = _DICT.unpack(data)
    if values or used > MAX_MODULES or not is_pointer(keys):
        return None
    return Dict(kind, used, tag, keys)


def as_keys(layout: Layout, data: bytes) -> Keys | None:
    """The keys table that begins with these KEYS_SIZE bytes, if it is sane."""
    return _new_keys(data) if layout.new_keys else _old_keys(data)


def _new_keys(data: bytes) -> Keys | None:
    _, log2_size, log2_index, kind, _, _, usable, count = _NEW_KEYS.unpack_from(data)
    if kind > 1 or log2_size > MAX_KEYS_LOG2 or not log2_size <= log2_index <= log2_size + 3:
        return None
    if not 0 <= count <= 1 << log2_size or not 0 <= usable <= 1 << log2_size:
        return None
    # DICT_KEYS_GENERAL (0) entries hold the hash too; DICT_KEYS_UNICODE (1) entries do not.
    return Keys(_NEW_KEYS.size + (1 << log2_index), 16 if kind else 24, count)


def _old_keys(data: bytes) -> Keys | None:
    _, size, _, usable, count = _OLD_KEYS.unpack_from(data)
    if size & (size - 1) or not MIN_KEYS <= size <= 1 << MAX_KEYS_LOG2:
        return None
    if not 0 <= count <= size or not 0 <= usable <= size:
        return None
    # Indices are int8, int16 or int32 (Objects/dictobject.c: DK_IXSIZE).
    index = 1 if size <= 0xFF else 2 if size <= 0xFFFF else 4  # noqa: PLR2004 - those widths
    return Keys(_OLD_KEYS.size + size * index, 24, count)


def as_entries(keys: Keys, data: bytes) -> list[tuple[int, int]]:
    """(key address, value address) of each entry, also of deleted ones, which have value 0."""
    if keys.entry == _PLAIN_ENTRY.size:
        return list(_PLAIN_ENTRY.iter_unpack(data))
    return [(key, value) for _, key, value in _HASH_ENTRY.iter_unpack(data)]


def as_text(layout: Layout, data: bytes) -> Text | None:
    """The str whose `length` field begins `data`, if it is compact and not longer than MAX_TEXT."""
    length, _, state = _TEXT.unpack(data)
    state >>= layout.kind_shift
    kind, compact, ascii_only = state & 7, state >> 3 & 1, state >> 4 & 1
    if not compact or kind not in _CODECS or (ascii_only and kind != 1) or length > MAX_TEXT:
        return None
    start = layout.ascii if ascii_only else layout.compact
    return Text(start, length * kind, "ascii" if ascii_only else _CODECS[kind])


def decode(text: Text, data: bytes) -> str | None:
    """The characters; None when the codec refuses them.

    Lone surrogates (a path that is not UTF-8) are refused too: no report could carry them.
    """
    try:
        return data.decode(text.codec)
    except UnicodeDecodeError:
        return None
