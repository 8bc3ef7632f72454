"""A candidate file of an interpreter in one process: its anchors and where it is loaded.

The file is opened, and its anchors are cached by its identity. Where it cannot be opened (an
upgrade has replaced it), the memory that it is mapped to must do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.errors import FileRefused, Malformed
from sensor.resolvers.python import layouts, search
from sensor.resolvers.python.anchors import Anchors, anchors, debug_offsets

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.file import FileId
    from sensor.resolvers.python.detect import Candidate

KIND = "python.anchors.1"
# Cookies of _Py_DebugOffsets that are looked at in memory.
MAX_COOKIES = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a candidate. Without `id` nothing can be cached for it.

    `bias` is the load bias; `why` says why there are no anchors, or why the file was not opened.
    """

    candidate: Candidate
    id: FileId | None
    anchors: Anchors | None
    bias: int = 0
    why: str = ""


def opened(process: Process, candidate: Candidate, cache: Cache) -> Opened:
    """Read the mapped file once for each identity, else the memory it is mapped to."""
    try:
        with process.files.open_mapped(candidate.mappings[0]) as file:
            plain = cache.get(KIND, file.id)
            if plain is None:
                plain = anchors(file, candidate.name).plain()
                cache.put(KIND, file.id, plain)
    except FileRefused as error:
        return Opened(candidate, None, in_memory(process, candidate), why=error.reason)
    except Malformed as error:
        return Opened(candidate, None, None, why=str(error))
    known = Anchors.from_plain(plain)
    bias = known.bias(candidate.mappings)
    if bias is None:
        return Opened(candidate, None, None, why="its code is not mapped")
    return Opened(candidate, file.id, known, bias)


def in_memory(process: Process, candidate: Candidate) -> Anchors | None:
    """What memory says of a file whose name is that of an interpreter: the cookie of 3.13 on.

    Addresses are then absolute. Without a cookie nothing is known, but a search is possible.
    """
    if not candidate.sure:
        return None
    ranges = search.writable(process, candidate.mappings)
    for at in process.find(layouts.COOKIE, ranges, limit=MAX_COOKIES):
        data = process.read([(at, layouts.DEBUG_SIZE)])[0]
        debug = None if data is None else debug_offsets(data)
        if debug is not None:
            return Anchors(0, 0, runtime=at, minor=debug.minor, debug=debug)
    return Anchors(0, 0)
