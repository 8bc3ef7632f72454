"""Databases that a workload made to mislead or to cost: bounded, and never an error."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sensor.formats import dpkg, dpkgcode
from sensor.host.cache import FileCache
from sensor.model.finding import Finding, State
from sensor.resolvers.ospkg.reading import MAX_BYTES
from tests.support.tree import Tree
from tests.unit.ospkg.made import BASH, INFO, LIBC, RELEASE, STATUS, Process, debian, resolve, told

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = "/var/lib/dpkg/status.d"
# Pieces of which the formats are made, in any order.
PIECES = st.lists(
    st.sampled_from(
        [
            *(b"Package: bash", b"Version: 1:2~x", b"Architecture: amd64", b"Status: install ok "),
            *(b"installed", b"\n", b"\n\n", b" ", b"\0", b"\xff", b"/usr/bin/bash", b"/bin/bash"),
            *(
                b"/usr/lib/x.so",
                b"..",
                b"/",
                b"d41d8cd98f00b204e9800998ecf8427e  ",
                b"ID=debian",
                b":",
            ),
        ]
    ),
    max_size=30,
).map(b"".join)
FILES = (
    STATUS,
    f"{PARTS}/bash",
    f"{PARTS}/bash.md5sums",
    f"{INFO}/bash.list",
    f"{INFO}/:.list",
    f"{INFO}/..list",
    "/var/lib/dpkg/diversions",
    "/etc/os-release",
)
LINKS = st.dictionaries(
    st.sampled_from(["/bin", "/lib", "/sbin"]),
    st.sampled_from(["usr/bin", "../usr", "usr/../etc", "usr/", "/usr/lib"]),
)
PATHS = st.lists(
    st.sampled_from(["/usr/bin/bash", "/bin/bash", "/odd", "/a\n/b", "/\uef80", "/usr/lib/x.so"]),
    min_size=1,
    max_size=4,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FILES, PIECES)), LINKS, PATHS)
# By its one name the program has no mark of code, which it has by its place.
@example({"/var/lib/dpkg/status": b""}, {"/bin": "/usr/lib"}, ["/bin/bash", "/usr/lib/x.so"])
def test_any_database_gives_a_finding(
    files: Mapping[str, bytes], links: Mapping[str, str], paths: list[str]
) -> None:
    tree = Tree({"/usr/bin/x": b"", "/etc/os-release": RELEASE, **files}, links)
    process, cache = Process(tree, *paths), FileCache()
    found = resolve(process, cache)
    assert not found.more
    assert json.loads(json.dumps(found.memo)) == found.memo
    plain = json.loads(json.dumps(asdict(found)))
    assert Finding.from_plain(plain) == found
    mapped = {mapping.path for mapping in process.maps()}
    for package in found.packages:
        assert package.evidence[0].path in mapped
        assert package.state is not State.NOT_OBSERVED


def timed(tree: Tree) -> tuple[Finding, float]:
    """The finding, and the longest slice in seconds of CPU."""
    cache, longest, memo = FileCache(), 0.0, None
    process = Process(tree, "/usr/bin/bash")
    while True:
        begin = time.process_time()
        found = resolve(process, cache, memo, seconds=0.2)
        longest = max(longest, time.process_time() - begin)
        if not found.more:
            return found, longest
        memo = found.memo


COSTLY = {
    "a status of empty paragraphs": {STATUS: b"\n\n" * (dpkg.MAX_STATUS // 2)},
    "a status of one field": {STATUS: b"Package: a\n" * (dpkg.MAX_STATUS // 11)},
    "a list of empty lines": {f"{INFO}/bash.list": b"\n" * dpkg.MAX_LIST},
    "a list of programs": {f"{INFO}/bash.list": b"/bin/x\n" * (dpkg.MAX_LIST // 7)},
    "a list of marks": {f"{INFO}/bash.list": b".so" * (dpkg.MAX_LIST // 3)},
    "many lists of programs": {
        f"{INFO}/p{number}.list": b"".join(
            b"/usr/bin/%d/%d\n" % (number, n) for n in range(dpkgcode.MAX_ROWS)
        )
        for number in range(2 * MAX_BYTES // (dpkgcode.MAX_ROWS * 15))
    },
    "many diversions": {
        "/var/lib/dpkg/diversions": b"/d%d\n/bin/x\n:\n"
        * dpkg.MAX_DIVERSIONS
        % tuple(range(dpkg.MAX_DIVERSIONS)),
        f"{INFO}/bash.list": b"/x/\n" * dpkgcode.MAX_LINES,
    },
    "more diversions": {"/var/lib/dpkg/diversions": b"/\n" * (dpkg.MAX_STATUS // 2)},
}


@pytest.mark.parametrize("files", COSTLY.values(), ids=list(COSTLY))
def test_what_is_made_to_cost_is_a_gap_and_costs_little(files: Mapping[str, bytes]) -> None:
    tree = debian(BASH, LIBC)
    tree.files |= files
    found, seconds = timed(tree)
    assert found.gaps
    # A slice is 200 ms and a step 50; twice the room for a busy machine.
    assert seconds < 0.6
    assert found.coverage is not None


def test_a_nul_is_in_no_path() -> None:
    tree = debian(BASH)
    tree.files[f"{INFO}/bash.list"] += b"/lib/\0x.so\n/usr/bin/\0\n"
    tree.files["/var/lib/dpkg/diversions"] = (
        b"/bin/\0\n/bin/y\n:\n/bin/y\n/bin/\0\n:\nx\n/bin/bash\n:\n"
    )
    found = resolve(Process(tree, "/usr/bin/bash"))
    assert [package.name for package in found.packages] == ["bash"]
    assert not found.gaps


def test_names_that_are_no_names_of_packages_make_no_package() -> None:
    tree = debian(BASH)
    tree.files[f"{INFO}/Bad name\x1b[31m.list"] = b"/usr/bin/x\n"
    found = resolve(Process(tree, "/usr/bin/x"))
    assert not found.packages
    assert "list of files not read" in told(found)
