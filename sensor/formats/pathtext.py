"""Paths between the kernel's bytes and our text, so that every text can be written as JSON.

A path may hold any byte but NUL. Bytes that are not UTF-8 become code points of the private use
area, U+EF80 to U+EFFF (as the OPTU encoding of MirBSD has it), for JSON has no lone surrogates.
A path that really holds such a code point turns into another one: that file is then missing, which
is safe.
"""

from __future__ import annotations

_SHIFT = 0xEF80 - 0xDC80
_TO_PRIVATE = {code: code + _SHIFT for code in range(0xDC80, 0xDD00)}
_TO_SURROGATE = {code + _SHIFT: code for code in range(0xDC80, 0xDD00)}


def to_text(raw: bytes) -> str:
    """The text of a path, or of any other name that the kernel shows."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="surrogateescape").translate(_TO_PRIVATE)


def to_bytes(path: str) -> bytes:
    """The bytes of a path. Raises ValueError when it cannot be one: a NUL, a lone surrogate."""
    if "\0" in path:
        raise ValueError("a path has no NUL")
    if path.isascii():
        return path.encode()
    return path.translate(_TO_SURROGATE).encode(errors="surrogateescape")
