"""Which lines of dpkg's lists of files are of files that processes map as code.

Of 124,000 paths of a machine with 800 packages 4,000 are such: they are kept, the rest is passed
over by searching for a few marks, without a step for each line. Who else is asked for is named.
Bytes to data; whose list it is, and who opens it, is the caller's business.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from sensor.errors import Malformed
from sensor.formats.dpkg import MAX_LIST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Libraries, programs, and the daemons that Debian keeps out of the search path of people.
MARKS: Final = (b".so", b"bin/", b"/libexec/", b"/lib/systemd/systemd")
# PATH_MAX of Linux.
MAX_PATH: Final = 4096
# Lines of one list that are kept, and lines of all: the largest has 30,000, few of them of code.
MAX_ROWS: Final = 50_000
MAX_LINES: Final = 300_000
# With more to look for than these, going over all lines is faster than searching for each.
SEARCHED: Final = 6
# An .md5sums has 32 hex digits and two blanks before a path without its first slash.
_SUM: Final = 34


def expected(path: bytes) -> bool:
    """Whether a path has one of the marks, so that `listed` answers with it unasked."""
    return any(mark in path for mark in MARKS)


def listed(data: bytes, also: Collection[bytes] = ()) -> set[bytes]:
    """The paths of a .list that have a mark, and those of `also`. Raises Malformed."""
    _check(data)
    marked = chain.from_iterable(_lines_with(mark, data) for mark in MARKS)
    rows = list(islice(marked, MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise Malformed(f"list of more than {MAX_ROWS} programs and libraries")
    found = {*rows, *_those_of(also, data)}
    return {path for path in found if path.startswith(b"/") and _is_path(path)}


def _is_path(path: bytes) -> bool:
    return len(path) <= MAX_PATH and b"\0" not in path


def _those_of(also: Collection[bytes], data: bytes) -> set[bytes]:
    """Which of some paths are lines. One with a newline is none."""
    if len(also) > SEARCHED:
        return set(also).intersection(data.split(b"\n"))
    data = b"\n%b\n" % data if also else b""
    return {path for path in also if b"\n" not in path and b"\n%b\n" % path in data}


def summed(data: bytes, also: Collection[bytes] = ()) -> set[bytes]:
    """The same of an .md5sums, which distroless images have in place of lists. Raises Malformed."""
    _check(data)
    lines = data.split(b"\n")
    paths = (b"/" + line[_SUM:].lstrip(b"/") for line in lines if len(line) > _SUM)
    return {path for path in paths if (expected(path) or path in also) and _is_path(path)}


def _check(data: bytes) -> None:
    if len(data) > MAX_LIST:
        raise Malformed(f"list of {len(data)} bytes")
    if data.count(b"\n") > MAX_LINES:
        raise Malformed(f"list of more than {MAX_LINES} lines")


def _lines_with(mark: bytes, data: bytes) -> Iterator[bytes]:
    at = data.find(mark)
    while at >= 0:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield data[data.rfind(b"\n", 0, at) + 1 : end]
        at = data.find(mark, end)
