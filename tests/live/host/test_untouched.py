"""Looking changes nothing in the target: not its resident memory, not one present page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.local import LocalOpener
from sensor.host.pagemap import PAGE, PageMap
from sensor.host.pagescan import Unsupported, scan
from sensor.host.procfs import parse_maps, parse_stat
from sensor.model.budget import Meter
from sensor.resolvers import RESOLVERS
from sensor.scan import Scanner
from tests.harness.skips import need
from tests.support.child import Child, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process
    from sensor.model.process import Mapping

STATUS = (
    "VmRSS",
    "RssAnon",
    "RssFile",
    "RssShmem",
    "VmPTE",
    "SigPnd",
    "ShdPnd",
    "State",
    "TracerPid",
)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """Return a child that has mapped a file of which it touched one byte only."""
    (tmp_path / "large").write_bytes(os.urandom(4 << 20))
    with started(str(tmp_path / "large")) as running:
        yield running


def state(pid: int) -> tuple[dict[str, str], dict[int, bytes]]:
    """Return what the kernel counts, and the present bits of every mapping."""
    text = Path(f"/proc/{pid}/status").read_text()
    status = dict(line.split(":\t", 1) for line in text.splitlines())
    present = {}
    with Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as pagemap:
        for mapping in parse_maps(Path(f"/proc/{pid}/maps").read_bytes()):
            pagemap.seek(mapping.start // PAGE * 8)
            entries = pagemap.read(mapping.size // PAGE * 8)
            present[mapping.start] = bytes(top >> 6 for top in entries[7::8])
    return {name: status[name] for name in STATUS}, present


def asleep(pid: int) -> bool:
    return parse_stat(Path(f"/proc/{pid}/stat").read_bytes()).state == "S"


def look_at_everything(process: Process) -> int:
    """Read and search all of its memory, its arguments and files; return the bytes had."""
    ranges = [(m.start, m.size) for m in process.maps()]
    pages = [(at, PAGE) for start, size in ranges for at in range(start, start + size, PAGE)]
    had = sum(len(data) for data in process.read(pages) if data)
    process.read(pages, fresh=True)
    process.find(b"nowhere in there", ranges, limit=1)
    assert process.arguments.script
    process.descriptors()
    for mapping in process.maps():
        if mapping.inode and mapping.path != "/dev/zero":  # shared memory without a file
            process.files.open_mapped(mapping).close()
    process.verify()
    return had


def test_nothing_is_faulted_in_stopped_or_signalled(child: Child) -> None:
    while not asleep(child.pid):
        assert child.popen.poll() is None
    before = state(child.pid)
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        had = look_at_everything(process)
    assert state(child.pid) == before
    absent = sum(bits.count(0) for bits in before[1].values())
    assert had >= 4 * PAGE
    assert absent > (3 << 20) // PAGE, "there must have been pages that could be faulted in"


def test_a_whole_scan_changes_nothing(child: Child) -> None:
    while not asleep(child.pid):
        assert child.popen.poll() is None
    before = state(child.pid)
    seen = Scanner(LocalOpener(), RESOLVERS).look(child.pid)
    assert state(child.pid) == before
    coverage = seen.findings["python"].coverage
    assert coverage is not None
    assert coverage.complete, "it must have been read as a whole"


def test_both_ways_to_ask_for_present_pages_agree(child: Child) -> None:
    """PAGEMAP_SCAN, where the kernel has it, against the entries; also over reserved terabytes."""
    child.grow()
    with Path(f"/proc/{child.pid}/pagemap").open("rb", buffering=0) as file:
        for mapping in parse_maps(Path(f"/proc/{child.pid}/maps").read_bytes()):
            first, end = mapping.start // PAGE, mapping.end // PAGE
            if end < 1 << 51:
                pagemap = PageMap(file.fileno(), Meter())
                scanned = pages(pagemap.present(first, end, lambda: None))
                flags = pagemap.flags(first, end - first)
                assert scanned == [first + at for at, flag in enumerate(flags) if flag]


def pages(runs: Iterator[tuple[int, int]]) -> list[int]:
    return [page for first, count in runs for page in range(first, first + count)]


def test_a_reserved_terabyte_costs_nothing(child: Child) -> None:
    child.reserve()
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        area = max(process.maps(), key=lambda m: m.size)
        assert area.size >= 1 << 40
        need(_scans(child.pid, area), "reads a page map of 2 GiB", "Linux 6.7")
        before = process.meter.bytes, process.meter.calls
        assert process.find(b"reserved", [(area.start, area.size)], limit=9) == [
            area.start + (1 << 39)
        ]
        assert process.meter.bytes - before[0] <= 16 * PAGE
        assert process.meter.calls - before[1] <= 16
        assert process.find(b"reserved", [(0, 1 << 62)], limit=1)


def _scans(pid: int, area: Mapping) -> bool:
    with Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as file:
        try:
            return bool(list(scan(file.fileno(), area.start, area.end, Meter())))
        except Unsupported:
            return False


def test_reading_a_file_does_not_write_its_time_of_access(child: Child, tmp_path: Path) -> None:
    """Of our own files, as of all files when we are root. The mount must keep such times."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("text")
    for path in (folder, folder / "file"):
        os.utime(path, ns=(0, 10**18))
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        process.files.list_dir(str(folder))
        with process.files.open(f"{folder}/file") as file:
            assert file.read([(0, 4)]) == [b"text"]
    assert [path.stat().st_atime_ns for path in (folder, folder / "file")] == [0, 0]


def test_no_descriptor_is_left_open(child: Child) -> None:
    before = open_descriptors()
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        look_at_everything(process)
        process.files.list_dir("/dev/../dev")
        process.files.stat_many(["/dev/null", "/nowhere", "/proc/1"])
        assert open_descriptors() > before
    assert open_descriptors() == before


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
