"""The walk over made-up class loaders: what is read, what is left out and said, what is torn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest

from sensor.errors import Malformed
from sensor.model.budget import Budget
from sensor.resolvers.java import classes, graph, progress, walk
from sensor.resolvers.java.graph import calibrated, graph_of
from sensor.resolvers.java.klasses import MAX_NAME, Reader, class_name
from sensor.resolvers.java.memory import Memory
from sensor.resolvers.java.progress import Progress
from sensor.resolvers.java.reasons import Reason
from sensor.resolvers.java.words import Klass
from tests.support.metaspace import ALLOCATED, BASE, LAYOUT, LOADED, SIZE, Metaspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Process

Names = dict[int, set[str]]


def read(space: Metaspace, seconds: float = 60) -> classes.Classes:
    """All classes; with no seconds each slice does one step."""
    memory = Memory(cast("Process", space))
    state = classes.begun(memory, space.library)
    for _ in range(100):
        budget = Budget(space.meter, seconds=seconds)
        after = classes.gone_on(memory, space.library, budget, orjson.loads(orjson.dumps(state)))
        assert after is not None
        state = after
        if "loaders" in state:
            return classes.classes_of(orjson.loads(orjson.dumps(state)))
    raise AssertionError("the walk does not end")


def names(found: classes.Classes) -> Names:
    return {loader.address: {k.name for k in loader.classes} for loader in found.loaders}


def test_loaders_with_their_classes() -> None:
    space = Metaspace()
    boot = space.loader(["java/lang/Object", "java/lang/String"])
    space.array(boot)
    app = space.loader(["com/acme/Main", "com/acme/Größe", "com/acme/\U0001f40d"])
    space.klass(app, "com/acme/Late", LOADED)
    space.klass(app, "com/acme/Filler", ALLOCATED)
    space.klass(app, "com/acme/Main$$Lambda$14+0x00007f1a2c001a00")
    found = read(space)
    assert {loader.address: set(loader.classes) for loader in found.loaders} == {
        boot: {Klass("java/lang/Object", True), Klass("java/lang/String", True)},
        app: {
            Klass("com/acme/Main", True),
            Klass("com/acme/Größe", True),
            Klass("com/acme/\U0001f40d", True),
            Klass("com/acme/Late", False),
        },
    }
    assert [loader.hidden for loader in found.loaders] == [2, 0]
    assert (found.total, found.told) == (8, [])


def test_loaders_of_one_hidden_class_are_counted_only() -> None:
    space = Metaspace()
    boot = space.loader(["java/lang/Object"])
    for _ in range(5):
        space.loader(["com/acme/Looks$Named"], hidden=True)
    found = read(space)
    assert names(found) == {boot: {"java/lang/Object"}}
    assert found.total == 6


def test_a_jvm_without_a_loader_is_starting() -> None:
    space = Metaspace()
    memory = Memory(cast("Process", space))
    state = classes.begun(memory, space.library)
    assert classes.gone_on(memory, space.library, Budget(space.meter), state) is None


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_slices_give_what_one_look_gives(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    monkeypatch.setattr(walk, "STEP", step)
    space = Metaspace()
    one = {f"java/lang/C{n}" for n in range(40)}
    two = {f"com/acme/D{n}" for n in range(30)}
    expected = {space.loader(sorted(one)): one, space.loader(sorted(two)): two}
    found = read(space, seconds=0)
    assert names(found) == expected
    assert found.told == []


def disturbed(space: Metaspace, at: int, change: Callable[[], object]) -> classes.Classes | None:
    """What is read when something changes before read number `at`; None if it is never made."""
    done: list[object] = []
    space.before_read[at] = lambda: done.append(change())
    found = read(space)
    return found if done else None


def reads_of(make: Callable[[], Metaspace]) -> range:
    """The numbers of all reads of an undisturbed look."""
    space = make()
    read(space)
    return range(space.reads)


def small() -> tuple[Metaspace, int, int]:
    space = Metaspace()
    boot = space.loader(["java/lang/Object", "java/lang/String"])
    return space, boot, space.loader(["com/acme/Main", "com/acme/Part"])


READS = reads_of(lambda: small()[0])


@pytest.mark.parametrize("at", READS)
def test_classes_that_come_while_we_read(at: int) -> None:
    space, boot, app = small()
    found = disturbed(space, at, lambda: space.klass(app, "com/acme/New"))
    assert found
    assert names(found) in (
        {
            boot: {"java/lang/Object", "java/lang/String"},
            app: {"com/acme/Main", "com/acme/Part"} | new,
        }
        for new in (set(), {"com/acme/New"})
    )
    assert found.told == []


@pytest.mark.parametrize("at", READS)
def test_a_loader_that_goes_while_we_read(at: int) -> None:
    space, boot, app = small()
    found = disturbed(space, at, lambda: space.unload(app))
    assert found
    assert (
        names(found).items()
        <= {
            boot: {"java/lang/Object", "java/lang/String"},
            app: {"com/acme/Main", "com/acme/Part"},
        }.items()
    )
    assert found.told == []


@pytest.mark.parametrize("at", READS)
def test_a_loader_whose_place_is_taken_by_another(at: int) -> None:
    space, boot, app = small()

    def replace_it() -> None:
        space.write(app + LAYOUT.cld_klasses, "Q", 0)
        space.klass(app, "org/other/Thing")

    found = disturbed(space, at, replace_it)
    assert found
    assert names(found)[boot] == {"java/lang/Object", "java/lang/String"}
    assert names(found)[app] in ({"com/acme/Main", "com/acme/Part"}, {"org/other/Thing"})
    assert found.told == []


def test_classes_that_come_without_pause() -> None:
    space, _, app = small()
    count = iter(range(1000))

    def one_more() -> None:
        space.klass(app, f"com/acme/C{next(count)}")

    space.before_read = dict.fromkeys(range(1000), one_more)
    found = read(space)
    assert {"com/acme/Main", "com/acme/Part", "com/acme/C0"} <= names(found)[app]
    assert found.told == [(Reason.CHANGING, "while they were read")]


def test_a_list_that_leads_to_no_class_of_its_loader() -> None:
    space, boot, app = small()
    space.write(space.word(app + LAYOUT.cld_klasses) + LAYOUT.klass_next, "Q", space.new(512))
    found = read(space)
    assert names(found) == {boot: {"java/lang/Object", "java/lang/String"}}
    assert found.told == [(Reason.CHANGING, "while they were read")]


@pytest.mark.parametrize("where", ["graph", "classes", "arrays"])
def test_lists_that_go_in_circles(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(walk, "MAX_CLASSES", 1000)
    space, boot, app = small()
    if where == "graph":
        space.write(boot + LAYOUT.cld_next, "Q", app)
        expected = (Reason.UNREADABLE, "1 lists not read to their end")
    else:
        head = space.word(boot + LAYOUT.cld_klasses)
        head = space.array(boot) if where == "arrays" else space.word(head + LAYOUT.klass_next)
        space.write(head + LAYOUT.klass_next, "Q", space.word(boot + LAYOUT.cld_klasses))
        expected = (Reason.TOO_MANY, "more than 1000")
    found = read(space)
    assert expected in found.told
    assert (
        names(found).items()
        <= {
            boot: {"java/lang/Object", "java/lang/String"},
            app: {"com/acme/Main", "com/acme/Part"},
        }.items()
    )


def test_more_loaders_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MAX_LOADERS", 3)
    monkeypatch.setattr(walk, "MAX_LOADERS", 3)
    space = Metaspace()
    for number in range(5):
        space.loader([f"com/acme/C{number}"])
    found = read(space)
    assert len(found.loaders) == 3
    assert (Reason.UNREADABLE, "1 lists not read to their end") in found.told


def test_a_list_that_is_cut_off_before_the_boot_loader() -> None:
    space, boot, app = small()
    space.write(app + LAYOUT.cld_loader, "Q", space.handle(0))
    late = space.loader(["com/acme/Late"], kind=space.klass(boot, "no/Loader"))
    cut: list[object] = []

    def cut_off() -> None:
        space.write(late + LAYOUT.cld_next, "Q", app if cut else 0)
        cut.append(1)

    space.before_read = dict.fromkeys(range(1, 100, 3), cut_off)
    found = read(space)
    assert len(cut) > 1
    assert set(names(found)) == {boot, app, late}


def test_absent_memory_is_told() -> None:
    space, boot, app = small()
    space.new(-space.new(0) % 4096)
    far = space.klass(app, "com/acme/Far")
    space.new(4096)
    space.klass(app, "com/acme/Near")
    space.absent.add((far - BASE) // 4096)
    found = read(space)
    assert names(found) == {boot: {"java/lang/Object", "java/lang/String"}, app: {"com/acme/Near"}}
    assert found.told == [(Reason.UNREADABLE, "1 lists not read to their end")]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.b.C",
        "[Lcom/acme/Main;",
        "a/b\nc",
        "a//b",
        "/a",
        "a/",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        "x" * 2001,
    ],
)
def test_names_that_no_class_has(name: str | bytes) -> None:
    space, _, app = small()
    space.klass(app, name)
    found = read(space)
    assert names(found)[app] == {"com/acme/Main", "com/acme/Part"}
    assert found.told == [(Reason.UNREADABLE, "1 names")]


def test_long_names_and_names_at_the_end_of_memory() -> None:
    space, _, app = small()
    space.klass(app, "a/" * 900 + "Long")
    found = read(space)
    assert "a/" * 900 + "Long" in names(found)[app]
    assert class_name(b"x" * MAX_NAME) == "x" * MAX_NAME


def test_the_name_of_a_last_symbol() -> None:
    space = Metaspace()
    boot = space.loader([])
    klass = space.klass(boot, "java/lang/Object")
    last = BASE + SIZE - 24
    space.write(last + LAYOUT.symbol_length, "H14s", 14, b"java/lang/Last")
    space.write(klass + LAYOUT.klass_name, "Q", last)
    assert names(read(space)) == {boot: {"java/lang/Last"}}


def old() -> Metaspace:
    """A JVM as JDK 8 describes it: no list of classes, no flag of anonymous ones, no handles."""
    layout = replace(LAYOUT, cld_hidden=-1, handles=False)
    space = Metaspace(layout)
    boot = space.loader(["java/lang/Object"])
    loader = space.klass(boot, "java/lang/ClassLoader")
    kind = space.klass(boot, "sun/misc/Launcher$AppClassLoader")
    space.write(kind + layout.klass_super, "Q", loader)
    held = space.object(kind)
    app = space.loader(["com/acme/Main"])
    anonymous = space.loader(["com/acme/Main$$Lambda$1"])
    for each in (app, anonymous):
        space.write(each + layout.cld_loader, "Q", held)
    space.loader(["java/lang/invoke/LambdaForm$MH"])
    space.layout = replace(layout, cld_klasses=-1)
    space.library = space.library._replace(layout=space.layout)
    return space


def test_jdk_8_is_calibrated() -> None:
    space = old()
    memory = Memory(cast("Process", space))
    space.library = calibrated(memory, space.library)
    assert space.library.layout.cld_klasses == LAYOUT.cld_klasses
    found = read(space)
    assert {loader.kind: {k.name for k in loader.classes} for loader in found.loaders} == {
        "": {"java/lang/Object", "java/lang/ClassLoader", "sun/misc/Launcher$AppClassLoader"},
        "sun/misc/Launcher$AppClassLoader": {"com/acme/Main"},
    }
    assert (found.total, found.told) == (6, [])


def test_a_loader_that_goes_does_not_disturb_the_calibration() -> None:
    space = old()
    memory = Memory(cast("Process", space))
    newest = graph_of(memory, space.library).loaders[0].address
    head = space.word(newest + LAYOUT.cld_klasses)
    space.write(head + LAYOUT.klass_cld, "Q", BASE)
    assert calibrated(memory, space.library).layout.cld_klasses == LAYOUT.cld_klasses


def test_a_jvm_in_which_two_offsets_could_be_right() -> None:
    space = old()
    memory = Memory(cast("Process", space))
    for loader in graph_of(memory, space.library).loaders:
        head = space.word(loader.address + LAYOUT.cld_klasses)
        space.write(loader.address + LAYOUT.cld_klasses + 8, "Q", head)
    with pytest.raises(Malformed, match="2 offsets"):
        calibrated(memory, space.library)


def test_a_starting_jvm_needs_no_calibration() -> None:
    space = old()
    space.write(BASE + LAYOUT.graph_at, "Q", 0)
    library = calibrated(Memory(cast("Process", space)), space.library)
    assert graph_of(Memory(cast("Process", space)), library).loaders == []


def test_what_was_dropped_does_not_count() -> None:
    state = Progress()
    state.add(0x10, ["+a/Old"], 1)
    state.add(0x20, ["-b/Stays"], 0)
    state.drop("10")
    state.add(0x10, ["+a/New"], 2)
    assert state.classes() == {0x10: [Klass("a/New", True)], 0x20: [Klass("b/Stays", False)]}
    assert state.total == 4
    assert progress.Progress(**orjson.loads(orjson.dumps(state.plain()))) == state


@pytest.mark.parametrize("field", ["klass_layout", "klass_next", "klass_cld", "klass_state"])
def test_fields_of_a_class_that_overlap_are_no_layout(field: str) -> None:
    space = Metaspace()
    changes: Any = {field: LAYOUT.klass_name + 3}
    layout = replace(LAYOUT, **changes)
    with pytest.raises(Malformed, match="overlap"):
        Reader(Memory(cast("Process", space)), layout)
