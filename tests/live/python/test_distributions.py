"""Packages of real processes, by whole looks, against importlib.metadata, dpkg and the modules."""

from __future__ import annotations

import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.model.budget import Budget
from sensor.model.finding import State
from sensor.model.purl import normalized
from sensor.resolvers.python import PYTHON
from sensor.resolvers.python.distributions import join
from tests.harness.skips import need
from tests.support.pyinstalls import Venv, project
from tests.support.pythons import read, target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sensor.model.finding import Finding, Package
    from sensor.resolvers.python.distributions import Joined
    from tests.harness.fixtures import Toolbox
    from tests.support.pythons import Target

pytestmark = pytest.mark.runtimes
DIST_PACKAGES = "/usr/lib/python3/dist-packages"

Versions = set[tuple[str, str | None]]


def look(pid: int) -> Finding:
    """One whole look: memory, then the mapping."""
    opener = LocalOpener()
    return look_until_done(opener, opener.key(pid), [PYTHON], FileCache()).findings["python"]


def loaded(finding: Finding) -> Versions:
    """Distributions that are loaded by themselves: not inside another one."""
    return {
        (normalized(package.name), package.version)
        for package in finding.packages
        if package.state is State.LOADED and package.inside is None
    }


def truth_of(process: Target) -> Versions:
    """What importlib.metadata says in the target about the files of its modules."""
    owners: Mapping[str, list[list[str]]] = process.said["owners"]
    return {(normalized(name), version) for every in owners.values() for name, version in every}


@pytest.mark.heavy
def test_every_distribution_of_a_large_environment(toolbox: Toolbox) -> None:
    python = str(toolbox.path("python-big") / "bin" / "python")
    with target([python], "import_all.py") as process:
        wanted = truth_of(process)
        finding = look(process.pid)
    assert len(wanted) >= 100
    assert loaded(finding) == wanted
    assert all(package.state is State.LOADED for package in finding.packages)
    assert {gap.reason for gap in finding.gaps} <= {"module object not readable"}


def test_the_second_process_of_an_image_opens_no_file(toolbox: Toolbox) -> None:
    python = str(toolbox.path("python-apps") / "bin" / "python")
    wanted = ("Django", "celery", "gunicorn")
    cache = FileCache()
    with (
        target([python], "import_all.py", *wanted) as one,
        target([python], "import_all.py", *wanted) as two,
    ):
        first, _, _ = mapped(one.pid, cache)
        second, size, calls = mapped(two.pid, cache)
        assert {(normalized(p.name), p.version) for p in first.packages} == truth_of(one)
    assert [_without_time(p) for p in second.packages] == [_without_time(p) for p in first.packages]
    assert size == 0
    # A few stats for each import root, project and package: never a call for each module.
    assert calls <= 300


def mapped(pid: int, cache: FileCache) -> tuple[Joined, int, int]:
    """The mapping alone, with the bytes and system calls that it cost."""
    imported = read(pid).imported
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        size, calls = process.meter.bytes, process.meter.calls
        found = join(process, imported, cache, Budget(process.meter, seconds=60))
        return found, process.meter.bytes - size, process.meter.calls - calls


def _without_time(package: Package) -> tuple[str, list[tuple[str, str]]]:
    return package.purl, [(item.path, item.detail) for item in package.evidence]


