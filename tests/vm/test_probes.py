"""eBPF on kernels other than ours: the oldest with its limit of locked memory, and another machine.

The emulator reaches a few hundred programs a second: what is shown here is that nothing is missing
and all of it is right. The rate is shown in `tests/live/probes`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.vm.guest.kernel_events import PROGRAMS
from tests.vm.kernels import BOOKWORM, BOOKWORM_ARM64, BULLSEYE, Kernel
from tests.vm.machines import PROJECT, machine, python
from tests.vm.runner import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]


def shared() -> dict[str, Path]:
    names = ("probes", "ebpf_prebuilt", "tests/vm", "tests/support")
    return {name: PROJECT / name for name in names}


def ask(toolbox: Toolbox, kernel: Kernel, cgroup: str) -> dict[str, Any]:
    body = python("tests.vm.guest.kernel_events")
    result = run(machine(toolbox, kernel, cgroup), body, shared())
    assert result.status == 0, result.output
    answer: dict[str, Any] = json.loads(result.output.splitlines()[-1])
    sys.stdout.write(f"{kernel.component}, {cgroup}: {answer}\n")
    return answer


# Each form of hierarchy once; each with the six capabilities of the pod.
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("kernel", "cgroup"),
    [(BULLSEYE, "v1"), (BOOKWORM, "hybrid"), (BOOKWORM_ARM64, "v2")],
    ids=["5.10-amd64", "6.1-amd64", "6.1-arm64"],
)
def test_a_storm_arrives_whole_and_what_is_lost_or_refused_is_said(
    toolbox: Toolbox, kernel: Kernel, cgroup: str
) -> None:
    answer = ask(toolbox, kernel, cgroup)
    whole, small = answer["whole"], answer["small"]
    assert whole["each_once"]
    assert whole["right"] == PROGRAMS
    assert whole["ends"] == PROGRAMS + 1
    assert whole["lost"] == 0
    assert small["lost"] > 0
    assert small["told"] + small["lost"] >= 2 * 200 + 1
    overlay = answer["overlay"]
    assert overlay["path"] == "/waits"
    assert len(set(overlay["inodes"])) == 1
    # What `probes.event` warns of.
    assert not overlay["same_device"]
    # Only kernels before 5.11 charge maps to that limit.
    if kernel is BULLSEYE:
        assert "SYS_RESOURCE" in answer["with_little_memory"][1]
    else:
        assert answer["with_little_memory"] is None
