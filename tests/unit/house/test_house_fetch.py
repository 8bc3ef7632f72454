"""The fetchers where they need no network: mirrors, signatures, dpkg's database, a local Go."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.fetch import apt, deb, gomod
from tests.fetch.outcome import UnavailableError
from tests.harness.skips import need

if TYPE_CHECKING:
    from pathlib import Path

DEB822 = """Types: deb
# URIs: http://comment.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """# deb http://comment.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://old.example/debian bullseye main contrib
deb http://old.example/security bullseye-security main
"""
OTHERS = "deb https://cloud.example/apt cloud-bookworm main\n"


def write(etc: Path, name: str, text: str) -> None:
    (etc / "sources.list.d").mkdir(exist_ok=True)
    (etc / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "sources.list.d/debian.sources",
            DEB822,
            ("http://mirror.example/debian", "http://mirror.example/debian-security"),
        ),
        (
            "sources.list",
            ONE_LINE,
            ("http://old.example/debian", "http://old.example/security"),
        ),
        (
            "sources.list",
            "deb http://m.example/debian sid main\n",
            ("http://m.example/debian", None),
        ),
    ],
)
def test_the_mirror_is_the_one_that_the_machine_uses(
    tmp_path: Path, name: str, text: str, expected: tuple[str, str | None]
) -> None:
    write(tmp_path, "sources.list.d/a-third-party.list", OTHERS)
    write(tmp_path, name, text)
    assert apt.mirrors(tmp_path) == expected


def test_a_machine_without_a_debian_mirror_says_so(tmp_path: Path) -> None:
    write(tmp_path, "sources.list.d/a-third-party.list", OTHERS)
    with pytest.raises(UnavailableError, match="no Debian mirror"):
        apt.mirrors(tmp_path)


def test_an_archive_without_a_signature_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(shutil.which("apt-get"), "apt is not here", "a Debian or Ubuntu")
    need(apt.KEYRING.exists(), "no Debian keys", "apt-get install debian-archive-keyring")
    archive = tmp_path / "archive"
    (archive / "dists" / "forky").mkdir(parents=True)
    (archive / "dists" / "forky" / "Release").write_text("Suite: forky\nCodename: forky\n")
    monkeypatch.setattr(apt, "mirrors", lambda: (f"file:{archive}", None))
    with pytest.raises(UnavailableError, match="not signed"):
        apt.PrivateApt("forky", cache=tmp_path).download(["hello"])


def test_an_unknown_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="buster"):
        apt.PrivateApt("buster", cache=tmp_path)


CONTROL = """Package: frob
Version: 1:2-3
Architecture: {arch}
{more}Maintainer: Nobody <nobody@example.test>
Description: a package made by a test
 of two lines
"""


def build(folder: Path, more: str = "") -> Path:
    """Return a package with a file, a link and a folder whose name has a space."""
    need(shutil.which("dpkg-deb"), "dpkg is not here", "a Debian or Ubuntu")
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    arch = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tree / "DEBIAN/control").write_text(CONTROL.format(arch=arch, more=more))
    (tree / "lib/a name").mkdir(parents=True)
    (tree / "lib/a name/file").write_text("text")
    (tree / "lib/link").symlink_to("a name/file")
    package = folder / "frob.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", tree, package],
        check=True,
        capture_output=True,
    )
    return package


@pytest.mark.parametrize("more", ["", "Multi-Arch: same\n"])
def test_the_database_is_the_one_that_dpkg_writes(tmp_path: Path, more: str) -> None:
    need(os.geteuid() == 0, "dpkg installs into a folder as root only", "root")
    package = build(tmp_path, more)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    deb.unpack([package], ours)
    deb.write_database([package], ours)
    (theirs / "var/lib/dpkg/info").mkdir(parents=True)
    (theirs / "var/lib/dpkg/updates").mkdir()
    (theirs / "var/lib/dpkg/status").touch()
    install = ["dpkg", f"--root={theirs}", "--force-script-chrootless", "--log=/dev/null"]
    subprocess.run([*install, "--install", package], check=True, capture_output=True)
    (listing,) = (theirs / "var/lib/dpkg/info").glob("frob*.list")
    assert (ours / "var/lib/dpkg/info" / listing.name).read_text() == listing.read_text()
    # The order of the fields is dpkg's own affair; a reader goes by their names.
    statuses = [(root / "var/lib/dpkg/status").read_text() for root in (ours, theirs)]
    assert sorted(statuses[0].split("\n")) == sorted([*statuses[1].rstrip().split("\n"), ""])


def test_a_merged_usr_stays_merged(tmp_path: Path) -> None:
    root = tmp_path / "root"
    deb.unpack([build(tmp_path)], root)
    assert (root / "lib").is_symlink()
    assert (root / "usr/lib/a name/file").read_text() == "text"


def test_a_broken_package_is_an_error(tmp_path: Path) -> None:
    package = build(tmp_path)
    package.write_bytes(package.read_bytes()[:200])
    with pytest.raises(UnavailableError, match=r"frob\.deb does not unpack"):
        deb.unpack([package], tmp_path / "root")


def test_the_go_of_the_machine_is_linked_and_never_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it was moved into the cache: GOROOT lies outside when the versions are the same."""
    machine, folder = tmp_path / "machine", tmp_path / "component"
    (machine / "bin").mkdir(parents=True)
    folder.mkdir()
    program = machine / "bin" / "go"
    program.write_text(f"#!/bin/sh\necho {machine}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{machine / 'bin'}:{os.environ['PATH']}")
    gomod.toolchain(folder, "1.0")
    assert program.exists()
    assert (folder / "go" / "bin" / "go").samefile(program)
    assert gomod.has_toolchain(folder)
    shutil.rmtree(machine)
    assert not gomod.has_toolchain(folder)
