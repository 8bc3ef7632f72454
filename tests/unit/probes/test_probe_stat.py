"""One line of /proc/PID/stat."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from probes import stat

if TYPE_CHECKING:
    from pathlib import Path


def line(name: str = "cat", **changed: object) -> bytes:
    """A line as proc_pid_stat(5) has it; `changed` are fields by the numbers of that page."""
    fields = {f"f{number}": "0" for number in range(3, 53)}
    fields |= {"f3": "S", "f9": "4194304", "f22": "5000", "f26": "94200", "f28": "140700"}
    fields |= {key: str(value) for key, value in changed.items()}
    return f"7 ({name}) {' '.join(fields.values())}\n".encode()


def test_start_state_and_program() -> None:
    assert stat.parse(line()) == stat.Stat(5000, "94200 140700", alive=True, kernel=False)


def test_a_name_may_look_like_the_end_of_the_name() -> None:
    assert stat.parse(line(name="a) R 1 (b")).start_ticks == 5000


def test_without_the_right_to_trace_the_name_stands_for_the_program() -> None:
    assert stat.parse(line(name="a) (b", f26=1, f28=0)).program == "a) (b"


def test_zombies_and_threads_of_the_kernel_are_told_apart() -> None:
    assert not stat.parse(line(f3="Z")).alive
    assert stat.parse(line(f9=0x208040)).kernel


def test_our_own_process() -> None:
    own = stat.read(os.getpid())
    assert own
    assert own.alive
    assert not own.kernel
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")
    assert 0 < own.start_ticks < since_boot


def test_a_process_that_is_not_there(tmp_path: Path) -> None:
    assert stat.read(7, tmp_path) is None
