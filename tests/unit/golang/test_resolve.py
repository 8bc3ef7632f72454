"""The resolver against a made-up process: files that cannot be opened, and mapped libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast

import pytest

from sensor.errors import FileRefused
from sensor.formats.source import Bytes
from sensor.host.cache import FileCache
from sensor.model.budget import Budget, Meter
from sensor.model.file import FileId
from sensor.model.finding import NOT_MINE, Finding
from sensor.model.process import Mapping
from sensor.resolvers.golang import GOLANG
from sensor.resolvers.golang.objects import MAX_OBJECTS, MIN_SIZE
from tests.unit.formats.go.made import build_info, elf, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process
    from sensor.model.finding import Plain

TEXT = b"path\texample.test/app\nmod\texample.test/app\tv1.0.0\t\n"
PROGRAM = elf(
    [
        (".go.buildinfo", build_info(b"go1.26.8", TEXT)),
        (".gopclntab", table("1.20", [b"main.main"])),
    ]
)
OTHER = elf([(".text", b"nothing")])


class MadeFile(Bytes):
    """A file of a made-up process."""

    def __init__(self, number: int, data: bytes) -> None:
        super().__init__(data)
        self.id = FileId(number, len(data), 1, 1, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class MadeProcess:
    """A process that maps its program and libraries, with the parts that the resolver asks for."""

    at = 1.0
    exe = "/app"

    def __init__(self, *contents: bytes | None, marked: bool = False) -> None:
        """Map these files, the first as the program; None is a file that is refused."""
        self.meter = Meter()
        self.files = self
        self.opened: list[int] = []
        self.size = MIN_SIZE
        self.maps_digest = 1
        self._contents = contents
        self._marked = marked

    def maps(self) -> Sequence[Mapping]:
        found = []
        for number, _ in enumerate(self._contents):
            path = f"/app/lib{number}.so" if number else "/app"
            start = 0x1000000 * (number + 1)
            for perms in ("r-xp", "rw-p"):
                end = start + self.size
                found.append(Mapping(start, end, perms, 0, "fe:00", number + 1, path))
                start = end
        return [*found, Mapping(1 << 40, (1 << 40) + 4096, "r-xp", 0, "00:00", 0, "[vdso]")]

    def open_mapped(self, mapping: Mapping) -> MadeFile:
        self.opened.append(mapping.inode)
        data = self._contents[mapping.inode - 1]
        if data is None:
            raise FileRefused(mapping.path, "not the mapped file")
        return MadeFile(mapping.inode, data)

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        assert pattern.startswith(b"\xff Go")
        assert limit == 1
        return [ranges[0][0]] if self._marked and ranges else []


def resolve(made: MadeProcess, cache: FileCache | None = None, memo: Plain = None) -> Finding:
    process = cast("Process", made)
    assert GOLANG.detects(process)
    return GOLANG.resolve(process, Budget(made.meter), cache or FileCache(), memo)


def reasons(found: Finding) -> list[str]:
    return [gap.reason for gap in found.gaps]


def test_a_program_that_is_read_has_no_gaps() -> None:
    found = resolve(MadeProcess(PROGRAM))
    assert [(p.name, p.version) for p in found.packages] == [("example.test/app", "v1.0.0")]
    assert found.gaps == ()
    assert found.coverage is not None
    assert found.coverage.complete


def test_a_go_program_whose_file_is_refused_is_a_gap() -> None:
    found = resolve(MadeProcess(None, marked=True))
    assert reasons(found) == ["program file not readable"]
    assert found.coverage is not None
    assert not found.coverage.complete


@pytest.mark.parametrize("content", [OTHER, b"#!/bin/sh", b"", PROGRAM[:100]])
def test_a_program_of_another_kind_is_not_ours(content: bytes) -> None:
    assert resolve(MadeProcess(content)).coverage is None


def test_a_refused_file_that_shows_no_sign_of_go_is_not_ours() -> None:
    assert resolve(MadeProcess(None)) == NOT_MINE


def test_a_program_of_another_kind_is_opened_once_while_nothing_is_mapped() -> None:
    made = MadeProcess(OTHER, OTHER)
    first = resolve(made)
    assert made.opened == [1, 2]
    assert resolve(made, memo=first.memo).coverage is None
    made.maps_digest = 2
    assert resolve(made, memo=first.memo).coverage is None
    assert made.opened == [1, 2]


def test_a_library_in_a_program_of_another_language() -> None:
    found = resolve(MadeProcess(OTHER, OTHER, PROGRAM, None))
    assert [(p.name, p.version) for p in found.packages] == [("example.test/app", "v1.0.0")]
    assert {e.path for p in found.packages for e in p.evidence} == {"/app/lib2.so"}
    # Another library cannot be opened: it may be Go as well.
    assert reasons(found) == ["shared object not readable"]
    assert found.coverage
    assert not found.coverage.complete


def test_a_small_library_in_a_program_of_another_language_is_not_opened() -> None:
    made = MadeProcess(OTHER, PROGRAM)
    made.size = MIN_SIZE // 2 - 4096
    assert resolve(made).coverage is None
    assert made.opened == [1]


def test_what_two_files_have_is_told_once() -> None:
    other = elf(
        [
            (".go.buildinfo", build_info(b"go1.26.8", TEXT + b"dep\texample.test/dep\tv1.0.0\t\n")),
            (".gopclntab", table("1.20", [b"main.main", b"example.test/dep.F", b"fmt.F"])),
        ]
    )
    first = elf(
        [
            (".go.buildinfo", build_info(b"go1.26.8", TEXT + b"dep\texample.test/dep\tv1.0.0\t\n")),
            (".gopclntab", table("1.20", [b"main.main", b"io.F"])),
        ]
    )
    found = resolve(MadeProcess(first, other))
    packages = {p.name: p for p in found.packages}
    assert len(packages) == len(found.packages) == 3
    # Of the program it is not linked, of the library it is.
    assert packages["example.test/dep"].state == "loaded"
    assert packages["stdlib"].subpaths == ("fmt", "io")
    paths = {e.path for e in packages["stdlib"].evidence}
    assert paths == {"/app", "/app/lib1.so"}
    assert found.coverage
    assert found.coverage.complete


def test_a_process_without_a_program_file_is_not_looked_at() -> None:
    assert not GOLANG.detects(cast("Process", MadeProcess()))
    assert (
        GOLANG.resolve(cast("Process", MadeProcess()), Budget(Meter()), FileCache(), None)
        == NOT_MINE
    )


def test_a_library_that_is_refused_is_a_gap_and_the_modules_stay() -> None:
    found = resolve(MadeProcess(PROGRAM, None, OTHER))
    assert reasons(found) == ["shared object not readable"]
    assert len(found.packages) == 1
    assert found.coverage is not None
    assert not found.coverage.complete


def test_only_so_many_libraries_are_looked_at() -> None:
    made = MadeProcess(PROGRAM, *[OTHER] * (MAX_OBJECTS + 3))
    assert reasons(resolve(made)) == ["too many shared objects"]
    assert len(made.opened) == MAX_OBJECTS + 1


def test_each_library_is_looked_at_once_for_all_processes() -> None:
    cache = FileCache()
    for _ in range(2):
        assert resolve(MadeProcess(PROGRAM, PROGRAM, OTHER), cache).gaps == ()
    assert (cache.statistics["golang.program"].puts, cache.statistics["golang.program"].hits) == (
        3,
        3,
    )
