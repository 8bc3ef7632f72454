"""Records of the programs → events: every field, every flag, and bytes that are no record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import records
from probes.errors import Malformed
from probes.event import Event, Kind

CLOCK = records.Clock(ticks=100, booted=1_000_000.0)
NAMES = b"leaf\0pod-\xff\0above\0"
PATH = b"java\0bin\0opt\0"


def record(kind: int = records.EXEC, flags: int = 0, **other: int) -> bytes:
    names = NAMES if kind == records.EXEC else b""
    text = names + PATH if kind == records.EXEC else b""
    fields = {
        "kind": kind,
        "length": len(text),
        "cgroup": 1 << 40,
        "start": 12_345_678_901,
        "at": 20_500_000_000,
        "inode": 77,
        "device": (0xFE << 20) + 0x101,
        "pid": 4242,
        "mount_ns": 4_026_531_841,
        "names_length": len(names),
        "levels": names.count(b"\0"),
        "flags": flags,
    }
    return records.HEAD.pack(*(fields | other).values()) + text


def test_an_exec_with_all_that_belongs_to_it() -> None:
    assert records.event(record(), CLOCK) == Event(
        kind=Kind.EXEC,
        pid=4242,
        start_ticks=1234,
        cgroup_id=1 << 40,
        cgroup_names=("leaf", "pod-\udcff", "above"),
        mount_ns=4_026_531_841,
        path="/opt/bin/java",
        dev="fe:101",
        inode=77,
        at=1_000_020.5,
    )


def test_an_exit_says_which_process_and_cgroup_only() -> None:
    assert records.event(record(records.EXIT), CLOCK) == Event(
        kind=Kind.EXIT, pid=4242, start_ticks=1234, cgroup_id=1 << 40, at=1_000_020.5
    )


def test_a_small_device_is_written_as_in_maps() -> None:
    assert records.event(record(device=2), CLOCK).dev == "00:02"


@pytest.mark.parametrize(
    ("flags", "field"),
    [
        (records.PATH_CUT, "path"),
        (records.NAMES_CUT, "cgroup_names"),
        (records.NO_CGROUP, "cgroup_names"),
        (records.NO_CGROUP, "cgroup_id"),
        (records.PID_FOREIGN, "pid"),
    ],
)
def test_what_is_not_whole_is_not_told(flags: int, field: str) -> None:
    event = records.event(record(flags=flags), CLOCK)
    assert getattr(event, field) is None
    assert event.start_ticks == 1234


def test_names_above_the_three_change_nothing() -> None:
    whole = records.event(record(), CLOCK)
    assert records.event(record(flags=records.NAMES_MORE), CLOCK) == whole


def test_the_root_has_no_names_and_a_file_in_memory_no_path() -> None:
    event = records.event(record(names_length=0, levels=0, length=0), CLOCK)
    assert event.cgroup_names == ()
    assert event.path is None


def test_names_that_do_not_add_up_are_not_told() -> None:
    assert records.event(record(levels=2), CLOCK).cgroup_names is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        record()[: records.HEAD.size - 1],
        record()[:-1],
        record(kind=3),
        record(names_length=500),
    ],
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        records.event(data, CLOCK)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_malformed(data: bytes) -> None:
    try:
        event = records.event(data, CLOCK)
    except Malformed:
        return
    assert event.kind in Kind
