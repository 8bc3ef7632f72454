"""Kubernetes 1.20 from Debian bookworm's own source package, in which everything is vendored.

An old release with known holes: a fixture for tests, in a network namespace of its own.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch import gomod, system
from tests.fetch.apt import PrivateApt
from tests.fetch.component import default_root, locked
from tests.fetch.k8s import BUILD_LOCK, BUILD_SECONDS, NICE, PROGRAMS
from tests.fetch.outcome import UnavailableError, run, run_or_gone
from tests.fetch.pack import pack

if TYPE_CHECKING:
    from collections.abc import Mapping

# Kubernetes 1.20 was made for Go 1.15; with 1.19 it works but for the module below, and a newer one
# was tried and makes an API server that panics.
GO = "1.19.13"
# What the scripts of the source package call.
PACKAGES = ("build-essential", "dpkg-dev", "rsync", "jq", "zstd")
NEEDED = ("gcc", "make", "dpkg-source", "rsync", "jq", "zstd")
# The vendored 1.0.1 is not for Go 1.18 and later: with it the first custom resource ends the API
# server with SIGSEGV in mapiternext.
REFLECT2 = "github.com/modern-go/reflect2"
REFLECT2_VERSION = "v1.0.2"


def kubernetes(folder: Path, suite: str, version: str) -> None:
    """Build the four programs of a control plane and a node; `version` is what they will say.

    Raises UnavailableError when the suite's source is another version.
    """
    with locked(default_root() / BUILD_LOCK):
        system.install(folder, PACKAGES, NEEDED)
        work = folder / "work"
        work.mkdir()
        tree = PrivateApt(suite).source("kubernetes", work / "source")
        _check(tree, version)
        _newer_reflect2(tree, work)
        _make(tree, work, version)
        pack(tree / "_output" / "bin", folder)
        shutil.rmtree(work)


def _check(tree: Path, version: str) -> None:
    first = (tree / "debian/changelog").read_text().split("\n", 1)[0]
    if f"really{version}-" not in first:
        raise UnavailableError(f"the source is not {version}: {first}")


def _newer_reflect2(tree: Path, work: Path) -> None:
    """Replace the vendored module by the release that knows the maps of newer toolchains."""
    env = {**os.environ, "GOPATH": str(work / "path"), "GOFLAGS": "-modcacherw"}
    download = ["go", "mod", "download", "-json", f"{REFLECT2}@{REFLECT2_VERSION}"]
    source = Path(json.loads(run_or_gone(download, gomod.NOT_SERVED, cwd=work, env=env))["Dir"])
    target = tree / "vendor" / REFLECT2
    shutil.rmtree(target)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*_test.go", "tests"))


def _make(tree: Path, work: Path, version: str) -> None:
    """Run the package's own generators and build; its scripts want to be inside a GOPATH."""
    gomod.toolchain(_new(work / "toolchain"), GO)
    home = _new(work / "gopath/src/k8s.io")
    (home / "kubernetes").symlink_to(tree)
    stamp = work / "version.sh"
    stamp.write_text(_stamp(version))
    targets = " ".join(f"cmd/{name}" for name in PROGRAMS)
    command = [*NICE, "make", f"WHAT={targets}"]
    run(command, cwd=home / "kubernetes", env=_environment(work, stamp), seconds=BUILD_SECONDS)


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _stamp(version: str) -> str:
    """What hack/lib/version.sh of the source reads instead of asking git."""
    major, minor, _ = version.split(".")
    return (
        "KUBE_GIT_COMMIT='debian'\n"
        "KUBE_GIT_TREE_STATE='archive'\n"
        f"KUBE_GIT_VERSION='v{version}'\n"
        f"KUBE_GIT_MAJOR='{major}'\n"
        f"KUBE_GIT_MINOR='{minor}'\n"
    )


def _environment(work: Path, stamp: Path) -> Mapping[str, str]:
    root = work / "toolchain/go"
    (work / "home").mkdir()
    return {
        "PATH": f"{root}/bin:{os.environ['PATH']}",
        # The shell of `cd` would else show the folder behind the link, which is in no GOPATH.
        "PWD": str(work / "gopath/src/k8s.io/kubernetes"),
        "HOME": str(work / "home"),
        "GOROOT": str(root),
        "GOTOOLCHAIN": "local",
        "GOPATH": str(work / "gopath"),
        "GOCACHE": str(work / "cache"),
        "GOFLAGS": "-mod=vendor",
        "GOPROXY": "off",
        "GOMAXPROCS": "2",
        "CGO_ENABLED": "0",
        "KUBE_GIT_VERSION_FILE": str(stamp),
        "LC_ALL": "C",
    }
