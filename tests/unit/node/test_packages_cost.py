"""What the mapping costs: the second process opens nothing, a slice stops in time and goes on."""

from __future__ import annotations

import pytest

from sensor.errors import BudgetSpent
from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.node import application, packagejson, packages
from sensor.resolvers.node.packages import packages_of
from sensor.resolvers.node.words import CJS, Module
from tests.support.tree import Tree, TreeProcess, zipped
from tests.unit.node.mapping import APP, MODULES, JsonCache, gaps, known, look, package

COUNT = 100
PATHS = [
    f"{MODULES}/p{number}/{name}" for number in range(COUNT) for name in ("index.js", "lib/a.js")
]


def tree() -> Tree:
    files: dict[str, str] = package(APP, "shop", "0.1.0")
    for number in range(COUNT):
        folder = f"{MODULES}/p{number}"
        files |= package(folder, f"p{number}", "1.0.0") | {f"{folder}/lib/a.js": ""}
    return Tree(files)


def test_the_second_process_opens_nothing() -> None:
    one, cache = tree(), JsonCache()
    first, _ = look(one, PATHS, cache)
    assert len(first.packages) == COUNT
    assert len(one.opened) == len(set(one.opened)) == COUNT
    one.forget()
    size, calls = one.meter.bytes, one.meter.calls
    second, _ = look(one, PATHS, cache)
    assert second == first
    assert (one.opened, one.listed, one.meter.bytes - size) == ([], [], 0)
    # For each package: package.json and lib/package.json, and two files that must be there.
    assert one.meter.calls - calls == COUNT * 4


def test_the_cache_is_small() -> None:
    one, cache = tree(), FileCache()
    look(one, PATHS, cache)
    assert cache.bytes <= COUNT * 40


@pytest.mark.parametrize(("seconds", "slices"), [(0.06, 14), (0.16, 7), (60.0, 1)])
def test_a_slice_stops_and_the_next_goes_on(seconds: float, slices: int) -> None:
    one = tree()
    found, took = look(one, PATHS, JsonCache(), seconds=seconds)
    assert took == slices
    assert len(one.opened) == len(set(one.opened)) == COUNT
    assert found == look(tree(), PATHS)[0]


def test_each_slice_gets_further_however_little_time_it_has() -> None:
    own = {f"{APP}/src/{number}.js": "" for number in range(5)}
    one = Tree(tree().files | dict.fromkeys(own, b""))
    found, took = look(one, [*PATHS, *own], JsonCache(), seconds=0)
    # Of folders 26 steps, of files one, and one for each file of the application.
    assert took == 26 + 1 + 5 + 1
    assert len(found.packages) == COUNT + 1


def test_zip_files_are_opened_once() -> None:
    files = {}
    for number in range(40):
        inner = f"node_modules/p{number}"
        said = f'{{"name": "p{number}", "version": "1.0.0"}}'
        files[f"{APP}/p{number}.zip"] = zipped({f"{inner}/package.json": said, f"{inner}/a.js": ""})
    paths = [
        f"{APP}/p{n}.zip/node_modules/p{n}/{name}" for n in range(40) for name in ("a.js", "l/b.js")
    ]
    one, cache = Tree(files), JsonCache()
    first, _ = look(one, paths, cache)
    assert len(first.packages) == 40
    assert first.gaps == ()
    one.forget()
    again, slices = look(one, paths, cache, seconds=0)
    assert again == first
    assert one.opened == []
    # No two in one step, and one step for the files.
    assert slices == 40 + 1 + 1


def test_a_zip_file_of_many_members_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packagejson, "MAX_ENTRIES", 2)
    files = {f"node_modules/a/{name}": "{}" for name in ("package.json", "a.js", "b.js")}
    found, _ = look(Tree({f"{APP}/a.zip": zipped(files)}), [f"{APP}/a.zip/node_modules/a/a.js"])
    ((reason, detail),) = gaps(found).items()
    assert reason == "zip file of a package not read"
    assert detail.endswith("package.json: 3 files, more than 2")


def test_an_upgraded_package_is_read_again() -> None:
    one, cache = tree(), JsonCache()
    look(one, PATHS, cache)
    one.files[f"{MODULES}/p7/package.json"] = b'{"name": "p7", "version": "1.0.1"}'
    one.forget()
    found, _ = look(one, PATHS, cache)
    assert ("pkg:npm/p7@1.0.1", None) in known(found)
    assert one.opened == [f"{MODULES}/p7/package.json"]


@pytest.mark.parametrize(("bound", "left"), [("MAX_MODULES", 10), ("MAX_FOLDERS", 11)])
def test_bounds_are_told(monkeypatch: pytest.MonkeyPatch, bound: str, left: int) -> None:
    monkeypatch.setattr(packages, bound, 20)
    found, _ = look(tree(), PATHS)
    assert len(found.packages) == left
    ((reason, detail),) = gaps(found).items()
    assert reason == "more modules than are mapped"
    assert detail.startswith(f"{2 * COUNT}, 2")


def test_many_files_of_the_application_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MAX_OWN", 3)
    own = {f"{APP}/{number}.js": "" for number in range(5)}
    one = Tree(own)
    found, _ = look(one, own)
    assert gaps(found) == {"more files of the application than are looked into": "5, more than 3"}
    assert len(one.opened) == 3


def test_the_hard_limit_ends_it() -> None:
    one = tree()
    one.meter.hard_calls = 10
    work = Budget(one.meter, seconds=60, max_calls=2)
    modules = [Module(path, CJS) for path in PATHS]
    with pytest.raises(BudgetSpent):
        packages_of(TreeProcess(one), work, FileCache(), modules, None)
