"""The committed object is what its sources and its compiler make."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

from ebpf_prebuilt import FOLDER, MANIFEST, OBJECT, manifest
from tests.harness.skips import need

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_sources_and_object_are_those_of_the_manifest() -> None:
    """When this fails: `make -C ebpf_prebuilt`, and commit object and manifest with the sources."""
    told = manifest()
    found = {str(path.relative_to(FOLDER)): digest(path) for path in FOLDER.glob("src/*")}
    assert told.sources == found
    assert told.object == digest(OBJECT)


def test_building_anew_gives_the_same_bytes(tmp_path: Path, toolbox: Toolbox) -> None:
    toolbox.path("clang")
    said = subprocess.run(["clang-16", "--version"], capture_output=True, text=True, check=True)
    version = said.stdout.splitlines()[0]
    need(version == manifest().clang, f"built with {manifest().clang}, here is {version}", "Debian")
    for name in ("Makefile", "manifest.py", "src"):
        copy = shutil.copytree if name == "src" else shutil.copy
        copy(FOLDER / name, tmp_path / name)
    subprocess.run(["make", "-C", tmp_path], check=True, capture_output=True)
    assert (tmp_path / OBJECT.name).read_bytes() == OBJECT.read_bytes()
    assert (tmp_path / MANIFEST.name).read_text() == MANIFEST.read_text()


def test_it_holds_no_path_of_the_machine_that_built_it() -> None:
    assert str(FOLDER).encode() not in OBJECT.read_bytes()
    # What stands for the folder: the sources are named, below the current one.
    assert b"./src/process.bpf.c" in OBJECT.read_bytes()
