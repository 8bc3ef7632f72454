"""The walk over made-up heaps in every layout: what is read, and what is left out and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson
import pytest

from sensor.model.budget import Budget
from sensor.resolvers.python.interpreters import Calibration
from sensor.resolvers.python.layouts import LAYOUTS
from sensor.resolvers.python.locate import Place
from sensor.resolvers.python.progress import Progress, Walked
from sensor.resolvers.python.walk import token, walk
from tests.support.heap import BASE, Heap

if TYPE_CHECKING:
    from sensor.host.seam import Process

AT = 40
FEW = 3


def place(heap: Heap, *interpreters: int) -> Place:
    """A place whose only pointer is to the first of these interpreters, each the next of it."""
    slot = heap.new(16)
    heap.write(slot, "Q", interpreters[0] if interpreters else 0)
    return Place(Calibration((slot - BASE,), AT, 0, heap.layout.name, "test"), BASE)


def run(heap: Heap, where: Place) -> Walked:
    process = cast("Process", heap)
    found = walk(process, Budget(heap.meter, seconds=60), where)
    assert isinstance(found, Walked)
    return found


def read(heap: Heap, modules: dict[str, int]) -> Walked:
    return run(heap, place(heap, heap.interpreter(heap.sys_modules(modules), AT)))


def rows(found: Walked) -> dict[str, tuple[str | None, str | None]]:
    return {m.name: (m.file, m.version) for m in found.imported.modules}


@pytest.fixture(params=sorted(LAYOUTS))
def heap(request: pytest.FixtureRequest) -> Heap:
    return Heap(LAYOUTS[request.param])


def test_names_files_and_versions(heap: Heap) -> None:
    found = read(
        heap,
        {
            "os": heap.module(__file__="/lib/python3/os.py"),
            "yaml": heap.module(__file__="/site/yaml/__init__.py", __version__="6.0"),
            "yaml.nodes": heap.module(__file__="/site/yaml/nodes.py", __version__="6.0"),
            "ünïcode": heap.module(__file__="/site/日本.py"),
            "wide": heap.module(__file__="/site/\U0001f40d.py"),
            "frozen": heap.module(__name__="frozen"),
        },
    )
    assert rows(found) == {
        "sys": (None, None),
        "builtins": (None, None),
        "os": ("/lib/python3/os.py", None),
        "yaml": ("/site/yaml/__init__.py", "6.0"),
        "yaml.nodes": ("/site/yaml/nodes.py", None),
        "ünïcode": ("/site/日本.py", None),
        "wide": ("/site/\U0001f40d.py", None),
        "frozen": (None, None),
    }
    assert found.gaps == []
    assert (found.imported.version, found.imported.stdlib) == ("3.99.1", "/lib/python3")


def test_attributes_that_are_set_late(heap: Heap) -> None:
    many = {f"name{number}": "x" for number in range(30)}
    modules = {
        "early": heap.module(__file__="/site/early.py"),
        "late": heap.module(**many, __file__="/site/late.so", __version__="1"),
    }
    assert rows(read(heap, modules))["late"] == ("/site/late.so", "1")


def test_none_is_no_module_and_other_objects_are_told(heap: Heap) -> None:
    number = heap.object(heap.list_type, 16)
    found = read(heap, {"blocked": heap.none(), "number": number})
    assert "blocked" not in rows(found)
    assert rows(found)["number"] == (None, None)
    assert found.gaps == [("module object not readable", "number")]


def test_odd_object_in_a_known_package_is_no_gap(heap: Heap) -> None:
    number = heap.object(heap.list_type, 16)
    modules = {"p": heap.module(__file__="/site/p.py"), "p.lazy": number}
    # As cryptography has it: made by compiled code, the parent has no file either.
    modules |= {"_openssl": heap.module(__name__="_openssl"), "_openssl.lib": number}
    assert read(heap, modules).gaps == []


def test_file_that_is_no_text(heap: Heap) -> None:
    module = heap.module_of({"__file__": heap.object(heap.list_type, 64)})
    assert rows(read(heap, {"m": module}))["m"] == (None, None)


@pytest.mark.parametrize("text", ["x" * 5000, "/a\udc80.py"])
def test_texts_that_cannot_be_reported(heap: Heap, text: str) -> None:
    found = read(heap, {"m": heap.module(__file__=text), text: heap.module(__file__="/f.py")})
    assert rows(found)["m"] == (None, None)
    assert text not in rows(found)
    assert dict(found.gaps) == {
        "module attributes not readable": "m",
        "module name not readable": "1",
    }


def test_absent_pages_are_told(heap: Heap) -> None:
    heap.new(-heap.new(0) % 4096)
    file = heap.text("/site/swapped.py")
    heap.new(4096)
    modules = heap.sys_modules({"swapped": heap.module_of({"__file__": file})})
    heap.absent = {(file - BASE) // 4096}
    found = run(heap, place(heap, heap.interpreter(modules, AT)))
    assert found.gaps == [("module attributes not readable", "swapped")]


def test_interpreters_are_read_together(heap: Heap) -> None:
    first = heap.interpreter(heap.sys_modules({"a": heap.module(__file__="/a.py")}), AT)
    second = heap.interpreter(heap.sys_modules({"b": heap.module(__file__="/b.py")}), AT, first)
    found = run(heap, place(heap, second))
    assert found.interpreters == 2
    assert {"a", "b"} <= rows(found).keys()


def test_a_loop_of_interpreters_ends(heap: Heap) -> None:
    one = heap.interpreter(heap.sys_modules({}), AT)
    heap.write(one, "Q", one)
    assert run(heap, place(heap, one)).interpreters == 1


def test_interpreter_that_is_only_starting(heap: Heap) -> None:
    ready = heap.interpreter(heap.sys_modules({"a": heap.module(__file__="/a.py")}), AT)
    starting = heap.interpreter(0, AT, ready)
    found = run(heap, place(heap, starting))
    assert found.gaps == [("interpreter is starting or ending", "not initialised")]
    assert "a" in rows(found)


def test_token_changes_with_an_import(heap: Heap) -> None:
    modules = heap.sys_modules({"a": heap.module(__file__="/a.py")})
    where = place(heap, heap.interpreter(modules, AT))
    process = cast("Process", heap)
    before = token(process, where)
    assert token(process, where) == before
    heap.write(modules + heap.layout.header, "Q", 4)
    heap.read([], fresh=True)
    assert token(process, where) != before


def test_goes_on_from_its_state_as_json(heap: Heap) -> None:
    modules = {f"m{n}": heap.module(__file__=f"/m{n}.py") for n in range(600)}
    where = place(heap, heap.interpreter(heap.sys_modules(modules), AT))
    process = cast("Process", heap)
    state, slices = None, 0
    while True:
        found = walk(process, Budget(heap.meter, seconds=0), where, state)
        slices += 1
        if isinstance(found, Walked):
            break
        assert isinstance(found, Progress)
        state = orjson.loads(orjson.dumps(found.plain()))
    assert slices == FEW + 1
    assert len(rows(found)) == len(modules) + 2
    assert found.gaps == []


def test_entry_that_was_replaced_meanwhile_is_not_believed(heap: Heap) -> None:
    """The addresses are used again: the name is that of another module when the file is read."""
    victim = heap.module(__file__="/site/victim.py")
    modules = heap.sys_modules({"victim": victim})
    where = place(heap, heap.interpreter(modules, AT))
    other = heap.module(__file__="/site/other.py")
    contents = int.from_bytes(heap.memory[other + heap.layout.header - BASE :][:8], "little")

    def replace() -> None:
        heap.write(victim + heap.layout.header, "Q", contents)
        heap.write(modules + heap.layout.header, "QQ", 3, 99)

    # Everything was read of the first state; before the check the second one begins.
    heap.before_fresh = [replace]
    found = run(heap, where)
    assert rows(found)["victim"] in {("/site/other.py", None), (None, None)}


def test_endless_change_ends_as_a_gap(heap: Heap) -> None:
    modules = heap.sys_modules({"a": heap.module(__file__="/a.py")})
    where = place(heap, heap.interpreter(modules, AT))
    copies = [heap.keys({"gone": 0}, 4 + n % 3) for n in range(400)]

    def move() -> None:
        heap.write(modules + heap.layout.header + 16, "Q", copies.pop())

    heap.before_fresh = [move] * len(copies)
    found = run(heap, where)
    assert [reason for reason, _ in found.gaps] in (
        ["sys.modules is changing"],
        ["interpreter not readable"],
    )
    assert rows(found) == {}
