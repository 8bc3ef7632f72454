"""The list of class loaders of a JVM: ClassLoaderDataGraph, newest first.

Loaders are prepended to it, and each prepends its classes to a list of its own; a loader leaves it
as a whole, with all its classes (classLoaderDataGraph.cpp, classLoaderData.cpp: add_class).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.resolvers.java.memory import WORD, is_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.resolvers.java.layout import Layout
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory

# A Spark shell has 900, mostly of hidden classes. So many are read in 0.3 s, which is not sliced.
MAX_LOADERS = 20_000
# How often a list that is torn by a loader that went is read again at once.
TRIES = 8


class Cld(NamedTuple):
    """One ClassLoaderData: its address, its newest class, and what holds its loader object.

    `hidden` says that it was made for one hidden or anonymous class.
    """

    address: int
    head: int
    loader: int
    hidden: bool


class Graph(NamedTuple):
    """The loaders, newest first; `whole` is False when the list could not be read to its end.

    Its end is the boot loader, the first of all: a loader that goes while we look can cut the list
    off before it.
    """

    loaders: list[Cld]
    whole: bool


def graph_of(memory: Memory, library: Library, known: Iterable[int] = ()) -> Graph:
    """Read the list as it is now. Without a loader the JVM is starting.

    `known` are loaders that are likely still there: many are read at once faster than one by one.
    """
    for _ in range(TRIES):
        graph = _read(memory, library, known)
        if graph.whole or len(graph.loaders) >= MAX_LOADERS:
            break
    return graph


def _read(memory: Memory, library: Library, known: Iterable[int]) -> Graph:
    layout = library.layout
    size = max(layout.cld_klasses, layout.cld_loader, layout.cld_next, layout.cld_hidden)
    size += WORD.size
    likely = list(known)
    at_once = dict(zip(likely, memory.read([(at, size) for at in likely]), strict=True))
    found: dict[int, Cld] = {}
    address = memory.word(layout.graph_at + library.bias)
    while address:
        # Exactly it is read: beside it are things of other kinds.
        data = at_once.get(address) or (
            memory.read([(address, size)])[0] if is_pointer(address) else None
        )
        if data is None or address in found or len(found) >= MAX_LOADERS:
            return Graph(_flagged(layout, list(found.values())), whole=False)
        found[address] = _loader(layout, address, data)
        (address,) = WORD.unpack_from(data, layout.cld_next)
    loaders = _flagged(layout, list(found.values()))
    whole = not loaders or (loaders[-1].loader == 0 and not loaders[-1].hidden)
    return Graph(loaders, whole)


def _loader(layout: Layout, address: int, data: bytes) -> Cld:
    (head,) = WORD.unpack_from(data, max(layout.cld_klasses, 0))
    (loader,) = WORD.unpack_from(data, layout.cld_loader)
    hidden = layout.cld_hidden >= 0 and data[layout.cld_hidden] != 0
    return Cld(address, head, loader, hidden)


def _flagged(layout: Layout, loaders: list[Cld]) -> list[Cld]:
    """The loaders, with `hidden` told where the layout does not.

    Of all that hold the same loader object the oldest is its own: the others are anonymous classes.
    """
    if layout.cld_hidden >= 0:
        return loaders
    own = {loader.loader: loader.address for loader in loaders}
    return [each._replace(hidden=own[each.loader] != each.address) for each in loaders]


def calibrated(memory: Memory, library: Library) -> Library:
    """The library with the offset of a loader's classes, which JDK 8 does not tell.

    It is the one word of the boot loader, the oldest of all, that points to a class which points
    back: others come and go while we look. Raises Malformed when there is no such word, or more.
    """
    layout = library.layout
    if layout.cld_klasses >= 0:
        return library
    fits: list[int] = []
    loaders = graph_of(memory, library).loaders
    if loaders:
        boot = loaders[-1].address
        fits = _pointing_back(memory, layout, boot)
        if len(fits) != 1:
            raise Malformed(f"{len(fits)} offsets could be that of a loader's classes")
    return library._replace(layout=replace(layout, cld_klasses=fits[0] if fits else 0))


def _pointing_back(memory: Memory, layout: Layout, loader: int) -> list[int]:
    offsets = range(0, layout.cld_next, WORD.size)
    klasses = memory.words(loader + at for at in offsets)
    backs = memory.words(klass + layout.klass_cld if klass else 0 for klass in klasses)
    return [at for at, back in zip(offsets, backs, strict=True) if back == loader]
