"""Workloads that lie: each attempt ends as a refusal or an error within its bound."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.errors import BudgetSpent, FileMissing, FileRefused, ProcessGone
from sensor.host.local import LocalOpener
from tests.harness.skips import need
from tests.support.child import Child, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a running child."""
    with started() as running:
        yield running


@pytest.fixture
def process(child: Child) -> Iterator[Process]:
    """Return the child, opened."""
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as opened:
        yield opened


@pytest.fixture
def jail(tmp_path: Path, child: Child) -> Iterator[tuple[Process, Path]]:
    """Return the child in a root of its own, and that root."""
    need(os.geteuid() == 0, "chroot", "root")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "hostname").write_text("of the container")
    child.chroot(root)
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as opened:
        yield opened, root


def content(process: Process, path: str) -> bytes | None:
    with process.files.open(path) as file:
        return file.read([(0, file.size)])[0]


@pytest.mark.root
@pytest.mark.parametrize(
    "target",
    [
        "/etc/hostname",
        "../../../../../../../../etc/hostname",
        "/../../etc/hostname",
        "/proc/self/root/etc/hostname",
        "/proc/1/root/etc/hostname",
    ],
)
def test_links_never_leave_the_root(jail: tuple[Process, Path], target: str) -> None:
    process, root = jail
    (root / "proc").mkdir()
    (root / "proc" / "self").symlink_to("1")
    (root / "proc" / "1").mkdir()
    (root / "proc" / "1" / "root").symlink_to("/")
    (root / "link").symlink_to(target)
    assert Path("/etc/hostname").read_text() != "of the container"
    assert content(process, "/link") == b"of the container"
    assert process.files.stat_many(["/link"]) == process.files.stat_many(["/etc/hostname"])


@pytest.mark.root
def test_what_only_the_host_has_is_missing(jail: tuple[Process, Path]) -> None:
    process, root = jail
    (root / "link").symlink_to("/etc/passwd")
    for path in ("/link", "/etc/passwd", "/../etc/passwd", "/etc/../../etc/passwd"):
        with pytest.raises(FileMissing):
            process.files.open(path)
    assert process.files.list_dir("/..")[1] == ["etc", "link"]


@pytest.mark.root
def test_devices_are_not_opened(jail: tuple[Process, Path]) -> None:
    process, root = jail
    (root / "METADATA").unlink(missing_ok=True)
    os.mknod(root / "METADATA", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with pytest.raises(FileRefused, match="not a regular file"):
        process.files.open("/METADATA")
    assert process.files.stat_many(["/METADATA"]) == [None]


def test_a_fifo_does_not_hold_us(process: Process, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "RECORD")
    with pytest.raises(FileRefused, match="not a regular file"):
        process.files.open(f"{tmp_path}/RECORD")


def test_ten_gigabytes_of_nothing(process: Process, tmp_path: Path) -> None:
    size = 10 << 30
    with (tmp_path / "METADATA").open("wb") as file:
        file.truncate(size)
    with process.files.open(f"{tmp_path}/METADATA") as sparse:
        assert sparse.size == size
        assert sparse.read([(size - 4, 4), (size, 1)]) == [bytes(4), None]
        with pytest.raises(BudgetSpent):
            sparse.read([(0, size)])
        process.meter.hard_bytes = process.meter.bytes + (8 << 20)
        with pytest.raises(BudgetSpent):
            sparse.read([(number << 20, 1 << 20) for number in range(100)])


def test_a_file_cut_off_while_it_is_read(process: Process, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(9000))
    with process.files.open(f"{tmp_path}/file") as file:
        os.truncate(tmp_path / "file", 100)
        assert file.read([(0, 100), (50, 100), (8000, 9)]) == [bytes(100), None, None]


def test_a_folder_with_too_many_names(process: Process, tmp_path: Path) -> None:
    from sensor.host import files  # noqa: PLC0415 - its bound is changed here only

    for number in range(11):
        (tmp_path / f"{number}").touch()
    assert len(process.files.list_dir(str(tmp_path))[1]) == 11
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "MAX_ENTRIES", 10)
        with pytest.raises(FileRefused, match="more than 10 entries"):
            process.files.list_dir(str(tmp_path))


def test_more_mappings_than_the_bound(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = LocalOpener()
    key = opener.key(child.pid)
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr("sensor.host.localprocess.MAX_MAPS", 100)
    with pytest.raises(BudgetSpent, match="more than 100 bytes of maps"):
        opener.open_process(key)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_of_many_descriptors_the_lowest_are_told(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensor.host.procread.MAX_DESCRIPTORS", 2)
    assert [number for number, _ in process.descriptors()] == [0, 1]


def test_exec_in_the_middle_of_reads(process: Process, child: Child) -> None:
    """Whatever the moment: the right bytes or ProcessGone, never those of the next program."""
    where = [(child.page(page), 4) for page in (0, 1, 2, 4, 5)]
    right = process.read(where)
    thread = threading.Thread(target=child.exec)
    thread.start()
    answers = [right]
    with pytest.raises(ProcessGone):
        answers.extend(iter(lambda: process.read(where, fresh=True), None))
    thread.join()
    assert all(answer == right for answer in answers)
    with pytest.raises(ProcessGone):
        process.verify()
    with pytest.raises(ProcessGone):
        process.find(b"pg00", [(m.start, m.size) for m in process.maps()], limit=1)


def test_another_user_namespace_is_not_believed(tmp_path: Path) -> None:
    need(_may_unshare(), "makes a user namespace", "root, or a kernel that lets users make them")
    (tmp_path / "file").touch()
    opener = LocalOpener()
    with started(prefix=("unshare", "--user", "--map-root-user", "--mount")) as child:
        with opener.open_process(opener.key(child.pid)) as process:
            (found,) = process.files.stat_many(["/etc/passwd"])
        assert found is not None
        assert found.scope == str(Path(f"/proc/{child.pid}/ns/mnt").readlink())


def _may_unshare() -> bool:
    import subprocess  # noqa: PLC0415 - for this question only

    ask = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    return subprocess.run(ask, check=False, capture_output=True).returncode == 0
