"""Has a JVM loaded, unloaded or initialised a class since? Told without reading any class.

By the JVM's own counters where it keeps them (five words), else by the heads of all loaders' lists.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sensor.resolvers.java.counters import LOADED, UNLOADED
from sensor.resolvers.java.graph import graph_of

if TYPE_CHECKING:
    from sensor.model.finding import Plain
    from sensor.resolvers.java.counters import Counters
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory


def watch(memory: Memory, library: Library, counters: Counters | None) -> Plain:
    """What to keep in a memo, as it is now."""
    if counters is None:
        return {"graph": _digest(memory, library)}
    numbers: list[Plain] = list(counters.watch)
    values: list[Plain] = list(memory.words(counters.watch))
    return {"at": numbers, "is": values}


def unchanged(memory: Memory, library: Library, kept: Any) -> bool:  # noqa: ANN401 - decoded JSON
    """Whether it is now as it was kept."""
    if "at" in kept:
        return bool(memory.words(kept["at"]) == kept["is"])
    return bool(_digest(memory, library) == kept["graph"])


def count_now(memory: Memory, kept: Any) -> int | None:  # noqa: ANN401 - decoded JSON
    """How many classes there are by the JVM's counters; None when it keeps none."""
    if "at" not in kept:
        return None
    words = memory.words(kept["at"][: len(LOADED) + len(UNLOADED)])
    loaded = [word - (1 << 64) if word >> 63 else word for word in words]
    return sum(loaded[: len(LOADED)]) - sum(loaded[len(LOADED) :])


def _digest(memory: Memory, library: Library) -> str:
    graph = graph_of(memory, library)
    heads = [(loader.address, loader.head) for loader in graph.loaders]
    return hashlib.blake2b(repr((heads, graph.whole)).encode(), digest_size=16).hexdigest()
