"""A runc container with all six capabilities, on kernels that can grant them all."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fetch.vm import RUNC
from tests.vm.guest.sixcaps import SIX
from tests.vm.kernels import BOOKWORM, BULLSEYE, Kernel
from tests.vm.machines import PROJECT, machine, project, python
from tests.vm.runner import run

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]


# The machine of the tests cannot grant SYS_RESOURCE to a container: there runc refuses.
@pytest.mark.timeout(240)
@pytest.mark.parametrize("kernel", [BULLSEYE, BOOKWORM], ids=["5.10-amd64", "6.1-amd64"])
def test_the_six_are_enough_and_no_more_are_there(toolbox: Toolbox, kernel: Kernel) -> None:
    shared = {
        **project(toolbox),
        **{name: PROJECT / name for name in ("probes", "ebpf_prebuilt")},
        "runc": toolbox.path(RUNC),
    }
    body = python("tests.vm.guest.container", "/share/runc")
    result = run(replace(machine(toolbox, kernel), processors=1), body, shared)
    assert result.status == 0, result.output
    answer = json.loads(result.output.splitlines()[-1])
    sys.stdout.write(f"{kernel.component}, {result.seconds:.0f} s: {answer}\n")
    six = sum(1 << number for number in SIX.values())
    sets = ("CapBnd", "CapEff", "CapPrm")
    assert [answer["capabilities"][name] for name in sets] == [six] * len(sets)
    assert (answer["root"], answer["cgroups"]) == ("EROFS", "EROFS")
    assert answer["own_mount_namespace"]
    assert not answer["own_pid_namespace"]
    assert answer["probe"] is None
    assert len(answer["truth"]) == 2
    assert set(answer["scanned"]) >= set(answer["truth"])
