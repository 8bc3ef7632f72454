"""The Opener and Process seam: what a resolver can ask about a process, and nothing else.

Three Openers fit behind it: `local` (this machine), `recorded` (a fixture), and later a broker that
passes descriptors to a process without capabilities. This module is types only and does no I/O, so
that resolvers may import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from sensor.formats.source import Range
    from sensor.model.budget import Meter
    from sensor.model.file import FileId
    from sensor.model.finding import Plain
    from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey


class File(Protocol):
    """A regular file inside the root of a process, open for reading; a `formats.source.Source`.

    Close it (or use it in a `with`): an open descriptor keeps the workload's mounts busy.
    """

    @property
    def path(self) -> str:
        """The path as the process sees it."""

    @property
    def id(self) -> FileId:
        """The identity when it was opened."""

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """The bytes of each (offset, size), in order; None where they are not wholly there."""

    def close(self) -> None:
        """Give the descriptor back. Closing twice is fine."""

    def __enter__(self) -> Self:
        """Open already; closes at the end of the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


class Files(Protocol):
    """Files as the process sees them: every path is resolved inside its root and never leaves it.

    Methods raise FileMissing and FileRefused (not regular, outside the root, on a file system that
    could block us, not the mapped file), ProcessGone, BudgetSpent.
    """

    def open(self, path: str) -> File:
        """Open a regular file by its absolute path."""

    def open_mapped(self, mapping: Mapping) -> File:
        """Open the very file that is mapped there (same device and inode), else FileRefused."""

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        """The identity of a directory and its sorted entry names; bounded, too many are refused."""

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        """Identities of files and directories, links followed; None if missing or refused."""

    def read_link(self, path: str) -> str | None:
        """What a symbolic link says, not followed; None if it is no link."""


class Process(Protocol):
    """One process, as it was when opened, read only and never disturbed.

    Any method may raise ProcessGone. After an exec in the target, memory reads raise it too.
    """

    @property
    def key(self) -> ProcessKey:
        """Which life of which process."""

    @property
    def at(self) -> float:
        """When it was opened, in seconds since the epoch: the time of all evidence from it."""

    @property
    def exe(self) -> str:
        """The path of its program as the process sees it, without a "(deleted)" mark."""

    @property
    def program(self) -> str:
        """Another text after each exec: by it memos of one program are kept from another."""

    @property
    def maps_digest(self) -> int:
        """Equal numbers of one program mean equal mappings; no parsing is needed to tell."""

    @property
    def arguments(self) -> Arguments:
        """The part of its command line that may be kept."""

    @property
    def memory_gap(self) -> str | None:
        """Why its memory cannot be read; None when it can. Then `read` answers None for all."""

    @property
    def meter(self) -> Meter:
        """What reading it has cost so far."""

    @property
    def files(self) -> Files:
        """Its files."""

    def maps(self) -> Sequence[Mapping]:
        """Its mappings in address order, as they were when it was opened."""

    def descriptors(self) -> Sequence[Descriptor]:
        """Its open descriptors, read once; empty where it is not permitted."""

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """The bytes of each (address, size), in order; None where not mapped, not present, refused.

        Pages that are not present in memory are never faulted in: they read as None. Ask for exact
        ranges, many at a time; blocks are cached below. `fresh` reads the target again, past the
        cache: for the second look that tells whether a structure was torn.
        """

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        """Addresses where `pattern` stands in present pages of (start, size) ranges, ascending.

        At most `limit` of them. A match that crosses two present neighbouring pages is found.
        """

    def verify(self) -> None:
        """Raise ProcessGone unless this is still the same life, running the same program."""

    def close(self) -> None:
        """Give all descriptors back. Closing twice is fine."""

    def __enter__(self) -> Self:
        """Open already; closes at the end of the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


class Opener(Protocol):
    """Where processes come from."""

    def key(self, pid: int) -> ProcessKey:
        """The present life of a pid. Raises ProcessGone."""

    def open_process(self, key: ProcessKey) -> Process:
        """Open it. Raises ProcessGone, NotPermitted (its maps may not be read), BudgetSpent."""


class Cache(Protocol):
    """Results of parsing, by kind of result and identity of file: the second container is free.

    Values are plain data and must not be changed after `put` or `get`.
    """

    def get(self, kind: str, file: FileId) -> Plain:
        """What is known, else None."""

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        """Remember a value (not None); old ones are thrown away to stay within the bound."""
