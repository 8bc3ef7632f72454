"""The text of /proc, with names that are as odd as they can be."""

from __future__ import annotations

import pytest

from sensor.errors import Malformed
from sensor.host.procfs import (
    Mount,
    parse_maps,
    parse_mount_id,
    parse_mountinfo,
    parse_stat,
    seen_from,
)
from sensor.model.process import Mapping

STAT = (
    b"42 (%s) S 1 42 42 0 -1 4194560 101 0 0 0 1 2 0 0 20 0 1 0 12345 8192 10 18446744073709551615 "
    b"94 95 140720000000000 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 96 97 98 5000 5040 5040 5999 0\n"
)
LINE = b"7f0000000000-7f0000001000 r-xp 00002000 fe:0a 31                         %s\n"


@pytest.mark.parametrize("name", [b"cat", b"a b", b") S 1 (", b"new\nline) R 7", b"", b"\xff\xfe"])
def test_stat_whatever_the_name(name: bytes) -> None:
    stat = parse_stat(STAT % name)
    assert (stat.state, stat.start_ticks, stat.start_stack) == ("S", 12345, 140720000000000)
    assert (stat.arg_start, stat.arg_end) == (5000, 5040)
    assert not stat.dead
    assert not stat.kernel_thread


@pytest.mark.parametrize("state", [b"Z", b"X", b"x"])
def test_stat_of_the_dead(state: bytes) -> None:
    assert parse_stat((STAT % b"cat").replace(b") S", b") " + state)).dead


def test_stat_of_a_kernel_thread() -> None:
    assert parse_stat((STAT % b"kthreadd").replace(b"4194560", b"2129984")).kernel_thread


@pytest.mark.parametrize(
    ("written", "path", "deleted"),
    [
        (b"/usr/bin/cat", "/usr/bin/cat", False),
        (b"/a b  c", "/a b  c", False),
        (b"/trailing ", "/trailing ", False),
        (b"/new\\012line", "/new\nline", False),
        (b"/usr/bin/cat (deleted)", "/usr/bin/cat", True),
        (b"/twice (deleted) (deleted)", "/twice (deleted)", True),
        (b"/latin-\xe9", "/latin-\uefe9", False),
        (b"[heap]", "[heap]", False),
        (b"[anon:a name (deleted)]", "[anon:a name (deleted)]", False),
        (b"", "", False),
    ],
)
def test_maps_paths(written: bytes, path: str, deleted: bool) -> None:  # noqa: FBT001
    expected = Mapping(0x7F0000000000, 0x7F0000001000, "r-xp", 0x2000, "fe:0a", 31, path, deleted)
    assert parse_maps(LINE % written) == [expected]
    assert (expected.size, expected.file_key) == (0x1000, ("fe:0a", 31))


def test_maps_of_a_chroot_are_seen_from_its_root() -> None:
    raw = LINE % b"/srv/jail/usr/lib/x.so (deleted)" + LINE % b"/elsewhere" + LINE % b"[stack]"
    seen = [(m.path, m.deleted) for m in parse_maps(raw, "/srv/jail")]
    assert seen == [("/usr/lib/x.so", True), ("/elsewhere", False), ("[stack]", False)]


@pytest.mark.parametrize(
    ("root", "path", "seen"),
    [
        ("/", "/a", "/a"),
        ("/a", "/a", "/"),
        ("/a", "/a/b", "/b"),
        ("/a", "/ab", "/ab"),
        ("/a", "pipe:[1]", "pipe:[1]"),
    ],
)
def test_seen_from(root: str, path: str, seen: str) -> None:
    assert seen_from(root, path) == seen


def test_a_line_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(Malformed):
        parse_maps(LINE % b"/a" + b"what is this\n")


def test_mountinfo() -> None:
    raw = (
        b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
        b"37 35 0:22 / /with\\040blank\\011tab\\012line\\134slash rw - fuse.s3fs s3fs rw\n"
        b"38 35 0:23 / /cut of"
    )
    assert parse_mountinfo(raw) == [
        Mount(36, b"/mnt2", "ext3"),
        Mount(37, b"/with blank\ttab\nline\\slash", "fuse.s3fs"),
    ]


def test_mount_id() -> None:
    assert parse_mount_id(b"pos:\t0\nflags:\t012000000\nmnt_id:\t31\nino:\t2\n") == 31
    with pytest.raises(Malformed):
        parse_mount_id(b"pos:\t0\n")
