"""Every form of the table as a real cgroup of this kernel, each with a process in it.

usage: python -m tests.vm.guest.cgroups. Lays the paths out in every hierarchy that is mounted: for
machines with v1 only and v2 only. Writes how many forms it checked. Needs root.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from sensor.containers import of_pid
from tests.unit.containers.forms import CONTAINERS, HOSTS, Form


def main() -> None:
    """Move one child through all forms."""
    forms = [form for form in [*CONTAINERS, *HOSTS] if can_be_made(form)]
    with subprocess.Popen(["sleep", "600"]) as child:
        try:
            for form in forms:
                check(form, child.pid)
        finally:
            child.kill()
    print(len(forms))  # noqa: T201 - the answer


def can_be_made(form: Form) -> bool:
    """A path seen from within a namespace, or of a removed cgroup, is none to make."""
    return ".." not in form.path and "(deleted)" not in form.path


def check(form: Form, pid: int) -> None:
    for mount in hierarchies():
        cgroup = mount / form.path[1:]
        cgroup.mkdir(parents=True, exist_ok=True)
        (cgroup / "cgroup.procs").write_text(str(pid))
    assert of_pid(pid) == form.expected, form.name


def hierarchies() -> list[Path]:
    """All that take processes in; v1's cpuset does not before its processors are set."""
    kinds = {"cgroup", "cgroup2"}
    fields = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    mounts = [Path(field[1]) for field in fields if field[2] in kinds]
    return [mount for mount in mounts if mount.name != "cpuset"]


if __name__ == "__main__":
    main()
