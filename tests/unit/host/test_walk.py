"""Paths walked by the kernel in one call, and walked by us: the same answer, the same bounds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host import root as root_module
from sensor.host.mounts import MountTable
from sensor.host.procfs import parse_mountinfo
from sensor.host.root import Root, table_of
from sensor.host.walk import MAX_DEPTH, MAX_LINKS, Place, Refused, UnknownMount, mount_of, walk
from sensor.model.budget import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = os.O_PATH | os.O_DIRECTORY


@pytest.fixture
def ours() -> Iterator[int]:
    """Return a descriptor of our own /proc/PID."""
    fd = os.open("/proc/self", DIRECTORY)
    yield fd
    os.close(fd)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a root with links of all kinds."""
    (tmp_path / "usr" / "lib").mkdir(parents=True)
    (tmp_path / "usr" / "lib" / "x.so").write_text("x")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hostname").write_text("inside")
    for name, target in {
        "lib": "usr/lib",
        "absolute": "/etc/hostname",
        "up": "../../../../../etc/hostname",
        "usr/back": "../etc/hostname",
        "chain": "lib/../../absolute",
        "dangling": "/no/such",
        "loop": "loop",
        "magic": "/proc/self/root/etc/hostname",
        "slash": "usr/lib/",
    }.items():
        (tmp_path / name).symlink_to(target)
    return tmp_path


def seen(place: Place) -> tuple[int, int]:
    """Return what is open, and close it."""
    found = os.fstat(place.fd)
    os.close(place.fd)
    return found.st_dev, found.st_ino


def walked(tree: Path, path: str, ours: int, *, follow: bool = True) -> tuple[int, int]:
    """Walk `path` with `tree` as the root."""
    tables = [table_of(ours)]
    fd = os.open(tree, DIRECTORY)
    try:
        place = walk(Place(fd, mount_of(fd, tables)), path.encode(), tables, follow=follow)
        return seen(place)
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/usr/lib/x.so", "usr/lib/x.so"),
        ("//usr/./lib//x.so", "usr/lib/x.so"),
        ("/lib/x.so", "usr/lib/x.so"),
        ("/slash/x.so", "usr/lib/x.so"),
        ("/absolute", "etc/hostname"),
        ("/up", "etc/hostname"),
        ("/usr/back", "etc/hostname"),
        ("/chain", "etc/hostname"),
        ("/../../../etc/hostname", "etc/hostname"),
        ("/usr/lib/..", "usr"),
        ("/", "."),
        ("/usr/lib/", "usr/lib"),
    ],
)
def test_paths_stay_inside(tree: Path, ours: int, path: str, target: str) -> None:
    found = (tree / target).stat()
    assert walked(tree, path, ours) == (found.st_dev, found.st_ino)


def test_the_last_link_is_not_followed_when_told(tree: Path, ours: int) -> None:
    found = (tree / "absolute").lstat()
    assert walked(tree, "/absolute", ours, follow=False) == (found.st_dev, found.st_ino)
    found = (tree / "usr/lib/x.so").stat()
    assert walked(tree, "/lib/x.so", ours, follow=False) == (found.st_dev, found.st_ino)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/dangling", FileNotFoundError),
        ("/magic", FileNotFoundError),
        ("/usr/lib/x.so/", NotADirectoryError),
        ("/usr/lib/x.so/y", NotADirectoryError),
        ("/absolute/..", NotADirectoryError),
    ],
)
def test_errors_are_those_of_the_kernel(
    tree: Path, ours: int, path: str, error: type[OSError]
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(error):
        walked(tree, path, ours)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_links_and_depth_are_bounded(tree: Path, ours: int) -> None:
    with pytest.raises(OSError, match="Too many levels"):
        walked(tree, "/loop", ours)
    for number in range(MAX_LINKS + 1):
        (tree / f"hop{number}").symlink_to(f"hop{number + 1}" if number < MAX_LINKS else "etc")
    walked(tree, "/hop1", ours)
    with pytest.raises(OSError, match="Too many levels"):
        walked(tree, "/hop0", ours)
    deep = tree.joinpath(*["d"] * (MAX_DEPTH + 1))
    deep.mkdir(parents=True)
    walked(tree, "/d" * MAX_DEPTH, ours)
    with pytest.raises(Refused, match="too many directories"):
        walked(tree, "/d" * (MAX_DEPTH + 1), ours)


def lying_table(kind: str) -> MountTable:
    """Return our mounts, all of them said to be of one kind."""
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())
    lines = [b"%d 1 0:1 / %s rw - %s none rw\n" % (m.id, m.point, kind.encode()) for m in mounts]
    return MountTable(b"".join(lines))


@pytest.mark.parametrize("kind", ["fuse.sshfs", "nfs4", "autofs"])
def test_a_mount_that_can_hang_is_never_asked(tree: Path, kind: str) -> None:
    fd = os.open(tree, DIRECTORY)
    try:
        with pytest.raises(Refused, match="blocking file system"):
            walk(
                Place(fd, parse_mountinfo(b"1 1 0:1 / / rw - ext4 x rw")[0]),
                b"/etc",
                [lying_table(kind)],
                follow=True,
            )
        with pytest.raises(UnknownMount):
            mount_of(fd, [MountTable(b"")])
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    "path",
    ["{}/lib/x.so", "{}/up", "{}/absolute", "{}/chain", "/dev/shm", "/dev/../dev/shm", "/"],  # noqa: S108
)
def test_both_ways_give_the_same(
    tree: Path, ours: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels before 5.6 have no openat2: then the whole path is walked."""
    answers = []
    for has in (True, False):
        monkeypatch.setattr(root_module, "has_openat2", lambda has=has: has)
        root = Root(ours, Meter())
        try:
            answers.append(seen(root.open(path.format(tree).encode())))
        finally:
            root.close()
    assert answers[0] == answers[1]


def test_a_root_that_can_hang_is_refused(ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_module, "table_of", lambda _: lying_table("fuse.overlayfs"))
    root = Root(ours, Meter())
    with pytest.raises(Refused, match="blocking file system"):
        root.open(b"/etc")
    root.close()