@pytest.fixture(scope="module")
def old(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """Python 3.8 with setuptools 56 and a pip that still runs setup.py."""
    command = [*toolbox.python("3.8").argv, "-m", "venv"]
    return Venv(tmp_path_factory.mktemp("old") / "venv", command)


@pytest.fixture(scope="module")
def new(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """Python 3.11 with the newest pip and setuptools, out of the wheels inside virtualenv."""
    folder = tmp_path_factory.mktemp("new")
    program = str(toolbox.path("python-big") / "bin" / "virtualenv")
    options = ["--quiet", "--no-download", "--setuptools=bundle", f"--app-data={folder / 'data'}"]
    return Venv(folder / "venv", [program, *options])


def how(finding: Finding, purl: str) -> tuple[str, ...]:
    """How the modules of a package were matched."""
    (package,) = (package for package in finding.packages if package.purl == purl)
    return tuple(sorted({item.detail.partition(" by ")[2] for item in package.evidence}))


def test_develop_of_setuptools(old: Venv, tmp_path: Path) -> None:
    old.setup(project(tmp_path, "Dev.Alpha", "1.2.3", "dev_alpha", "src"), "develop")
    with target([old.python], "truth.py", "dev_alpha.inner") as process:
        found = look(process.pid)
    assert ("dev-alpha", "1.2.3") in loaded(found)
    assert how(found, "pkg:pypi/dev-alpha@1.2.3") == ("SOURCES.txt of Dev.Alpha.egg-info",)


def test_legacy_install_of_pip(old: Venv, tmp_path: Path) -> None:
    old.pip("--no-use-pep517", str(project(tmp_path, "Legacy-Beta", "2.0", "legacy_beta")))
    with target([old.python], "truth.py", "legacy_beta.inner") as process:
        found = look(process.pid)
    assert how(found, "pkg:pypi/legacy-beta@2.0") == (
        "installed-files.txt of Legacy_Beta-2.0-py3.8.egg-info",
    )


def test_flat_egg_info_of_distutils(old: Venv, tmp_path: Path) -> None:
    home = project(tmp_path, "flat-gamma", "3.0", "flat_gamma")
    text = (home / "setup.py").read_text().replace("setuptools", "distutils.core")
    (home / "setup.py").write_text(text)
    old.setup(home, "install")
    with target([old.python], "truth.py", "flat_gamma.inner") as process:
        found = look(process.pid)
    assert how(found, "pkg:pypi/flat-gamma@3.0") == ("name of flat_gamma-3.0-py3.8.egg-info",)


def test_zipped_egg(old: Venv, tmp_path: Path) -> None:
    old.setup(project(tmp_path, "Egg-Delta", "4.0", "egg_delta"), "install")
    with target([old.python], "truth.py", "egg_delta.inner") as process:
        assert ".egg/egg_delta/" in (process.truth["egg_delta.inner"] or "")
        found = look(process.pid)
    assert how(found, "pkg:pypi/egg-delta@4.0") == ("SOURCES.txt of EGG-INFO",)


@pytest.mark.parametrize(("source", "style"), [("src", "path"), ("", "finder")])
def test_editable_install(new: Venv, tmp_path: Path, source: str, style: str) -> None:
    name, package = f"edit-{style}", f"edit_{style}"
    home = project(tmp_path, name, "5.1", package, source)
    (home / "beside.py").write_text("")
    new.pip("--no-build-isolation", "--editable", str(home))
    argv = ["env", f"PYTHONPATH={home}", new.python]
    with target(argv, "truth.py", "beside") as unused:
        assert all(package.name != name for package in look(unused.pid).packages)
    with target(argv, "truth.py", "beside", f"{package}.inner") as process:
        found = look(process.pid)
    described = f"direct_url.json of {package}-5.1.dist-info"
    assert how(found, f"pkg:pypi/{name}@5.1") == (described,)


def test_target_directory_and_zip_files(new: Venv, tmp_path: Path) -> None:
    place = tmp_path / "target"
    home = project(tmp_path, "Target-Eps", "6.0", "target_eps")
    new.pip("--no-build-isolation", "--target", str(place), str(home))
    purl, info = "pkg:pypi/target-eps@6.0", "RECORD of target_eps-6.0.dist-info"
    flat, deep = tmp_path / "flat.pyz", tmp_path / "like.pex"
    _zip(flat, place, "", b"#!/usr/bin/env python3\n")
    _zip(deep, place, ".deps/target_eps.whl/", b"")
    for path in (place, flat, deep / ".deps" / "target_eps.whl"):
        argv = ["env", f"PYTHONPATH={path}", new.python]
        with target(argv, "truth.py", "target_eps.inner") as process:
            assert (process.truth["target_eps"] or "").startswith(f"{path}/")
            found = look(process.pid)
        assert how(found, purl) == (info,)
        assert found.gaps == ()


def _zip(path: Path, place: Path, prefix: str, before: bytes) -> None:
    path.write_bytes(before)
    with zipfile.ZipFile(path, "a") as archive:
        for file in sorted(place.rglob("*")):
            archive.write(file, prefix + str(file.relative_to(place)))


@pytest.mark.parametrize("carrier", ["pip", "setuptools"])
def test_vendored_copies(new: Venv, carrier: str) -> None:
    modules = {
        "pip": ("pip._internal.cli.main", "pip._vendor.requests"),
        "setuptools": ("setuptools",),
    }
    with target([new.python], "copies.py", *modules[carrier]) as process:
        stated: Mapping[str, str] = process.said["versions"]
        found = look(process.pid)
    (home,) = (package for package in found.packages if package.name == carrier)
    inner = [package for package in found.packages if package.inside == home.purl]
    ours = {item.path: package.version or "" for package in inner for item in package.evidence}
    tops = {path: Version(version) for path, version in stated.items() if _is_top(path)}
    assert len(tops) >= {"pip": 4, "setuptools": 1}[carrier]
    assert {path: Version(ours[path]) for path in tops} == tops


def _is_top(path: str) -> bool:
    """Whether a file is a copy's own `__init__.py` or its single module."""
    inner = path.rpartition("/_vendor/")[2]
    return "/" not in inner or (inner.endswith("/__init__.py") and inner.count("/") == 1)


def test_debian_packages(toolbox: Toolbox) -> None:
    need(os.geteuid() == 0, "a root of Debian is entered by chroot", "root")
    root = toolbox.path("debian-python-root")
    with target(
        ["chroot", str(root), "/usr/bin/python3"], "truth.py", "yaml", "requests"
    ) as process:
        files = sorted({f for f in process.truth.values() if f and f.startswith(DIST_PACKAGES)})
        found = look(process.pid)
    assert files
    packages = {name: (version, arch) for name, version, arch in _owners(root, files)}
    assert {package.name for package in found.packages if not package.inside} == set(packages)
    for package in found.packages:
        if package.name in packages:
            version, arch = packages[package.name]
            assert package.version == version
            assert package.purl.endswith(f"?arch={arch}&distro=debian-12")
            assert [alias for alias in package.aliases if alias.startswith("pkg:pypi/")]
    assert all(package.inside is None for package in found.packages)
    assert found.gaps == ()


def _owners(root: Path, files: list[str]) -> list[list[str]]:
    """Name, version and architecture of the packages that own files, by dpkg itself."""
    database = f"--admindir={root}/var/lib/dpkg"
    search = ["dpkg-query", database, "--search", *files]
    lines = subprocess.run(search, capture_output=True, text=True, check=True).stdout.splitlines()
    names = sorted({line.partition(": ")[0] for line in lines})
    form = "${Package} ${Version} ${Architecture}\n"
    show = ["dpkg-query", database, "--show", f"--showformat={form}", *names]
    rows = subprocess.run(show, capture_output=True, text=True, check=True).stdout.splitlines()
    return [row.split() for row in rows]
