"""dpkg's database: what its files mean, against dpkg itself, and what damage does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import dpkg, osrelease
from sensor.formats.dpkg import Binary, Diversion
from tests.harness.skips import need

STATUS = b"""\
Package: python3-yaml
Status: install ok installed
Architecture: amd64
Source: pyyaml (6.0-3)
Version: 6.0-3+b2
Description: YAML parser
 Package: not-a-field
 Version: 9

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: half
Status: install ok half-configured
Architecture: all
Version: 1:2.0~rc1-1

Package: Bad Name
Status: install ok installed
Architecture: all
Version: 1
"""


def test_installed() -> None:
    assert dpkg.installed(STATUS) == [
        Binary("python3-yaml", "6.0-3+b2", "amd64"),
        Binary("half", "1:2.0~rc1-1", "all"),
    ]


def test_a_part_of_status_d_has_no_status() -> None:
    data = b"Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"
    assert dpkg.installed(data) == [Binary("base-files", "12.4", "amd64")]


def test_installed_against_dpkg_query() -> None:
    need(shutil.which("dpkg-query"), "no dpkg here", "a Debian or Ubuntu machine")
    shown = "${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n"
    out = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={shown}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [row.split("|") for row in out.splitlines()]
    # The second letter is the state: n not installed, c config-files, H half-installed.
    wanted = {tuple(row[1:]) for row in rows if row[0][1] not in "ncH"}
    assert {tuple(b) for b in dpkg.installed(Path(dpkg.STATUS).read_bytes())} == wanted


def test_owners_against_dpkg_search() -> None:
    place = Path("/usr/lib/python3/dist-packages")
    need(shutil.which("dpkg") and place.is_dir(), "no packaged Python here", "apt: python3-yaml")
    files = sorted(str(file) for file in place.rglob("*.py"))[::17]
    out = subprocess.run(["dpkg", "-S", *files], capture_output=True, text=True, check=False).stdout
    rows = [line.partition(": ") for line in out.splitlines() if "diversion" not in line]
    told = {path: package for package, _, path in rows}
    assert told
    ours = {}
    for path in Path(dpkg.INFO).glob("*.list"):
        for row in dpkg.paths_below(path.read_bytes(), str(place)):
            ours[f"{place}/{row}"] = dpkg.package_of(str(path))
    for file in files:
        assert ours.get(file) == (told[file].partition(":")[0] if file in told else None)


def test_paths_below() -> None:
    place = "/usr/lib/python3/dist-packages"
    data = f"/.\n/usr/lib/python3\n{place}\n{place}/a.py\n{place}x/b.py\n".encode()
    assert dpkg.paths_below(data, place) == ["a.py"]
    sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/dist-packages/a/b.py\n"
    assert dpkg.md5sums_below(sums, "/usr/lib/python3/dist-packages") == ["a/b.py"]


def test_owner_of() -> None:
    assert dpkg.owner_of("/var/lib/dpkg/info/libc6:amd64.list") == ("libc6", "amd64")
    assert dpkg.owner_of("/var/lib/dpkg/info/python3.11.list") == ("python3.11", None)
    assert dpkg.owner_of("/var/lib/dpkg/status.d/python3.11.md5sums") == ("python3.11", None)


def test_diversions() -> None:
    data = b"/a\n/a.distrib\nmine\n/b\n/b.x\n:\n/left-over\n"
    assert dpkg.diversions(data) == [
        Diversion("/a", "/a.distrib", "mine"),
        Diversion("/b", "/b.x", ":"),
    ]


def test_merged_usr() -> None:
    merged = dpkg.aliases(
        [("/lib", "usr/lib"), ("/bin", None), ("/sbin", "/usr/sbin"), ("/x", "../y")]
    )
    assert merged == {"/lib": "/usr/lib", "/sbin": "/usr/sbin"}
    assert dpkg.canonical("/lib/python3/a.py", merged) == "/usr/lib/python3/a.py"
    assert dpkg.canonical("/library/a.py", merged) == "/library/a.py"
    assert dpkg.canonical("/usr/lib/a.py", merged) == "/usr/lib/a.py"


@given(st.binary(max_size=300))
def test_damage_is_malformed_or_left_out(data: bytes) -> None:
    for binary in dpkg.installed(data):
        assert binary.name.isascii()
    dpkg.diversions(data)
    dpkg.paths_below(data, "/usr")
    dpkg.md5sums_below(data, "/usr")
    try:
        osrelease.release(data)
    except Malformed:
        return


def test_bounds() -> None:
    package = b"Package: a\nVersion: 1\nArchitecture: all\n\n"
    with pytest.raises(Malformed):
        dpkg.installed(package * (dpkg.MAX_PACKAGES + 1))
    with pytest.raises(Malformed):
        dpkg.paths_below(b" " * (dpkg.MAX_LIST + 1), "/usr")
    with pytest.raises(Malformed):
        dpkg.diversions(b"/a\n/b\n:\n" * (dpkg.MAX_DIVERSIONS + 1))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "debian-12"),
        ("ID=ubuntu\nVERSION_ID='22.04'\n", "ubuntu-22.04"),
        ("ID=debian\nVERSION_CODENAME=sid\n", "debian-sid"),
        ("ID=debian\n", "debian"),
        ("NAME=x\nID=debian\nVERSION_ID=a b\n", "debian"),
    ],
)
def test_os_release(text: str, label: str) -> None:
    assert osrelease.release(text.encode()).label == label


def test_os_release_without_id() -> None:
    with pytest.raises(Malformed):
        osrelease.release(b"NAME=x\n")
    with pytest.raises(Malformed):
        osrelease.release(b"ID=" + b"x" * osrelease.MAX_BYTES)
