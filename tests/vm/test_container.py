"""A runc container with all six capabilities, on kernels that can grant them all."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.fetch.vm import RUNC
from tests.vm.guest.sixcaps import SIX
from tests.vm.kernels import BOOKWORM, BULLSEYE, Kernel
from tests.vm.machines import PROJECT, asked_at_once, machine, project, python
from tests.vm.runner import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]


KERNELS = {"5.10-amd64": BULLSEYE, "6.1-amd64": BOOKWORM}


def ask(toolbox: Toolbox, kernel: Kernel) -> dict[str, Any]:
    shared = {
        **project(toolbox),
        **{name: PROJECT / name for name in ("probes", "ebpf_prebuilt")},
        "runc": toolbox.path(RUNC),
    }
    body = python("tests.vm.guest.container", "/share/runc")
    return run(replace(machine(toolbox, kernel), processors=1), body, shared).answer()


@pytest.fixture(scope="module")
def answers(toolbox: Toolbox) -> Iterator[dict[str, Future[dict[str, Any]]]]:
    """What a container in each machine says."""
    with asked_at_once(partial(ask, toolbox), KERNELS) as found:
        yield found


# The machine of the tests cannot grant SYS_RESOURCE to a container: there runc refuses.
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", KERNELS)
def test_the_six_are_enough_and_no_more_are_there(
    answers: dict[str, Future[dict[str, Any]]], name: str
) -> None:
    answer = answers[name].result()
    sys.stdout.write(f"{name}: {answer}\n")
    six = sum(1 << number for number in SIX.values())
    sets = ("CapBnd", "CapEff", "CapPrm")
    assert [answer["capabilities"][name] for name in sets] == [six] * len(sets)
    assert (answer["root"], answer["cgroups"]) == ("EROFS", "EROFS")
    assert answer["own_mount_namespace"]
    assert not answer["own_pid_namespace"]
    assert answer["probe"] is None
    assert len(answer["truth"]) == 2
    assert set(answer["scanned"]) >= set(answer["truth"])
