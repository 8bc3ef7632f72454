"""Which hierarchy of cgroups is chosen, and the last name of a path in it."""

from __future__ import annotations

import pytest

from probes.hierarchy import Hierarchy, choose, last_name

HYBRID = "9:name=systemd:/\n8:pids:/\n4:memory:/pod/container\n2:cpu,cpuacct:/x\n0::/unified\n"
V2 = "0::/kubepods.slice/cri-containerd-0.scope\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (V2, Hierarchy.V2),
        (HYBRID, Hierarchy.MEMORY),
        # A stray v1 mount on a v2 machine has no containers in it.
        ("3:net_cls:/\n2:pids:/\n0::/a\n", Hierarchy.V2),
        ("3:cpu,cpuacct:/\n2:pids:/\n", Hierarchy.PIDS),
        ("3:cpuacct,cpu:/\n", Hierarchy.CPU),
        ("3:devices:/\n2:freezer:/\n", Hierarchy.DEVICES),
        ("2:freezer:/\n", Hierarchy.FREEZER),
        ("1:name=systemd:/\n", Hierarchy.NONE),
        ("", Hierarchy.NONE),
        ("no such form\n0:\n", Hierarchy.NONE),
        # A name that looks like a controller is in the path.
        ("1:name=systemd:/x:memory:/\n", Hierarchy.NONE),
    ],
)
def test_memory_then_v2_then_the_rest(text: str, expected: Hierarchy) -> None:
    assert choose(text) is expected


@pytest.mark.parametrize(
    ("text", "hierarchy", "expected"),
    [
        (V2, Hierarchy.V2, "cri-containerd-0.scope"),
        (HYBRID, Hierarchy.MEMORY, "container"),
        (HYBRID, Hierarchy.V2, "unified"),
        ("0::/a:b\n", Hierarchy.V2, "a:b"),
        # The root, or what a cgroup namespace hides.
        ("0::/\n", Hierarchy.V2, None),
        ("0::/../..\n", Hierarchy.V2, None),
        (V2, Hierarchy.MEMORY, None),
        (V2, Hierarchy.NONE, None),
    ],
)
def test_the_last_name(text: str, hierarchy: Hierarchy, expected: str | None) -> None:
    assert last_name(text, hierarchy) == expected
