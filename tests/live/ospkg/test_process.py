"""Real processes: each mapped program and library against dpkg itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.ospkg import OSPKG
from sensor.resolvers.ospkg.reading import CACHE
from sensor.resolvers.python import PYTHON as PYTHON_RESOLVER
from tests.harness.skips import need
from tests.live.ospkg.boxes import (
    BASH,
    PYTHON,
    READY,
    RELEASE,
    box,
    finding,
    purls,
    running,
    to_distroless,
)
from tests.support.ostruth import mapped, owners, purls_of

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.runtimes]
ROOT = "debian-python-root"
OWN = {
    "bash": BASH,
    "perl": ["perl", "-MPOSIX", "-MSocket", "-e", f"$|=1; print qq({READY}\\n); <STDIN>"],
    "python": [sys.executable, "-c", PYTHON[2].replace(", yaml", ", sqlite3")],
}


@pytest.mark.parametrize("program", OWN)
def test_programs_of_this_machine(program: str) -> None:
    need(shutil.which("dpkg-query") and shutil.which(program), "no dpkg here", "a Debian machine")
    with running(OWN[program]) as pid:
        found, truth = finding(pid), purls_of(pid)
        nobody = {path for path, owned in owners(Path("/"), mapped(pid)).items() if not owned}
    assert purls(found) == truth
    assert len(truth) >= 2
    assert {gap.reason for gap in found.gaps} == ({"file owned by no package"} if nobody else set())


def test_a_root_of_its_own_and_nothing_twice(toolbox: Toolbox, tmp_path: Path) -> None:
    with box(tmp_path, toolbox.path(ROOT), PYTHON) as pid:
        opener = LocalOpener()
        looked = look_until_done(opener, opener.key(pid), (PYTHON_RESOLVER, OSPKG), FileCache())
        truth = purls_of(pid, str(tmp_path / "root"))
    system, python = (looked.findings[name] for name in ("os", "python"))
    assert purls(system) == truth
    assert len(truth) >= 8
    assert not system.gaps
    # The extension module of yaml is mapped; it is the Python resolver that tells its package.
    (yaml,) = [package for package in python.packages if package.name == "python3-yaml"]
    assert yaml.purl.startswith("pkg:deb/debian/python3-yaml@")
    assert yaml.purl not in purls(system)


def test_java(toolbox: Toolbox, tmp_path: Path) -> None:
    """It asks for a password, and waits."""
    jdk = toolbox.path("jdk-17")
    keytool = "/usr/lib/jvm/java-17-openjdk-amd64/bin/keytool"
    script = f"echo {READY}; exec {keytool} -genkeypair -keystore /tmp/none"
    # What the packages of a JDK alone leave out.
    before = (
        f"printf '{RELEASE}' > $ROOT/etc/os-release",
        "echo 1 > $ROOT/var/lib/dpkg/info/format",
        "mount -t proc proc $ROOT/proc",
    )
    with box(tmp_path, jdk, ("/bin/sh", "-c", script), *before) as pid:
        while "libnio.so" not in Path(f"/proc/{pid}/maps").read_text():
            assert Path(f"/proc/{pid}").exists()
        found, truth = finding(pid), purls_of(pid, str(tmp_path / "root"))
    assert purls(found) == truth
    assert {"openjdk-17-jre-headless", "zlib1g"} <= {package.name for package in found.packages}
    assert not found.gaps


def test_distroless(toolbox: Toolbox, tmp_path: Path) -> None:
    root = toolbox.path(ROOT)
    before = to_distroless(root, tmp_path / "made")
    with box(tmp_path, root, PYTHON, *before) as pid:
        found = finding(pid)
        truth = owners(root, mapped(pid, str(tmp_path / "root")))
    names = {(p.name, p.version) for p in found.packages}
    assert names == {one[:2] for owned in truth.values() for one in owned}
    assert not found.gaps
    assert {item.path for p in found.packages for item in p.evidence if item.kind == "dpkg"} == {
        f"/var/lib/dpkg/status.d/{name}.md5sums" for name, _ in names
    }


def test_diverted_by_dpkg_itself(toolbox: Toolbox, tmp_path: Path) -> None:
    need(shutil.which("dpkg-divert"), "no dpkg here", "a Debian machine")
    program = "/usr/bin/python3.11"
    options = f"--root $ROOT --quiet --local --rename --divert {program}.real --add"
    words = (f"{program}.real", *PYTHON[1:])
    with box(tmp_path, toolbox.path(ROOT), words, f"dpkg-divert {options} {program}") as pid:
        found = finding(pid)
    (package,) = [p for p in found.packages if p.evidence[0].path == f"{program}.real"]
    assert package.name == "python3.11-minimal"
    assert not found.gaps


def test_a_library_that_is_replaced_while_it_runs(toolbox: Toolbox, tmp_path: Path) -> None:
    with box(tmp_path, toolbox.path(ROOT), PYTHON) as pid:
        before = finding(pid)
        (path,) = [path for path in mapped(pid, str(tmp_path / "root")) if "libexpat" in path]
        there = Path(f"/proc/{pid}/root{path}")
        shutil.copy(there, f"{there}.dpkg-new")
        Path(f"{there}.dpkg-new").rename(there)
        after = finding(pid)
    versions = {p.name: p.version for p in before.packages}
    assert versions["libexpat1"]
    assert {p.name: p.version for p in after.packages} == versions | {"libexpat1": None}
    assert [(gap.reason, gap.detail) for gap in after.gaps] == [
        ("mapped file was deleted since", f"1: {path}")
    ]


def test_a_volume_is_not_of_the_image(toolbox: Toolbox, tmp_path: Path) -> None:
    python, lib = "/usr/bin/python3.11", "/usr/lib/volume"
    before = (
        f"mkdir $ROOT{lib}",
        f"mount -t tmpfs tmpfs $ROOT{lib}",
        f"cp $ROOT{python} $ROOT{lib}/python",
        # One over a file of a package.
        f"mount --bind $ROOT{lib}/python $ROOT{python}",
    )
    with box(tmp_path, toolbox.path(ROOT), (python, *PYTHON[1:]), *before) as pid:
        found = finding(pid)
    assert "python3.11-minimal" not in {package.name for package in found.packages}
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [
        ("file on a mount of its own", f"1: {python}")
    ]


def test_the_next_container_of_an_image_reads_nothing(toolbox: Toolbox, tmp_path: Path) -> None:
    cache, costs = FileCache(), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with box(tmp_path / name, toolbox.path(ROOT), PYTHON) as pid:
            opener = LocalOpener()
            with opener.open_process(opener.key(pid)) as process:
                before = process.meter.bytes
                looked = look_until_done(opener, process.key, (OSPKG,), cache)
                assert before == process.meter.bytes
            costs.append(cache.statistics[CACHE].puts)
            assert looked.findings["os"].packages
    assert costs == [1, 1]


def test_what_could_hold_us_or_lead_out_of_the_root(toolbox: Toolbox, tmp_path: Path) -> None:
    info = "/var/lib/dpkg/info"
    need(Path(info, "bash.list").exists(), "no dpkg here", "a Debian machine")
    before = (
        f"rm $ROOT{info}/zlib1g:amd64.list",
        f"mkfifo $ROOT{info}/zlib1g:amd64.list",
        # Outside of the root this is a list of this machine, inside it is itself.
        f"ln -s /../../../..{info}/bash.list $ROOT{info}/bash.list",
    )
    with box(tmp_path, toolbox.path(ROOT), PYTHON, *before) as pid:
        found = finding(pid)
    gaps = {(gap.reason, gap.detail) for gap in found.gaps}
    assert {
        ("list of files not read", f"{info}/zlib1g:amd64.list: not a regular file"),
        ("list of files not read", f"{info}/bash.list: too many links"),
    } <= gaps
    assert any(why == "file owned by no package" and "libz.so" in told for why, told in gaps)
    assert "zlib1g" not in {package.name for package in found.packages}
