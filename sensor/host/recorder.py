"""An Opener around another one that keeps what was asked and answered, for a fixture.

What one look reads in several slices becomes one recording: of two answers to one question the
later one is kept, and `at` is that of the first slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sensor.closing import Closing
from sensor.errors import ProcessGone
from sensor.host.recording import (
    MAX_HIT_PAGES,
    Answer,
    Content,
    Recording,
    mapped_name,
    name_of,
    refusals_into,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import File, Files, Opener, Process
    from sensor.model.budget import Meter
    from sensor.model.file import FileId
    from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey

_T = TypeVar("_T")
# Hits take the page they stand on into the fixture, in the size all architectures share.
_PAGE = 4096


class RecordingOpener:
    """An `Opener` that records the one process which is opened through it."""

    def __init__(self, opener: Opener) -> None:
        """Ask `opener`."""
        self._opener = opener
        self.recording: Recording | None = None

    def key(self, pid: int) -> ProcessKey:
        """See `Opener.key`."""
        return self._opener.key(pid)

    def open_process(self, key: ProcessKey) -> RecordingProcess:
        """See `Opener.open_process`. Raises ValueError for a second process."""
        process = self._opener.open_process(key)
        if self.recording is None:
            self.recording = _first(process)
        elif self.recording.key != key:
            process.close()
            raise ValueError("a recording is of one process")
        else:
            self.recording.maps = list(process.maps())
        return RecordingProcess(process, self.recording)


def _first(process: Process) -> Recording:
    return Recording(
        key=process.key,
        at=process.at,
        exe=process.exe,
        arguments=process.arguments,
        memory_gap=process.memory_gap,
        maps=list(process.maps()),
    )


class RecordingProcess(Closing):
    """A `seam.Process` around another."""

    def __init__(self, process: Process, recording: Recording) -> None:
        """Keep the answers of `process` in `recording`."""
        self._process = process
        self._recording = recording
        self.key = process.key
        self.at = recording.at
        self.exe = process.exe
        self.program = process.program
        self.maps_digest = process.maps_digest
        self.memory_gap = process.memory_gap
        self.files = RecordingFiles(process.files, recording)

    @property
    def arguments(self) -> Arguments:
        """See `Process.arguments`."""
        return self._recording.arguments

    @property
    def meter(self) -> Meter:
        """See `Process.meter`."""
        return self._process.meter

    def maps(self) -> Sequence[Mapping]:
        """See `Process.maps`."""
        return self._recording.maps

    def descriptors(self) -> Sequence[Descriptor]:
        """See `Process.descriptors`."""
        self._recording.descriptors = list(self._process.descriptors())
        return self._recording.descriptors

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """See `Process.read`."""
        answers = self._ask(lambda: self._process.read(ranges, fresh=fresh))
        self._recording.memory.learn(ranges, answers)
        return answers

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        """See `Process.find`."""
        hits = self._ask(lambda: self._process.find(pattern, ranges, limit=limit))
        self._recording.searches[pattern, tuple((a, b) for a, b in ranges), limit] = hits
        pages = sorted({hit // _PAGE * _PAGE for hit in hits})[:MAX_HIT_PAGES]
        self.read([(page, _PAGE) for page in pages])
        return hits

    def verify(self) -> None:
        """See `Process.verify`."""
        self._ask(self._process.verify)

    def close(self) -> None:
        """See `Process.close`."""
        self._process.close()

    def _ask(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except ProcessGone as error:
            self._recording.gone = str(error)
            raise


class RecordingFiles:
    """A `seam.Files` around another."""

    def __init__(self, files: Files, recording: Recording) -> None:
        """Keep the answers of `files` in `recording`."""
        self._files = files
        self._recording = recording

    def open(self, path: str) -> RecordingFile:
        """See `Files.open`."""
        return self._open(lambda: self._files.open(path), self._recording.opened, name_of(path))

    def open_mapped(self, mapping: Mapping) -> RecordingFile:
        """See `Files.open_mapped`."""
        name = mapped_name(mapping)
        return self._open(lambda: self._files.open_mapped(mapping), self._recording.mapped, name)

    def _open(self, ask: Callable[[], File], table: dict[str, Answer], name: str) -> RecordingFile:
        with refusals_into(table, name):
            file = ask()
        table[name] = {"value": list(file.id)}
        return RecordingFile(file, self._recording.content(file.id))

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        """See `Files.list_dir`."""
        with refusals_into(self._recording.listed, name_of(path)):
            identity, names = self._files.list_dir(path)
        self._recording.listed[name_of(path)] = {"value": [list(identity), names]}
        return identity, names

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        """See `Files.stat_many`."""
        found = self._files.stat_many(paths)
        for path, identity in zip(paths, found, strict=True):
            self._recording.stats[name_of(path)] = identity and list(identity)
        return found

    def read_link(self, path: str) -> str | None:
        """See `Files.read_link`."""
        with refusals_into(self._recording.links, name_of(path)):
            target = self._files.read_link(path)
        self._recording.links[name_of(path)] = {"value": target}
        return target


class RecordingFile(Closing):
    """A `seam.File` around another."""

    def __init__(self, file: File, content: Content) -> None:
        """Keep what is read of `file` in `content`."""
        self._file = file
        self._content = content
        self.path = file.path
        self.id = file.id
        self.size = file.size

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """See `File.read`."""
        answers = self._file.read(ranges)
        self._content.learn(ranges, answers)
        return answers

    def close(self) -> None:
        """See `File.close`."""
        self._file.close()
