"""Strings of V8 in every representation, in the present and the old layout; lies are None."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.node.calibrate import Maps
from sensor.resolvers.node.esm import script_of_info
from sensor.resolvers.node.heap import MAX_DEPTH, MAX_TEXT, Heap, smi
from sensor.resolvers.node.isolates import token
from sensor.resolvers.node.layouts import TAG, WORD
from tests.support.v8heap import HEAP, MALLOC, NEW, OLD, SIZES, V8Heap
from tests.support.v8heap import smi as as_smi

if TYPE_CHECKING:
    from sensor.resolvers.node.layouts import Layout

LAYOUTS = pytest.mark.parametrize("layout", [NEW, OLD], ids=["new", "old"])


def read(heap: V8Heap, word: int) -> str | None:
    return Heap(heap.process, heap.layout).texts([word])[word]


@LAYOUTS
def test_flat_strings(layout: Layout) -> None:
    heap = V8Heap(layout)
    assert read(heap, heap.text("/srv/caf\xe9.js")) == "/srv/caf\xe9.js"
    assert read(heap, heap.text("/srv/\u6f22.js", wide=True)) == "/srv/\u6f22.js"
    assert read(heap, heap.text("")) == ""


@LAYOUTS
def test_strings_made_of_others(layout: Layout) -> None:
    heap = V8Heap(layout)
    first, second = heap.text("/srv/"), heap.text("\u6f22.js", wide=True)
    rope = heap.cons(first, second, 9)
    assert read(heap, rope) == "/srv/\u6f22.js"
    assert read(heap, heap.thin(rope, 9)) == "/srv/\u6f22.js"
    assert read(heap, heap.sliced(first, 1, 3)) == "srv"


@LAYOUTS
def test_objects_that_end_where_memory_does(layout: Layout) -> None:
    heap = V8Heap(layout)
    short = layout.one_byte_chars + WORD
    script = heap.object(layout.script_type, 0, 0)
    heap.last(short)
    assert read(heap, heap.text("/a.js")) == "/a.js"
    heap.last(5 * WORD)
    info = heap.object(layout.function_info_type, 0, 0, 0, script)
    maps = Maps(heap.meta, heap.map(layout.script_type), 0, 0)
    assert script_of_info(Heap(heap.process, layout), maps, info) == script


def test_a_list_of_scripts_is_watched_though_the_page_behind_is_absent() -> None:
    heap = V8Heap()
    slot = MALLOC + SIZES[MALLOC] - 2 * WORD
    heap.put(slot + TAG, 0, HEAP + TAG)
    heap.put(slot + TAG, 1, as_smi(7))
    assert token(Heap(heap.process, NEW), slot) == [HEAP + TAG, 7]


def test_a_string_that_contradicts_itself_is_none() -> None:
    heap = V8Heap()
    first = heap.text("/srv/")
    assert read(heap, heap.cons(first, first, 9)) is None
    assert read(heap, heap.sliced(first, 3, 5)) is None
    assert read(heap, heap.thin(first, 4)) is None
    assert read(heap, heap.object(NEW.object_type, 0)) is None


def test_bounds_of_strings() -> None:
    heap = V8Heap()
    loop = heap.cons(0, 0, 40)
    heap.put(loop, 2, loop)
    heap.put(loop, 3, loop)
    assert read(heap, loop) is None
    deep = heap.text("/")
    for length in range(2, MAX_DEPTH + 3):
        deep = heap.cons(deep, heap.text("x"), length)
    assert read(heap, deep) is None
    long = heap.text("x")
    heap.put(long, 1, (MAX_TEXT + 1) << 32)
    assert read(heap, long) is None


@pytest.mark.parametrize("word", [0, 1, 3, 1 << 63, (1 << 64) - 1, 0x30000000FFF1, 2])
def test_words_that_are_no_object(word: int) -> None:
    assert read(V8Heap(), word) is None


def test_small_integers() -> None:
    assert smi(as_smi(7)) == 7
    assert smi(as_smi(7) | 1) is None
    assert smi(1 << 63) is None
