"""The eBPF probe where it may not run, where it sees less, and where it must notice that."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probes import hierarchy, records, stat
from probes.ebpf import EbpfProbe
from probes.errors import SelfTestFailed
from tests.harness.skips import need
from tests.support import smallest, storm
from tests.support.cgroup import Cgroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from probes.event import Event

pytestmark = [pytest.mark.root]

ROOT = Path(__file__).parents[3]
NO_CAPABILITY = ["setpriv", "--bounding-set=-all"]
ONLY_BPF = ["setpriv", "--bounding-set=-all,+bpf"]
PID_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]
CGROUP_NAMESPACE = ["unshare", "--cgroup"]


@pytest.fixture
def cgroup(request: pytest.FixtureRequest) -> Iterator[Cgroup]:
    need(os.geteuid() == 0, "cgroups and BPF programs are root's", "root")
    with Cgroup(str(abs(hash(request.node.name)))) as cgroup:
        yield cgroup


def listen(place: Sequence[str], cgroup: int, count: int) -> subprocess.Popen[str]:
    words = [*place, sys.executable, "-m", "tests.live.probes.listen", str(cgroup), str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def hear(listener: subprocess.Popen[str]) -> object:
    assert listener.stdout is not None
    return json.loads(listener.stdout.readline())


@pytest.mark.parametrize(
    ("place", "named"), [(NO_CAPABILITY, "BPF and PERFMON"), (ONLY_BPF, "PERFMON")]
)
def test_without_the_capabilities_it_names_those_that_are_missing(
    place: list[str], named: str
) -> None:
    need(os.geteuid() == 0, "capabilities are taken away from root", "root")
    with listen(place, 0, 0) as listener:
        answer = hear(listener)
    assert isinstance(answer, dict)
    assert answer["error"] == "NotPermitted"
    assert answer["text"].endswith(f"this process has not got {named}")
    assert "PERFMON" in answer["help"]


def test_in_a_pid_namespace_what_lives_outside_has_no_number(
    cgroup: Cgroup, tmp_path: Path
) -> None:
    program = smallest.write(tmp_path / "smallest")
    # That it says "ready" at all shows that it knew its own child, by the number that it has there.
    with listen(PID_NAMESPACE, cgroup.id, 3) as listener:
        assert hear(listener) == "ready"
        with storm.start(cgroup, program, 3, storm.AS_FAST_AS_CAN_BE) as outside:
            storm.Told(cgroup.id).end(outside)
        assert hear(listener) == [None, None, None]


def test_in_a_cgroup_namespace_ids_are_still_those_of_the_machine(
    cgroup: Cgroup, tmp_path: Path
) -> None:
    program = smallest.write(tmp_path / "smallest")
    told = storm.Told(cgroup.id)
    with listen(CGROUP_NAMESPACE, cgroup.id, 3) as listener:
        assert hear(listener) == "ready"
        with storm.start(cgroup, program, 3, storm.AS_FAST_AS_CAN_BE) as outside:
            told.end(outside)
        heard = hear(listener)
    assert isinstance(heard, list)
    assert sorted(heard) == sorted(told.pids)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("module", "name", "answer", "said"),
    [
        (hierarchy, "last_name", "where we are not", "not where we are not"),
        (stat, "read", stat.Stat(1, "", alive=True, kernel=False), "another start"),
        (stat, "read", None, "another start"),
    ],
)
def test_it_notices_that_it_hears_of_something_else(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, answer: object, said: str
) -> None:
    need(os.geteuid() == 0, "bpf(2) is root's", "root")
    monkeypatch.setattr(module, name, lambda *_: answer)
    before = descriptors()
    with pytest.raises(SelfTestFailed, match=said):
        EbpfProbe().start()
    assert descriptors() == before
    missing = EbpfProbe().check()
    assert missing
    assert missing.fix == SelfTestFailed.help


def test_a_record_that_is_broken_is_counted_as_lost(
    cgroup: Cgroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = smallest.write(tmp_path / "smallest")
    probe, cgroup_id = EbpfProbe(), cgroup.id
    probe.start()
    # From now on the longest record that is understood is shorter than any.
    monkeypatch.setattr(records, "HEAD", struct.Struct("<100000x"))
    with storm.start(cgroup, program, 3, storm.AS_FAST_AS_CAN_BE) as running:
        storm.Told(cgroup.id).end(running)
    told: list[Event] = []
    probe.drain(told.append, 100_000)
    lost = probe.lost()
    probe.close()
    assert lost >= 2 * 3
    assert not [event for event in told if event.cgroup_id == cgroup_id]
