"""The walk by id, on plain directories: an inode is an inode. Real cgroups are in tests/live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.containers.tree import CgroupTree, Hierarchy, hierarchy_of, walk
from sensor.model.container import HOST, UNKNOWN
from tests.unit.containers.forms import ID, UID

if TYPE_CHECKING:
    from pathlib import Path


def make(root: Path, path: str) -> int:
    """Make a directory with its parents; its inode."""
    (root / path).mkdir(parents=True)
    return (root / path).stat().st_ino


def test_an_id_is_found_and_kept(tmp_path: Path) -> None:
    inode = make(tmp_path, f"kubepods/pod{UID}/{ID}")
    make(tmp_path, "system.slice/ssh.service")
    tree = CgroupTree(str(tmp_path))
    container = tree.of_cgroup_id(inode)
    assert (container.id, container.pod_uid, container.qos) == (ID, UID, "guaranteed")
    assert tree.of_cgroup_id((tmp_path / "system.slice").stat().st_ino) == HOST
    assert tree.of_cgroup_id(tmp_path.stat().st_ino) == HOST
    assert tree.walks == 1


def test_a_new_cgroup_is_found_by_a_new_walk(tmp_path: Path) -> None:
    tree = CgroupTree(str(tmp_path))
    tree.of_cgroup_id(tmp_path.stat().st_ino)
    inode = make(tmp_path, f"docker/{ID}")
    assert tree.of_cgroup_id(inode).id == ID
    assert tree.walks == 2


def test_a_removed_cgroup_is_still_known(tmp_path: Path) -> None:
    inode = make(tmp_path, f"docker/{ID}")
    tree = CgroupTree(str(tmp_path))
    tree.of_cgroup_id(inode)
    (tmp_path / "docker" / ID).rmdir()
    tree.of_cgroup_id(make(tmp_path, "docker/another"))
    assert tree.of_cgroup_id(inode).id == ID


def test_an_id_that_is_gone_costs_one_walk(tmp_path: Path) -> None:
    tree = CgroupTree(str(tmp_path))
    assert tree.of_cgroup_id(2**63 + 1) == UNKNOWN
    assert tree.of_cgroup_id(2**63 + 1) == UNKNOWN
    assert tree.walks == 1


def test_files_and_links_are_not_cgroups(tmp_path: Path) -> None:
    (tmp_path / ID).symlink_to("/")
    (tmp_path / "cgroup.procs").touch()
    assert list(walk(str(tmp_path)).paths.values()) == [()]


def test_the_bound_cuts_the_deepest_first(tmp_path: Path) -> None:
    container = make(tmp_path, f"docker/{ID}")
    for number in range(50):
        make(tmp_path, f"aaa/bbb/{number}")
    walked = walk(str(tmp_path), max_cgroups=6)
    assert not walked.complete
    assert len(walked.paths) == 6
    assert walked.paths[container] == ("docker", ID)
    assert walk(str(tmp_path)).complete


def test_a_tree_that_is_too_deep_ends(tmp_path: Path) -> None:
    make(tmp_path, "/".join("x" * 70))
    walked = walk(str(tmp_path))
    assert not walked.complete
    assert max(map(len, walked.paths.values())) == 64


def test_a_mount_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        walk(str(tmp_path / "no"))


HYBRID = """\
23 1 8:1 / / rw - ext4 /dev/sda1 rw
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/a\\040b rw,relatime - cgroup2 cgroup2 rw
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4:memory:/\n1:cpu,cpuacct:/\n0::/\n", ("memory", "/sys/fs/cgroup/memory")),
        ("1:cpu,cpuacct:/\n0::/\n", ("", "/sys/fs/cgroup/a b")),
        ("2:name=systemd:/\n1:cpu,cpuacct:/\n", ("cpu", "/sys/fs/cgroup/cpu")),
        ("8:pids:/\n1:cpu,cpuacct:/\n", None),
        ("2:name=systemd:/\n", None),
    ],
    ids=["memory", "v2", "first of the others", "not mounted", "none"],
)
def test_the_hierarchy_that_names_containers(text: str, expected: tuple[str, str] | None) -> None:
    assert hierarchy_of(text, HYBRID) == (expected and Hierarchy(*expected))


def test_a_mount_of_a_part_only_is_not_taken() -> None:
    part = HYBRID.replace("0:32 / /sys", "0:32 /docker/x /sys")
    assert hierarchy_of("4:memory:/\n0::/\n", part) is None
