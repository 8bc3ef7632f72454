"""What has to be seen on real kernels other than ours: rule 3 on overlayfs, and cgroup layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.containers.forms import CONTAINERS
from tests.vm.guest.sixcaps import SIX
from tests.vm.kernels import BOOKWORM
from tests.vm.machines import machine, project, python
from tests.vm.runner import Result, run

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]


# Of files that it maps; on overlayfs of 6.1 maps and stat name devices in different ways.
OS_PACKAGES = {"libc6", "libexpat1", "libssl3", "libyaml-0-2", "python3.11-minimal", "zlib1g"}


def test_the_mapped_file_is_recognised_with_six_capabilities_on_6_1(toolbox: Toolbox) -> None:
    body = python("tests.vm.guest.mapped_file", "/", "/tmp")  # noqa: S108 - the guest's own
    answer = run(machine(toolbox, BOOKWORM), body, project(toolbox)).answer()
    assert set(answer["scanned"]) >= set(answer["truth"])
    assert set(answer["os"]) >= OS_PACKAGES
    assert not [name for name in answer["os"] if " " in name]  # no gaps
    assert answer["capabilities"] == sum(1 << number for number in SIX.values())
    # Why the rule is needed: here stat does not tell the device that maps shows.
    assert not answer["stat_has_mapped_device"]


@pytest.mark.parametrize("cgroup", ["v1", "v2"])
def test_every_form_of_cgroup_path(toolbox: Toolbox, cgroup: str) -> None:
    result = layouts(toolbox, cgroup)
    assert result.status == 0, result.output
    assert int(result.output) > len(CONTAINERS)


def layouts(toolbox: Toolbox, cgroup: str) -> Result:
    body = python("tests.vm.guest.cgroups")
    return run(machine(toolbox, BOOKWORM, cgroup), body, project(toolbox))
