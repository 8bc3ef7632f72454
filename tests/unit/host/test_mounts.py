"""Which mounts may be walked into, decided from the text of mountinfo alone."""

from __future__ import annotations

import pytest

from sensor.host.mounts import BLOCKING, PSEUDO, MountTable, refusal

TABLE = MountTable(
    b"20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    b"21 20 0:5 / /proc rw - proc proc rw\n"
    b"120 20 0:44 / /data rw - fuse.s3fs s3fs rw\n"
    b"22 20 8:2 / /srv rw - xfs /dev/sdb rw\n"
    b"23 22 8:3 / /srv/my\\040app rw - ext4 /dev/sdc rw\n"
    b"24 20 8:4 / /srv rw - btrfs /dev/sdd rw\n"
)


@pytest.mark.parametrize("kind", ["fuse.s3fs", "fuse.", *sorted(BLOCKING)])
def test_what_can_hang_is_refused(kind: str) -> None:
    assert refusal(kind) == "blocking file system"


@pytest.mark.parametrize("kind", sorted(PSEUDO))
def test_what_is_no_place_for_packages_is_refused(kind: str) -> None:
    assert refusal(kind) == "pseudo file system"


@pytest.mark.parametrize("kind", ["ext4", "overlay", "xfs", "btrfs", "tmpfs", "squashfs", "zfs"])
def test_local_file_systems_are_walked(kind: str) -> None:
    assert refusal(kind) is None


@pytest.mark.parametrize(
    ("path", "number"),
    [
        (b"/", 20),
        (b"/etc/passwd", 20),
        (b"/proc/1/environ", 21),
        (b"/data", 120),
        (b"/database", 20),
        (b"/srv/my app/x/y", 23),
        (b"/srv/other", 24),
    ],
)
def test_the_deepest_and_last_mount_counts(path: bytes, number: int) -> None:
    mount = TABLE.above(path)
    assert mount is not None
    assert mount.id == number


def test_by_id_is_exact() -> None:
    mount = TABLE.by_id(20)
    assert mount is not None
    assert mount.kind == "ext4"
    assert TABLE.by_id(2) is None
    assert TABLE.by_id(12) is None


def test_a_hidden_root_is_told() -> None:
    assert MountTable(b"21 20 0:5 / /proc rw - proc proc rw\n").above(b"/etc") is None


def test_autofs_is_seen() -> None:
    assert not TABLE.has_autofs
    assert MountTable(b"9 1 0:9 / /net rw - autofs systemd-1 rw\n").has_autofs
