"""Text that is safe and fits: workloads choose names, and a terminal obeys what it is sent.

`printable` for every word that comes from a workload; `width`, `cut` and `padded` count columns.
"""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "..."
# Lines of fewer columns than this cannot be read.
MIN_WRAP = 40
SURROGATE = re.compile("[\ud800-\udfff]")
# Python decodes a byte that is no UTF-8 as this plus the byte (surrogateescape, PEP 383).
ESCAPED_BYTE = 0xDC00
# The largest codes that are written with two and with four digits, as Python does.
LAST_BYTE = 0xFF
LAST_SHORT = 0xFFFF


def printable(text: str) -> str:
    r"""Write control characters, marks of direction and broken bytes as \x1b, \u202e, \xff.

    A backslash stays as it is: this is for eyes, not for machines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def escaped_surrogates(text: str) -> str:
    r"""Write what UTF-8 cannot hold as \xff (a byte of a file name) or \ud800; leave the rest."""
    return SURROGATE.sub(lambda match: _escape(match.group()), text)


def _escape(char: str) -> str:
    code = ord(char)
    if ESCAPED_BYTE + 0x80 <= code <= ESCAPED_BYTE + 0xFF:
        code -= ESCAPED_BYTE
    if code <= LAST_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= LAST_SHORT else f"\\U{code:08x}"


def width(text: str) -> int:
    """Terminal columns of printable text: wide characters count two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - 1 MiB, seldom needed

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, columns: int) -> str:
    """Text of at most so many columns, its end replaced by dots."""
    if width(text) <= columns:
        return text
    return _head(text, columns - len(MARK)) + MARK[: max(columns, 0)]


def cut_left(text: str, columns: int) -> str:
    """Text of at most so many columns, its beginning replaced by dots: ends of paths tell more."""
    if width(text) <= columns:
        return text
    return MARK[: max(columns, 0)] + _head(text[::-1], columns - len(MARK))[::-1]


def _head(text: str, columns: int) -> str:
    while text and width(text) > max(columns, 0):
        # A step of at least one character, and never past what is too much.
        text = text[: len(text) - max(1, (width(text) - columns) // 2)]
    return text if columns > 0 else ""


def padded(text: str, columns: int) -> str:
    """Text cut or filled with blanks to exactly so many columns."""
    return filled(cut(text, columns), columns)


def filled(text: str, columns: int) -> str:
    """Text filled with blanks to at least so many columns."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int | None) -> list[str]:
    """One line on as many as it needs (None: on one); further ones are set in under the first."""
    if columns is None or width(text) <= columns:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return textwrap.wrap(text, max(columns, MIN_WRAP), subsequent_indent=indent)


def numbers(values: Iterable[int]) -> str:
    """Write numbers in order, neighbours as a range: "3, 7-9"."""
    runs: list[list[int]] = []
    for value in sorted(set(values)):
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def moment(seconds: float) -> str:
    """Write seconds since the epoch as UTC; what is no date is written as the number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return str(seconds)


def plural(count: int, word: str, words: str = "") -> str:
    """Write a count with its word: "1 process", "2 processes"."""
    return f"{count} {word if count == 1 else words or word + 's'}"
