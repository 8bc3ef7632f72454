"""The class of a loader's object, in every way in which a JVM holds it, and in none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import pytest

from sensor.resolvers.java.graph import graph_of
from sensor.resolvers.java.kinds import Kinds
from sensor.resolvers.java.klasses import Reader
from sensor.resolvers.java.memory import Memory
from sensor.resolvers.java.words import BOOT, UNREADABLE
from tests.support.metaspace import BASE, LAYOUT, Metaspace

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.resolvers.java.layout import Layout

APP = "jdk/internal/loader/ClassLoaders$AppClassLoader"
SHIFT = 3


def kinds(space: Metaspace) -> list[str]:
    memory = Memory(cast("Process", space))
    reader = Reader(memory, space.layout)
    found = Kinds(memory, space.library, reader).of(graph_of(memory, space.library).loaders)
    return found[::-1]


def started(layout: Layout = LAYOUT) -> tuple[Metaspace, int]:
    """A boot loader with the class of the application's loader."""
    space = Metaspace(layout)
    boot = space.loader()
    classes = [
        space.klass(boot, name) for name in ("java/lang/ClassLoader", "a/BuiltinClassLoader", APP)
    ]
    for upper, lower in pairwise(classes):
        space.write(lower + layout.klass_super, "Q", upper)
    space.write(BASE + layout.narrow_base_at, "Q", BASE)
    space.write(BASE + layout.narrow_shift_at, "Q", SHIFT)
    return space, classes[-1]


def test_full_class_pointers() -> None:
    space, app = started()
    space.loader(kind=app)
    assert kinds(space) == [BOOT, APP]


def test_short_class_pointers() -> None:
    space, app = started()
    held = space.new(16)
    space.write(held, "QII", 1, (app - BASE) >> SHIFT, 0x1234)
    space.write(space.loader() + LAYOUT.cld_loader, "Q", space.handle(held))
    assert kinds(space) == [BOOT, APP]


def test_compact_headers() -> None:
    space, app = started(replace(LAYOUT, shift=42))
    held = space.new(16)
    space.write(held, "QQ", ((app - BASE) >> SHIFT) << 42 | 1, 0x1234)
    space.write(space.loader() + LAYOUT.cld_loader, "Q", space.handle(held))
    assert kinds(space) == [BOOT, APP]


@pytest.mark.parametrize("shift", [13, 14, 15, 16])
def test_coloured_references(shift: int) -> None:
    space, app = started()
    held = space.object(app)
    coloured = held << shift | 0b1010
    space.write(space.loader() + LAYOUT.cld_loader, "Q", space.handle(coloured))
    assert kinds(space) == [BOOT, APP]


def test_an_object_that_is_held_without_a_handle() -> None:
    space, app = started(replace(LAYOUT, handles=False))
    space.write(space.loader() + LAYOUT.cld_loader, "Q", space.object(app))
    assert kinds(space) == [BOOT, APP]


def test_an_object_that_moves_is_looked_for_again() -> None:
    space, app = started()
    first = space.object(space.klass(space.loader(), "java/util/HashMap"))
    handle = space.handle(first)
    space.write(space.loader() + LAYOUT.cld_loader, "Q", handle)
    space.before_read = dict.fromkeys(
        range(8, 9), lambda: space.write(handle, "Q", space.object(app))
    )
    assert kinds(space)[-1] == APP


@pytest.mark.parametrize("what", ["no loader", "null", "absent", "no class", "circle"])
def test_what_is_no_loader_has_no_kind(what: str) -> None:
    space, app = started()
    loader = space.loader(kind=app)
    handle = space.word(loader + LAYOUT.cld_loader)
    if what == "no loader":
        other = space.klass(loader, "java/util/HashMap")
        space.write(handle, "Q", space.object(other))
    elif what == "null":
        space.write(handle, "Q", 0)
    elif what == "absent":
        space.write(handle, "Q", BASE - 4096)
    elif what == "no class":
        space.write(space.word(handle), "QQ", 1, 0x1238)
    else:
        space.write(app + LAYOUT.klass_super, "Q", app)
    assert kinds(space) == [BOOT, UNREADABLE]
