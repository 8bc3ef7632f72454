"""The lines of dpkg's lists that can be of code, against the plain way to find them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import dpkg, dpkgcode
from tests.harness.skips import need

SUM = b"d41d8cd98f00b204e9800998ecf8427e  "
LIST = b"/.\n/usr\n/usr/bin\n/usr/bin/x\n/usr/lib/liba.so.1\n/usr/lib/d/d\n/usr/share/a.txt\n"
PARTS = st.sampled_from([b"/", b"usr", b"bin/", b"x", b".so", b"\n", b"libexec/", b"\xff", b"a.1"])


def plainly(data: bytes, also: frozenset[bytes]) -> set[bytes]:
    """What `listed` finds, line by line."""
    lines = [line for line in data.split(b"\n") if line.startswith(b"/")]
    marked = {x for x in lines if dpkgcode.expected(x)}
    return marked | {line for line in lines if line in also}


def test_marks_and_those_asked_for() -> None:
    assert dpkgcode.listed(LIST) == {b"/usr/bin/x", b"/usr/lib/liba.so.1"}
    assert dpkgcode.listed(LIST, [b"/usr/lib/d/d", b"/usr/lib/d"]) == {
        b"/usr/bin/x",
        b"/usr/lib/d/d",
        b"/usr/lib/liba.so.1",
    }


def test_sums_of_distroless() -> None:
    data = SUM + b"usr/bin/x\n" + SUM + b"usr/lib/d/d\n" + SUM + b"usr/share/a.txt\n" + b"short\n"
    assert dpkgcode.summed(data) == {b"/usr/bin/x"}
    assert dpkgcode.summed(data, [b"/usr/lib/d/d"]) == {b"/usr/bin/x", b"/usr/lib/d/d"}


@given(st.lists(PARTS, max_size=40).map(b"".join), st.sets(st.lists(PARTS).map(b"".join)))
def test_as_line_by_line(data: bytes, also: set[bytes]) -> None:
    assert dpkgcode.listed(data, also) == plainly(data, frozenset(also))


def test_few_and_many_to_look_for() -> None:
    lines = [b"/opt/%d" % number for number in range(2 * dpkgcode.SEARCHED)]
    data = b"\n".join(lines)
    for count in (1, dpkgcode.SEARCHED, dpkgcode.SEARCHED + 1):
        assert dpkgcode.listed(data, [*lines[:count], b"/opt", b"/opt/1\n/opt/2"]) == set(
            lines[:count]
        )


@given(st.binary(max_size=300), st.binary(max_size=8))
def test_damage_raises_nothing(data: bytes, also: bytes) -> None:
    for path in dpkgcode.listed(data, [also]) | dpkgcode.summed(data, [also]):
        assert path.startswith(b"/")


def test_bounds() -> None:
    long = b"/usr/bin/" + b"x" * dpkgcode.MAX_PATH
    assert dpkgcode.listed(long + b"\n") == set()
    assert dpkgcode.summed(SUM + long[1:] + b"\n") == set()
    for read in (dpkgcode.listed, dpkgcode.summed):
        for data in (b" " * (dpkg.MAX_LIST + 1), b"\n" * (dpkgcode.MAX_LINES + 1)):
            with pytest.raises(Malformed):
                read(data)
    with pytest.raises(Malformed):
        dpkgcode.listed(b"/bin/x\n" * (dpkgcode.MAX_ROWS + 1))


def test_against_dpkg_listfiles() -> None:
    need(shutil.which("dpkg-query"), "no dpkg here", "a Debian or Ubuntu machine")
    names = [dpkg.Binary(*row).name for row in dpkg.installed(Path(dpkg.STATUS).read_bytes())][::9]
    out = subprocess.run(["dpkg-query", "--listfiles", *names], capture_output=True, check=True)
    lists = [p for p in Path(dpkg.INFO).glob("*.list") if dpkg.package_of(str(p)) in names]
    found = {row for path in lists for row in dpkgcode.listed(path.read_bytes())}
    assert found == {line for line in out.stdout.split(b"\n") if dpkgcode.expected(line)}
    assert found
