"""What every Opener and Process says beside memory and files."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.errors import ProcessGone
from sensor.host import fixturefile
from sensor.host.local import LocalOpener
from sensor.host.pagemap import PAGE
from sensor.host.recorded import RecordedOpener
from sensor.host.recorder import RecordingOpener
from sensor.model.process import Descriptor, ProcessKey
from tests.support.child import PROGRAM, Child

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from tests.contract.conftest import Run


def test_says_who_it_is(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        assert process.key.pid == child.pid
        assert process.exe == str(Path("/proc/self/exe").resolve())
        assert process.arguments.script == str(PROGRAM)
        assert process.arguments.directory == str(Path.cwd())
        assert abs(process.at - time.time()) < 60
        process.verify()

    run(ask, child)


def test_maps_are_all_mappings_in_order(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        maps = process.maps()
        assert list(maps) == sorted(maps)
        (ours,) = [m for m in maps if m.start <= child.address < m.end]
        assert ours.perms.startswith("rw")
        assert ours.size >= 8 * PAGE
        (stack,) = [m for m in maps if m.path == "[stack]"]
        assert stack.file_key == ("00:00", 0)
        assert any(m.path == process.exe and m.inode and "x" in m.perms for m in maps)

    run(ask, child)


def test_descriptors_tell_number_and_target(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        pipe = f"pipe:[{os.fstat(child.out.fileno()).st_ino}]"
        assert Descriptor(1, pipe) in process.descriptors()

    run(ask, child)


def test_closing_twice_is_fine(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        del child
        process.close()
        process.close()

    run(ask, child)


def test_another_life_of_the_pid_is_not_opened(child: Child) -> None:
    opener = LocalOpener()
    key = opener.key(child.pid)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ProcessGone):
        opener.open_process(ProcessKey(key.pid, key.start_ticks + 1))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_dead_child_is_gone_also_as_a_zombie(child: Child) -> None:
    opener = LocalOpener()
    key = opener.key(child.pid)
    child.popen.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessGone):
        opener.key(child.pid)
    with pytest.raises(ProcessGone):
        opener.open_process(key)
    child.end()
    with pytest.raises(ProcessGone):
        opener.key(child.pid)


def test_a_fixture_knows_one_process_only(child: Child, tmp_path: Path) -> None:
    recorder = RecordingOpener(LocalOpener())
    key = recorder.key(child.pid)
    recorder.open_process(key).close()
    with pytest.raises(ValueError, match="one process"):
        recorder.open_process(recorder.key(os.getpid()))
    assert recorder.recording is not None
    fixturefile.write(recorder.recording, {}, tmp_path / "fixture")
    opener = RecordedOpener(fixturefile.read(tmp_path / "fixture"))
    assert opener.key(child.pid) == opener.only == key
    with pytest.raises(ProcessGone):
        opener.key(child.pid + 1)
    with pytest.raises(ProcessGone):
        opener.open_process(ProcessKey(key.pid, key.start_ticks + 1))
