"""Finding the interpreter: names of files, a heap without symbols, budgets, what is remembered."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import orjson
import pytest

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.process import Mapping
from sensor.resolvers.python import PYTHON, search
from sensor.resolvers.python.anchors import debug_offsets
from sensor.resolvers.python.detect import candidates, unsupported
from sensor.resolvers.python.layouts import COOKIE, DEBUG_SIZE, FREE_BYTE, OLD, ROWS, SHORT, Row
from sensor.resolvers.python.locate import NotFound, Pending, Place, locate
from sensor.resolvers.python.progress import Walked
from sensor.resolvers.python.walk import walk
from tests.support.heap import BASE, SIZE, Heap

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.finding import Finding, Plain

LIBRARY = "/usr/lib/libpython3.11.so.1.0"
YAML = "/usr/lib/python3/dist-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so"


def mapping(path: str, start: int = BASE, perms: str = "r-xp") -> Mapping:
    return Mapping(start, start + 4096, perms, 0, "8:1", hash(path) & 0xFFFF | 1, path)


class Mapped(Heap):
    """A process of which only the mappings matter."""

    def __init__(self, exe: str, *paths: str) -> None:
        super().__init__(OLD)
        self.exe = exe
        self._paths = paths

    def maps(self) -> list[Mapping]:
        return [mapping(path, BASE + 4096 * n) for n, path in enumerate((self.exe, *self._paths))]


def seen(exe: str, *paths: str) -> Process:
    return cast("Process", Mapped(exe, *paths))


@pytest.mark.parametrize(
    ("exe", "paths"),
    [
        ("/usr/bin/python3", ()),
        ("/usr/bin/python3.11", ()),
        ("/opt/bin/python3.13t", ()),
        ("/usr/bin/python", ()),
        ("/usr/bin/uwsgi", (LIBRARY,)),
        ("/usr/bin/gdb", ("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",)),
        ("/srv/app/app", ("/srv/app/_internal/libpython3.12.so.1.0",)),
        ("/usr/bin/blender", (YAML,)),
        ("/opt/pypy/bin/pypy3.10", ()),
        ("/usr/bin/python2.7", ()),
    ],
)
def test_detected(exe: str, paths: tuple[str, ...]) -> None:
    assert PYTHON.detects(seen(exe, *paths))


@pytest.mark.parametrize(
    "exe",
    ["/bin/sh", "/usr/bin/python3-config", "/srv/pythonic", "/usr/bin/mypython3", "/lib/python3/x"],
)
def test_not_detected(exe: str) -> None:
    assert not PYTHON.detects(seen(exe, "/usr/lib/libc.so.6", "/usr/share/python3/debpython.txt"))


@pytest.mark.parametrize(
    ("exe", "paths", "name"),
    [
        ("/opt/pypy/bin/pypy3.10", (), "PyPy"),
        ("/usr/bin/host", ("/opt/pypy/bin/libpypy3.10-c.so",), "PyPy"),
        ("/usr/bin/python2.7", (), "Python 2"),
        ("/usr/bin/host", ("/usr/lib/libpython2.7.so.1.0",), "Python 2"),
        ("/usr/bin/python3", (LIBRARY,), None),
    ],
)
def test_other_interpreters(exe: str, paths: tuple[str, ...], name: str | None) -> None:
    assert unsupported(seen(exe, *paths)) == name


def test_the_library_is_looked_at_before_the_program() -> None:
    names = [c.name for c in candidates(seen("/usr/bin/uwsgi", "/lib/libc.so.6", LIBRARY))]
    assert names == ["libpython3.11.so.1.0", "uwsgi", "libc.so.6"]


def process_of(row: Row) -> Heap:
    """A heap without symbols: somewhere in it a pointer to an interpreter of this version."""
    heap = Heap(row.layout)
    modules = heap.sys_modules({"a": heap.module(__file__="/a.py")})
    state = heap.interpreter(modules, row.modules, 0)
    heap.write(heap.new(16), "QQ", state, state)
    return heap


def located(heap: Heap, seconds: float = 60) -> tuple[Place | NotFound, int]:
    """The answer, and how many slices it took; the state goes through JSON each time."""
    process, state, cache, slices = cast("Process", heap), cast("Plain", None), FileCache(), 0
    while True:
        found = locate(process, Budget(heap.meter, seconds=seconds), cache, state)
        slices += 1
        if not isinstance(found, Pending):
            return found, slices
        state = orjson.loads(orjson.dumps(found.state))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"3.{row.minor}")
def test_structure_alone(row: Row) -> None:
    heap = process_of(row)
    place, _ = located(heap)
    assert isinstance(place, Place)
    assert place.calibration.how == "structural search"
    assert place.calibration.modules == row.modules
    assert len(place.calibration.slots) >= 2
    found = walk(cast("Process", heap), Budget(heap.meter, seconds=60), place)
    assert isinstance(found, Walked)
    assert found.interpreters == 1


def test_search_goes_on_from_its_state() -> None:
    """Without any time left, each slice makes one step, and the last finds the interpreter."""
    place, slices = located(process_of(ROWS[2]), seconds=0)
    assert isinstance(place, Place)
    assert slices == SIZE // search.STEP + 1


def test_nothing_there_is_not_found_for_good() -> None:
    found, _ = located(Heap(OLD))
    assert isinstance(found, NotFound)
    assert (found.reason, found.final) == ("interpreter not found", True)


def offsets(**changed: int) -> bytes:
    """The beginning of _PyRuntime of 3.14 without the GIL."""
    words = {8: 0x030E08F0, 16: 1, 24: 500_000, 40: 808, 64: 7272, 96: 7688}
    words |= {int(at[1:]): value for at, value in changed.items()}
    data = bytearray(DEBUG_SIZE)
    data[:8] = COOKIE
    for at, value in words.items():
        struct.pack_into("<Q", data, at, value)
    return bytes(data)


def test_debug_offsets() -> None:
    found = debug_offsets(offsets())
    assert found
    assert (found.minor, found.free_threaded) == (14, True)
    assert (found.head, found.next, found.modules) == (808, 7272, 7688)


@pytest.mark.parametrize(
    "changed",
    [
        {"w8": 0x02070000},
        {"w8": 0x030C0000},
        {"w16": 2},
        {"w24": 0},
        {"w24": 1 << 60},
        {"w40": 1 << 60},
        {"w64": 1 << 60},
        {"w96": 1 << 60},
    ],
)
def test_impossible_debug_offsets(changed: dict[str, int]) -> None:
    assert debug_offsets(offsets(**changed)) is None


@pytest.mark.parametrize("layout", [SHORT, FREE_BYTE], ids=lambda layout: layout.name)
def test_cookie_in_memory(layout: object) -> None:
    """The file cannot be opened (Heap refuses it): memory has the offsets too."""
    heap = Heap(SHORT if layout is SHORT else FREE_BYTE)
    runtime = heap.new(1024)
    free = int(heap.layout is FREE_BYTE)
    heap.put(runtime, offsets(w16=free, w40=808, w64=0, w96=400))
    modules = heap.sys_modules({"a": heap.module(__file__="/a.py")})
    heap.write(runtime + 808, "Q", heap.interpreter(modules, 400))
    place, _ = located(heap)
    assert isinstance(place, Place)
    assert (place.calibration.how, place.calibration.layout) == ("debug offsets", heap.layout.name)
    found = walk(cast("Process", heap), Budget(heap.meter, seconds=60), place)
    assert isinstance(found, Walked)
    assert "a" in {module.name for module in found.imported.modules}


@pytest.mark.parametrize("names", [(), ("sys",), ("sys", "builtins")])
def test_interpreter_that_is_just_starting_is_looked_at_again(names: tuple[str, ...]) -> None:
    heap = Heap(SHORT)
    runtime = heap.new(1024)
    heap.put(runtime, offsets(w16=0, w40=808, w64=0, w96=400))
    modules = heap.dict({name: heap.module(__name__=name) for name in names})
    heap.write(runtime + 808, "Q", heap.interpreter(modules, 400))
    found, _ = located(heap)
    assert isinstance(found, NotFound)
    assert (found.reason, found.final) == ("interpreter not started", False)


def resolve(heap: Heap, memo: Plain = None) -> Finding:
    budget = Budget(heap.meter, seconds=60)
    return PYTHON.resolve(cast("Process", heap), budget, FileCache(), memo)


def test_failure_is_remembered() -> None:
    heap = Heap(OLD)
    first = resolve(heap)
    assert [gap.reason for gap in first.gaps] == ["interpreter not found"]
    heap.reads = 0
    again = resolve(heap, orjson.loads(orjson.dumps(first.memo)))
    assert again.gaps == first.gaps
    assert heap.reads == 0


def test_second_look_answers_from_its_memo() -> None:
    heap = process_of(ROWS[2])
    memo: Plain = None
    while True:
        finding = resolve(heap, memo)
        memo = orjson.loads(orjson.dumps(finding.memo))
        if not finding.more:
            break
    assert finding.coverage
    first, heap.reads = heap.reads, 0
    again = resolve(heap, memo)
    assert again == replace(finding, memo=again.memo)
    assert heap.reads < first / 4
    assert orjson.loads(orjson.dumps(again.memo)) == memo


def test_closed_memory_says_why_and_what_would_help() -> None:
    heap = Heap(OLD)
    heap.memory_gap = "Yama forbids it: needs SYS_PTRACE"
    found = resolve(heap)
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("memory not readable", "Yama forbids it: needs SYS_PTRACE")
    ]
    assert found.coverage
    assert not found.coverage.complete


def test_search_is_bounded() -> None:
    assert search.MAX_BYTES % search.STEP == 0
    heap = Heap(OLD)
    ranges, at, steps = [(BASE, 1 << 30)], cast("int | None", 0), 0
    while at is not None:
        at = search.step(cast("Process", heap), ranges, at).next
        steps += 1
    assert steps == search.MAX_BYTES // search.STEP
