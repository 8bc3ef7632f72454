"""The pure parts of how the programs of the clusters come into the cache, and out of it again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.fetch.k8s import module_file
from tests.fetch.outcome import UnavailableError
from tests.fetch.pack import is_packed, pack, unpack
from tests.harness.skips import need

if TYPE_CHECKING:
    from pathlib import Path

# The shape of the go.mod of k8s.io/kubernetes 1.36.
THEIRS = """module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
\tk8s.io/api v0.0.0
\tgithub.com/google/cadvisor v0.53.0
)

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\tk8s.io/kubelet => ./staging/src/k8s.io/kubelet
)
"""


def test_the_parts_of_kubernetes_are_replaced_by_their_published_versions() -> None:
    assert module_file(THEIRS, "k8s.io/kubernetes", "1.36.3", "0.36.3").splitlines() == [
        "module example.test/lab",
        "go 1.26.0",
        "godebug default=go1.26",
        "require k8s.io/kubernetes v1.36.3",
        "replace k8s.io/api => k8s.io/api v0.36.3",
        "replace k8s.io/kubelet => k8s.io/kubelet v0.36.3",
    ]


@pytest.fixture
def zstd() -> None:
    need(shutil.which("zstd"), "no zstd", "make toolbox ARGS=cluster-tools")


@pytest.mark.usefixtures("zstd")
def test_packed_programs_come_out_as_they_went_in(tmp_path: Path) -> None:
    programs, folder, out = (tmp_path / name for name in ("bin", "cache", "out"))
    for each in (programs, folder, out):
        each.mkdir()
    (programs / "one").write_bytes(b"\x7fELF" * 1000)
    (programs / "one").chmod(0o755)
    assert not is_packed(folder)
    pack(programs, folder)
    assert is_packed(folder)
    assert len(list(folder.iterdir())) == 1
    unpack(folder, out)
    assert (out / "one").read_bytes() == b"\x7fELF" * 1000
    assert (out / "one").stat().st_mode & 0o777 == 0o755


@pytest.mark.usefixtures("zstd")
def test_what_is_not_packed_does_not_unpack(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"programs\.tar\.zst"):
        unpack(tmp_path, tmp_path)
