"""An Opener that answers from a recording. A question that was never asked is an error, loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.closing import Closing
from sensor.errors import ProcessGone
from sensor.host.recording import mapped_name, name_of, value_of
from sensor.model.budget import Meter
from sensor.model.file import FileId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.recording import Answer, Content, Recording
    from sensor.model.process import Descriptor, Mapping, ProcessKey


class RecordedOpener:
    """An `Opener` for the one process of a recording; `only` is its key."""

    def __init__(self, recording: Recording) -> None:
        """Answer from this recording."""
        self._recording = recording
        self.only = recording.key

    def key(self, pid: int) -> ProcessKey:
        """See `Opener.key`."""
        if pid != self.only.pid:
            raise ProcessGone(f"process {pid} is not in the fixture")
        return self.only

    def open_process(self, key: ProcessKey) -> RecordedProcess:
        """See `Opener.open_process`."""
        if key != self.only:
            raise ProcessGone(f"process {key.pid} is not in the fixture")
        return RecordedProcess(self._recording)


class RecordedProcess(Closing):
    """A `seam.Process`. Once it was gone at recording, unanswered questions raise ProcessGone."""

    def __init__(self, recording: Recording) -> None:
        """Answer from this recording."""
        self._recording = recording
        self.key = recording.key
        self.at = recording.at
        self.exe = self.program = recording.exe
        self.maps_digest = 1  # a recording has one list of mappings
        self.arguments = recording.arguments
        self.memory_gap = recording.memory_gap
        # What is answered must not depend on how fast this machine is.
        self.meter = Meter(clock=lambda: 0.0)
        self.files = RecordedFiles(recording, self.meter)

    def maps(self) -> Sequence[Mapping]:
        """See `Process.maps`."""
        return self._recording.maps

    def descriptors(self) -> Sequence[Descriptor]:
        """See `Process.descriptors`."""
        if self._recording.descriptors is None:
            raise self._recording.lacking("its descriptors")
        return self._recording.descriptors

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """See `Process.read`. `fresh` changes nothing: one answer is kept for each question."""
        del fresh
        memory = self._recording.memory
        for start, size in ranges:
            if not memory.knows(start, size):
                raise self._recording.lacking(f"{size} bytes of memory at {start:#x}")
        return _read(memory, ranges, self.meter)

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        """See `Process.find`."""
        question = pattern, tuple((start, size) for start, size in ranges), limit
        self.meter.charge(0)
        if question not in self._recording.searches:
            raise self._recording.lacking(f"a search for {pattern!r}")
        return list(self._recording.searches[question])

    def verify(self) -> None:
        """See `Process.verify`."""
        if self._recording.gone is not None:
            raise ProcessGone(self._recording.gone)

    def close(self) -> None:
        """See `Process.close`."""


class RecordedFiles:
    """A `seam.Files` of a recording."""

    def __init__(self, recording: Recording, meter: Meter) -> None:
        """Answer from `recording`, counting into `meter`."""
        self._recording = recording
        self._meter = meter

    def open(self, path: str) -> RecordedFile:
        """See `Files.open`."""
        return self._file(self._answer(self._recording.opened, name_of(path), path), path)

    def open_mapped(self, mapping: Mapping) -> RecordedFile:
        """See `Files.open_mapped`."""
        name = mapped_name(mapping)
        return self._file(self._answer(self._recording.mapped, name, mapping.path), mapping.path)

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        """See `Files.list_dir`."""
        identity, names = value_of(self._answer(self._recording.listed, name_of(path), path), path)
        return FileId(*identity), list(names)

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        """See `Files.stat_many`."""
        return [self._stat(path) for path in paths]

    def read_link(self, path: str) -> str | None:
        """See `Files.read_link`."""
        target: str | None = value_of(
            self._answer(self._recording.links, name_of(path), path), path
        )
        return target

    def _stat(self, path: str) -> FileId | None:
        self._meter.charge(0)
        name = name_of(path)
        if name not in self._recording.stats:
            raise self._recording.lacking(f"the identity of {path}")
        found = self._recording.stats[name]
        return None if found is None else FileId(*found)

    def _answer(self, table: dict[str, Answer], name: str, path: str) -> Answer:
        self._meter.charge(0)
        if name not in table:
            raise self._recording.lacking(path)
        return table[name]

    def _file(self, answer: Answer, path: str) -> RecordedFile:
        return RecordedFile(path, FileId(*value_of(answer, path)), self._recording, self._meter)


class RecordedFile(Closing):
    """A `seam.File` of a recording."""

    def __init__(self, path: str, identity: FileId, recording: Recording, meter: Meter) -> None:
        """Answer from `recording`, counting into `meter`."""
        self._recording = recording
        self._meter = meter
        self.path = path
        self.id = identity

    @property
    def size(self) -> int:
        """Bytes, when it was opened at recording."""
        return self.id.size

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """See `File.read`."""
        content = self._recording.content(self.id)
        for start, size in ranges:
            if not content.knows(start, size):
                raise self._recording.lacking(f"{size} bytes at {start} of {self.path}")
        return _read(content, ranges, self._meter)

    def close(self) -> None:
        """See `File.close`."""


def _read(content: Content, ranges: Sequence[Range], meter: Meter) -> list[bytes | None]:
    answers = [content.answer(start, size) for start, size in ranges]
    meter.charge(sum(len(data) for data in answers if data), len(ranges))
    return answers
