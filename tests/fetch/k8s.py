"""Kubernetes of today and etcd, built from the published Go modules by the ordinary `go` client.

The commands are packages of the modules: nothing of ours is compiled, and no git and no make is
needed. Keeps only the programs, packed (`pack.py`); the caches of the build are dropped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.component import default_root, locked
from tests.fetch.gomod import NOT_SERVED
from tests.fetch.outcome import run, run_or_gone
from tests.fetch.pack import pack

if TYPE_CHECKING:
    from collections.abc import Mapping

# The linker of the API server alone takes 2.7 GB and all of one core: two builds at once make a
# machine of two cores slow for everybody and win nothing.
BUILD_LOCK = ".locks/kubernetes-build"
# All four programs took 6 minutes on a quiet machine and 11 on a busy one.
BUILD_SECONDS = 2400
NICE = ("nice", "-n", "10")
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
ETCD_MODULE = "go.etcd.io/etcd/server/v3"


@dataclass(frozen=True, slots=True)
class Build:
    """One folder for module file, module cache and build cache, and the `go` to use them with."""

    folder: Path
    go: str

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the build: everything that it writes is below the folder."""
        return {
            **os.environ,
            "GOTOOLCHAIN": f"go{self.go}",
            "GOPATH": str(self.folder / "path"),
            "GOMODCACHE": str(self.folder / "path" / "mod"),
            "GOCACHE": str(self.folder / "cache"),
            # Files of the cache must be removable; there is no version control to ask.
            "GOFLAGS": "-mod=mod -modcacherw -buildvcs=false",
            "CGO_ENABLED": "0",
            # Two cores: more jobs only take more memory.
            "GOMAXPROCS": "2",
        }

    def require(self, module: str, version: str, staged: str = "") -> None:
        """Write go.mod for the module; `staged` as in `module_file`."""
        download = ["go", "mod", "download", "-json", f"{module}@v{version}"]
        said = run_or_gone(download, NOT_SERVED, cwd=self.folder, env=self.environment())
        theirs = Path(json.loads(said)["GoMod"]).read_text()
        (self.folder / "go.mod").write_text(module_file(theirs, module, version, staged))

    def build(self, package: str, flags: str, out: Path) -> None:
        """Compile one command into the file `out`, without symbols."""
        words = ["go", "build", "-p", "2", "-trimpath", "-ldflags", f"-s -w {flags}"]
        command = [*NICE, *words, "-o", str(out), package]
        run(command, cwd=self.folder, env=self.environment(), seconds=BUILD_SECONDS)


def module_file(theirs: str, module: str, version: str, staged: str) -> str:
    """Return the go.mod of somebody who builds the module's commands; `theirs` is its own.

    Kubernetes names its parts by folders of its own repository (`=> ./staging/...`), which
    everybody else has to replace by their published versions; `staged` is that version.
    """
    parts = re.findall(r"^\s*(?:replace )?(\S+) => \./staging/", theirs, re.MULTILINE)
    lines = [
        "module example.test/lab",
        *re.findall(r"^(?:go|godebug) .*$", theirs, re.MULTILINE),
        f"require {module} v{version}",
        *(f"replace {part} => {part} v{staged}" for part in parts),
    ]
    return "\n".join(lines) + "\n"


def kubernetes(folder: Path, version: str, go: str) -> None:
    """Build the four programs of a control plane and a node, without CGO."""
    major, minor, _ = version.split(".")
    stamp = {
        "gitVersion": f"v{version}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "archive",
        "gitCommit": "modules",
    }
    flags = [f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamp.items()]
    module = "k8s.io/kubernetes"
    packages = {name: f"{module}/cmd/{name}" for name in PROGRAMS}
    # k8s.io/api and its like are v0 where Kubernetes is v1.
    build = Build(_workplace(folder), go)
    with locked(default_root() / BUILD_LOCK):
        build.require(module, version, f"0.{version.partition('.')[2]}")
        _build_all(build, packages, " ".join(flags), folder)


def etcd(folder: Path, version: str, go: str) -> None:
    """Build the server of etcd."""
    build = Build(_workplace(folder), go)
    with locked(default_root() / BUILD_LOCK):
        build.require(ETCD_MODULE, version)
        _build_all(build, {"etcd": ETCD_MODULE}, "", folder)


def _workplace(folder: Path) -> Path:
    work = folder / "work"
    work.mkdir()
    return work


def _build_all(build: Build, packages: Mapping[str, str], flags: str, folder: Path) -> None:
    programs = build.folder / "bin"
    programs.mkdir()
    for name, package in packages.items():
        build.build(package, flags, programs / name)
    pack(programs, folder)
    # What was resolved, for whoever wants to know what is in the programs.
    for name in ("go.mod", "go.sum"):
        shutil.copy(build.folder / name, folder)
    shutil.rmtree(build.folder)
