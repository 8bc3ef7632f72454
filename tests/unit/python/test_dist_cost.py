"""What the mapping costs: the second process opens nothing, a slice stops in time and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from sensor.errors import BudgetSpent
from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.python import distributions, match, sites
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import NOW, Tree, TreeProcess

if TYPE_CHECKING:
    from sensor.model.file import FileId
    from sensor.model.finding import Plain

SITE = "/site-packages"
COUNT = 30


def tree(count: int = COUNT) -> Tree:
    files: dict[str, str | bytes] = {}
    for number in range(count):
        info = f"{SITE}/d{number}-1.dist-info"
        files[f"{SITE}/m{number}/__init__.py"] = ""
        files[f"{info}/METADATA"] = f"Name: d{number}\nVersion: 1\n\n"
        files[f"{info}/RECORD"] = f"m{number}/__init__.py,,\n"
    return Tree(files)


def imported(count: int = COUNT) -> Imported:
    names = (f"m{number}" for number in range(count))
    return Imported(tuple(Module(n, f"{SITE}/{n}/__init__.py") for n in names), "3.11", None)


def budget(tree: Tree) -> Budget:
    return Budget(tree.meter, seconds=60)


class JsonCache(FileCache):
    """A cache that keeps what JSON keeps."""

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        super().put(kind, file, orjson.loads(orjson.dumps(value)))


def test_the_second_process_opens_and_lists_nothing() -> None:
    one, cache = tree(), JsonCache()
    first = join(TreeProcess(one), imported(), cache, budget(one))
    assert len(first.packages) == COUNT
    one.forget()
    calls = one.meter.calls
    second = join(TreeProcess(one), imported(), cache, budget(one))
    assert second == first
    assert (one.opened, one.listed) == ([], [])
    # The import root and one file of each distribution are looked at, by stat.
    assert one.meter.calls - calls == COUNT + 1


def test_a_changed_directory_is_read_again_but_not_its_unchanged_lists() -> None:
    one, cache = tree(), JsonCache()
    join(TreeProcess(one), imported(), cache, budget(one))
    one.files[f"{SITE}/new-2.dist-info/METADATA"] = b"Name: new\nVersion: 2\n\n"
    one.files[f"{SITE}/new-2.dist-info/RECORD"] = b"new.py,,\n"
    one.files[f"{SITE}/new.py"] = b""
    one.forget()
    modules = (*imported().modules, Module("new", f"{SITE}/new.py"))
    found = join(TreeProcess(one), Imported(modules, "3.11", None), cache, budget(one))
    assert len(found.packages) == COUNT + 1
    assert sorted(one.opened) == [
        f"{SITE}/new-2.dist-info/METADATA",
        f"{SITE}/new-2.dist-info/RECORD",
    ]


def slices_of(one: Tree, wanted: Imported, seconds: float) -> tuple[Joined, int]:
    """Map in slices in which each question for the time takes 50 ms; how many it took."""
    cache = JsonCache()
    for slices in range(1, 100):
        clock = iter([0.05 * tick for tick in range(1000)])
        work = Budget(one.meter, seconds=seconds, clock=lambda clock=clock: next(clock))  # type: ignore[misc]
        before = len(one.opened)
        found = join(TreeProcess(one), wanted, cache, work)
        if not found.more:
            return found, slices
        assert (found.packages, found.gaps) == ((), ())
        assert len(one.opened) - before <= 2 * 16 * seconds / 0.05
    raise AssertionError("it does not end")


@pytest.mark.parametrize(("seconds", "slices"), [(0.06, 12), (0.16, 4), (60.0, 1)])
def test_a_slice_stops_and_the_next_goes_on(seconds: float, slices: int) -> None:
    one = tree(190)
    found, took = slices_of(one, imported(190), seconds)
    assert took == slices
    assert len(one.opened) == len(set(one.opened)) == 2 * 190
    whole = tree(190)
    assert found == join(TreeProcess(whole), imported(190), FileCache(), budget(whole))


def test_many_roots_are_listed_in_slices_once_each() -> None:
    one = Tree({f"/plugins/{number}/mod{number}.py": "" for number in range(50)})
    modules = tuple(Module(f"mod{n}", f"/plugins/{n}/mod{n}.py") for n in range(50))
    found, slices = slices_of(one, Imported(modules, "3.11", None), 0.06)
    assert slices == 7
    assert len(one.listed) == 50
    assert found.application == 50


def test_a_budget_that_is_used_already_is_left_for_the_next_slice() -> None:
    one = tree()
    used = Budget(one.meter, seconds=0)
    assert join(TreeProcess(one), imported(), FileCache(), used).more
    assert one.opened == []


def test_more_modules_than_a_step_can_take_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "MAX_MODULES", COUNT - 1)
    monkeypatch.setattr(distributions, "MAX_MODULES", COUNT - 1)
    one = tree()
    found = join(TreeProcess(one), imported(), FileCache(), budget(one))
    assert len(found.packages) == COUNT - 1
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [
        ("more modules than are mapped", f"{COUNT}")
    ]


def test_what_is_being_installed_is_not_remembered() -> None:
    one, cache = tree(), JsonCache()
    record = one.files.pop(f"{SITE}/d3-1.dist-info/RECORD")
    one.changed[SITE] = int(NOW) - 1
    found = join(TreeProcess(one), imported(), cache, budget(one))
    assert len(found.packages) == COUNT - 1
    one.files[f"{SITE}/d3-1.dist-info/RECORD"] = record
    found = join(TreeProcess(one), imported(), cache, budget(one))
    assert len(found.packages) == COUNT


def test_what_lacks_its_list_for_long_is_remembered() -> None:
    one, cache = tree(), JsonCache()
    del one.files[f"{SITE}/d3-1.dist-info/RECORD"]
    join(TreeProcess(one), imported(), cache, budget(one))
    one.forget()
    join(TreeProcess(one), imported(), cache, budget(one))
    assert (one.opened, one.listed) == ([], [])


def test_the_index_is_small() -> None:
    one, cache = tree(1000), FileCache()
    join(TreeProcess(one), imported(1000), cache, budget(one))
    assert cache.statistics[sites.SITE].puts == 1
    assert cache.bytes < 400_000


def test_a_thousand_roots_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "MAX_ROOTS", 10)
    one = Tree({f"/plugins/{number}/mod{number}.py": "" for number in range(50)})
    modules = tuple(Module(f"mod{n}", f"/plugins/{n}/mod{n}.py") for n in range(50))
    found = join(TreeProcess(one), Imported(modules, "3.11", None), FileCache(), budget(one))
    assert len(one.listed) == 10
    assert {gap.reason for gap in found.gaps} == {"import root not read"}
    assert len(found.gaps) == 21
    assert found.gaps[-1].detail == "and 20 more"


def test_a_list_without_end_is_refused_before_it_is_read() -> None:
    one = tree()
    one.files[f"{SITE}/d3-1.dist-info/RECORD"] = b"x" * (17 << 20)
    found = join(TreeProcess(one), imported(), FileCache(), budget(one))
    assert [gap.reason for gap in found.gaps] == [
        "metadata of a distribution damaged",
        "module owned by no distribution",
    ]
    assert one.meter.bytes < 1 << 20


def test_the_hard_limit_ends_it() -> None:
    one = tree()
    one.meter.hard_calls = 10
    work = Budget(one.meter, seconds=60, max_calls=2)
    with pytest.raises(BudgetSpent):
        join(TreeProcess(one), imported(), FileCache(), work)
