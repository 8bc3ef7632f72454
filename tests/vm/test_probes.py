"""eBPF on kernels other than ours: the oldest with its limit of locked memory, and another machine.

The emulator reaches a few hundred programs a second: what is shown here is that nothing is missing
and all of it is right. The rate is shown in `tests/live/probes`.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.vm.guest.kernel_events import PROGRAMS
from tests.vm.kernels import BOOKWORM, BOOKWORM_ARM64, BULLSEYE, Kernel
from tests.vm.machines import PROJECT, asked_at_once, machine, python
from tests.vm.runner import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]

# Each form of hierarchy once; each with the six capabilities of the pod.
MACHINES = {
    "6.1-arm64": (BOOKWORM_ARM64, "v2"),
    "6.1-amd64": (BOOKWORM, "hybrid"),
    "5.10-amd64": (BULLSEYE, "v1"),
}


def shared() -> dict[str, Path]:
    names = ("probes", "ebpf_prebuilt", "tests/vm", "tests/support")
    return {name: PROJECT / name for name in names}


def ask(toolbox: Toolbox, kind: tuple[Kernel, str]) -> dict[str, Any]:
    body = python("tests.vm.guest.kernel_events")
    return run(machine(toolbox, *kind), body, shared()).answer()


@pytest.fixture(scope="module")
def answers(toolbox: Toolbox) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """What the machines say. The slowest begins first."""
    with asked_at_once(partial(ask, toolbox), MACHINES) as found:
        yield found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", MACHINES)
def test_a_storm_arrives_whole_and_what_is_lost_or_refused_is_said(
    answers: dict[str, Future[dict[str, Any]]], name: str
) -> None:
    answer = answers[name].result()
    sys.stdout.write(f"{name}: {answer}\n")
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
    if MACHINES[name][0] is BULLSEYE:
        assert "SYS_RESOURCE" in answer["with_little_memory"][1]
    else:
        assert answer["with_little_memory"] is None
