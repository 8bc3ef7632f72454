"""Files on other mounts than the root: volumes, single files, links from one mount to another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sensor.errors import FileMissing
from sensor.host import root as root_module
from sensor.host.local import LocalOpener
from tests.harness.skips import need
from tests.support.child import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.host.seam import Process

# The child is started by a shell which first mounts a tmpfs and a single file, as Kubernetes does.
MOUNTS = """
mount -t tmpfs none "$0/volume"
mkdir "$0/volume/sub" "$0/volume/inner"
echo -n volume > "$0/volume/sub/file"
mount -t tmpfs none "$0/volume/inner"
echo -n inner > "$0/volume/inner/file"
ln -s sub/file "$0/volume/within"
ln -s inner/file "$0/volume/deeper"
ln -s ../outside "$0/volume/out"
ln -s "$0/outside" "$0/volume/absolute"
mount --bind "$0/outside" "$0/single"
exec "$@"
"""


@pytest.fixture(params=["openat2", "walk"])
def process(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Process]:
    """Return a process with mounts of its own below `tmp_path`, for both ways to walk."""
    need(os.geteuid() == 0, "mounts", "root")
    if request.param == "walk":
        monkeypatch.setattr(root_module, "has_openat2", lambda: False)
    (tmp_path / "volume").mkdir()
    (tmp_path / "outside").write_text("outside")
    (tmp_path / "single").touch()
    (tmp_path / "link").symlink_to("volume/sub/file")
    (tmp_path / "chain").symlink_to("volume/out")
    mounts = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", MOUNTS, str(tmp_path))
    with started(prefix=mounts) as child:
        opener = LocalOpener()
        with opener.open_process(opener.key(child.pid)) as opened:
            yield opened


@pytest.mark.root
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("volume/sub/file", b"volume"),
        ("volume/inner/file", b"inner"),
        ("volume/within", b"volume"),
        ("volume/deeper", b"inner"),
        ("volume/out", b"outside"),
        ("volume/absolute", b"outside"),
        ("volume/sub/../../outside", b"outside"),
        ("volume/../volume/sub/file", b"volume"),
        ("link", b"volume"),
        ("chain", b"outside"),
        ("single", b"outside"),
        ("outside", b"outside"),
    ],
)
def test_paths_across_mounts(process: Process, tmp_path: Path, name: str, content: bytes) -> None:
    path = f"{tmp_path}/{name}"
    with process.files.open(path) as file:
        assert file.read([(0, file.size)]) == [content]
        assert process.files.stat_many([path]) == [file.id]


@pytest.mark.root
def test_folders_and_links_across_mounts(process: Process, tmp_path: Path) -> None:
    names = ["absolute", "deeper", "inner", "out", "sub", "within"]
    assert process.files.list_dir(f"{tmp_path}/volume")[1] == names
    assert process.files.list_dir(f"{tmp_path}/volume/inner/")[1] == ["file"]
    assert process.files.read_link(f"{tmp_path}/volume/out") == "../outside"
    assert process.files.read_link(f"{tmp_path}/single") is None
    for name in ("single/x", "volume/x", "volume/inner/x/y", "volume/sub/file/x"):
        with pytest.raises(FileMissing):
            process.files.open(f"{tmp_path}/{name}")
