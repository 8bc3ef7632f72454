"""Sinks of our own facts, one JSON object a line: to standard output, or to a file.

A report is the whole state at its time; its last line is of type `report`. A report that does not
fit on the disk leaves no half of it behind.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from sensor.errors import SensorError
from sensor.report import facts
from sensor.report.placefacts import lines
from sensor.report.sink import Retry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sensor.model.batch import Batch

# The disk of a node is not ours: with the file before it, twice this and one report at the most.
MAX_FILE: Final = 64 << 20
# Names of packages and paths of files: not for everybody on the machine.
MODE: Final = 0o600
# Lines are written together in blocks of about this size.
BLOCK: Final = 256 << 10


class FileUnusable(SensorError):
    """The file for the facts cannot be opened."""

    help = "Give --sink file:PATH a path in a folder that exists and that the sensor may write to."
    exit_code = 7


class StreamSink:
    """Writes facts to a stream that somebody else closes: standard output."""

    name = "stdout"

    def __init__(self, stream: BinaryIO) -> None:
        """Take a stream of bytes."""
        self._stream = stream

    def send(self, batch: Batch) -> None:
        """Write a report and flush. Raises Retry; BrokenPipeError when the reader went away."""
        try:
            for block in _blocks(batch):
                self._stream.write(block)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Retry(f"standard output takes nothing: {error.strerror}") from error

    def close(self) -> None:
        """Leave the stream open: it is not ours."""


class FileSink:
    """Appends facts to a file, and begins a new one when it is large: PATH.1 is the one before."""

    name = "file"

    def __init__(self, path: Path, max_bytes: int = MAX_FILE) -> None:
        """Open or make the file. Raises FileUnusable."""
        self._path = path
        self._max_bytes = max_bytes
        self._handle: int | None = _open(path)

    def send(self, batch: Batch) -> None:
        """Append a report. Raises Retry when it cannot be written; then none of it is there."""
        try:
            handle = self._ready()
            size = os.fstat(handle).st_size
            try:
                for block in _blocks(batch):
                    _write(handle, block)
            except OSError:
                os.ftruncate(handle, size)
                raise
        except OSError as error:
            raise Retry(f"{self._path} cannot be written: {error.strerror}") from error
        except FileUnusable as error:
            raise Retry(str(error)) from error

    def close(self) -> None:
        """Bring it to the disk, and close it. Closing twice is fine."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _ready(self) -> int:
        """The open file; a new one when this one is full."""
        if self._handle is not None and os.fstat(self._handle).st_size >= self._max_bytes:
            self.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        if self._handle is None:
            self._handle = _open(self._path)
        return self._handle


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, MODE)
    except OSError as error:
        raise FileUnusable(f"{path} cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileUnusable(f"{path} is no regular file")
    return handle


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _blocks(batch: Batch) -> Iterator[bytes]:
    block = bytearray()
    for line in lines(batch):
        block += facts.dumps(line)
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)
