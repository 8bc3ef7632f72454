"""Frames between the agent and its worker: a head of JSON and a blob that only one side reads.

Pure: bytes in, messages out. The blob is what a resolver wants to be handed back at the next look
(memos): the agent keeps it as it is, and never makes objects of it.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of the head, bytes of the blob; network order.
LENGTHS: Final = struct.Struct("!II")
# The largest honest answer seen is 2 MB (11,000 Python modules); a worker that went mad stops here.
MAX_HEAD: Final = 32 << 20
# Packed memos: 2 KB for a Python program of 30 packages, 200 KB for one of 11,000 modules.
MAX_BLOB: Final = 8 << 20
MAX_UNPACKED: Final = 64 << 20
FAST: Final = 1

Head = dict[str, Any]


class Message(NamedTuple):
    """One frame."""

    head: Head
    blob: bytes


def pack(head: Head, blob: bytes = b"") -> bytes:
    """Make a frame. Raises Malformed when it is larger than the other side takes."""
    body = orjson.dumps(head)
    if len(body) > MAX_HEAD or len(blob) > MAX_BLOB:
        raise Malformed(f"a message of {len(body)} and {len(blob)} bytes")
    return LENGTHS.pack(len(body), len(blob)) + body + blob


class Unpacker:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add bytes; give every message that is whole. Raises Malformed."""
        self._held += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        if len(self._held) < LENGTHS.size:
            return None
        head, blob = LENGTHS.unpack_from(self._held)
        if head > MAX_HEAD or blob > MAX_BLOB:
            raise Malformed(f"a frame of {head} and {blob} bytes")
        end = LENGTHS.size + head + blob
        if len(self._held) < end:
            return None
        raw = bytes(self._held[LENGTHS.size : end])
        del self._held[:end]
        return Message(_decoded(raw[:head]), raw[head:])


def _decoded(raw: bytes) -> Head:
    try:
        head = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"a frame that is no JSON: {error}") from None
    if not isinstance(head, dict):
        raise Malformed("a frame that is no object")
    return head


def squeezed(value: object) -> bytes:
    """Plain data as a blob; b"" when it is larger than a blob may be: then it is not kept."""
    raw = orjson.dumps(value)
    blob = zlib.compress(raw, FAST) if len(raw) <= MAX_UNPACKED else b""
    return blob if len(blob) <= MAX_BLOB else b""


def unsqueezed(blob: bytes) -> Any:  # noqa: ANN401 - decoded JSON
    """What `squeezed` was given, None for b"". Raises Malformed."""
    if not blob:
        return None
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(blob, MAX_UNPACKED)
        return orjson.loads(raw)
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise Malformed(f"a blob that is damaged: {error}") from None
