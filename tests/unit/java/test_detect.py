"""Which processes are Java, by the names of mapped files; and what is said of other VMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sensor.errors import FileRefused
from sensor.host.cache import FileCache
from sensor.model.budget import Budget, Meter
from sensor.model.finding import NOT_MINE, Gap
from sensor.model.process import Mapping
from sensor.resolvers.java import JAVA
from sensor.resolvers.java.detect import hotspot
from sensor.resolvers.java.reasons import Reason

if TYPE_CHECKING:
    from sensor.host.seam import File, Process


class Mapped:
    """A process that only has mappings, and whose memory may be closed."""

    at = 1.0
    exe = "/opt/app"

    def __init__(self, *paths: str, memory_gap: str | None = None) -> None:
        self.paths = paths
        self.memory_gap = memory_gap
        self.meter = Meter()

    @property
    def files(self) -> Mapped:
        return self

    def open_mapped(self, mapping: Mapping) -> File:
        raise FileRefused(mapping.path, "replaced")

    def maps(self) -> list[Mapping]:
        return [
            Mapping(n << 16, (n << 16) + 4096, "r-xp", 0, "08:01", n, path)
            for n, path in enumerate(self.paths, 1)
        ]


def looked(process: Mapped) -> list[Gap]:
    found = JAVA.resolve(cast("Process", process), Budget(process.meter), FileCache(), None)
    assert found.coverage
    assert not found.coverage.complete
    assert not found.packages
    return list(found.gaps)


@pytest.mark.parametrize(
    "path", ["/x/lib/server/libjvm.so", "/x/lib/amd64/minimal/libjvm.so", "/opt/lib/libj9vm29.so"]
)
def test_java(path: str) -> None:
    assert JAVA.detects(cast("Process", Mapped("/opt/app/launcher", path)))


@pytest.mark.parametrize("path", ["/srv/libjvm.so/data", "/srv/mylibjvm.so", "/x/libj9vm.so", ""])
def test_not_java(path: str) -> None:
    process = Mapped("/usr/bin/java", path)
    assert not JAVA.detects(cast("Process", process))
    found = JAVA.resolve(cast("Process", process), Budget(process.meter), FileCache(), None)
    assert found == NOT_MINE


def test_the_lowest_mapping_of_the_library() -> None:
    found = hotspot(cast("Process", Mapped("/bin/java", "/x/libjvm.so", "/x/libjvm.so")))
    assert found
    assert found.start == 2 << 16


def test_openj9_is_recognised_and_not_read() -> None:
    detail = "OpenJ9, recognised by /opt/lib/libj9vm29.so"
    process = Mapped("/opt/lib/libjvm.so", "/opt/lib/libj9vm29.so")
    assert looked(process) == [Gap("java", Reason.OTHER_VM, detail)]


def test_closed_memory() -> None:
    process = Mapped("/x/libjvm.so", memory_gap="needs SYS_PTRACE")
    assert looked(process) == [Gap("java", Reason.CLOSED, "needs SYS_PTRACE")]


def test_a_library_that_cannot_be_opened() -> None:
    expected = Gap("java", Reason.NO_LIBRARY, "/x/libjvm.so: replaced")
    assert looked(Mapped("/x/libjvm.so")) == [expected]


@pytest.mark.parametrize(("gap", "expected"), [(4096, False), (2 << 30, True)])
def test_a_program_that_maps_itself_again_may_be_a_native_image(
    gap: int, *, expected: bool
) -> None:
    process = Mapped()
    first = Mapping(1 << 22, 1 << 23, "r-xp", 0, "08:01", 7, process.exe)
    again = Mapping(first.end + gap, first.end + gap + 4096, "r--p", 4096, "08:01", 7, process.exe)
    maps = [first, Mapping(1 << 24, 1 << 25, "rw-p", 0, "0:0", 0, ""), again]
    process.maps = lambda: sorted(maps)  # type: ignore[method-assign]
    assert JAVA.detects(cast("Process", process)) == expected
    found = JAVA.resolve(cast("Process", process), Budget(process.meter), FileCache(), None)
    assert found == NOT_MINE
