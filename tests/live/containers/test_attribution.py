"""Real containers, in cgroups laid out as the runtimes do it, told by their pid."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.containers import of_pid
from sensor.model.container import UNKNOWN, Container
from tests.harness.skips import need
from tests.live.containers.lab import Lab, hierarchies, wait_ready
from tests.unit.containers.forms import CONTAINERS, HOSTS, ID, OTHER, UID, Form

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.container, pytest.mark.root]

BUSYBOX = Path("/bin/busybox")
WAIT = ["/bin/busybox", "sh", "-c", "echo ready; exec /bin/busybox sleep 600"]
# One for each way in which a runtime names the level of a container; the rest differ above it only.
LAID_OUT = [
    form
    for form in [*CONTAINERS, *HOSTS]
    if form.name
    in {
        "kubelet, cgroupfs",
        "kubelet, cgroupfs, guaranteed",
        "containerd, systemd",
        "slice parent, cgroupfs driver",
        "CRI-O, cgroupfs",
        "docker, cgroupfs",
        "podman, cgroupfs",
        "a lie: the workload made a cgroup that looks like another container",
        "runc run NAME",
    }
]


@pytest.fixture(autouse=True)
def tools() -> None:
    """Skip without what starts containers."""
    need(os.geteuid() == 0, "containers need root", "root")
    need(shutil.which("runc") and BUSYBOX.exists(), "no runc or busybox", "make toolbox")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(tmp_path) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The smallest root file system: busybox alone."""
    root = tmp_path / "root"
    for folder in ("bin", "proc", "dev", "sys"):
        (root / folder).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin")
    return root


@pytest.mark.parametrize("form", LAID_OUT, ids=lambda form: form.name)
def test_a_container_is_told_by_its_pid(form: Form, lab: Lab, root: Path) -> None:
    pid = lab.start("c1", root, WAIT, form.path)
    assert of_pid(pid) == form.expected


def test_the_container_itself_sees_no_name(lab: Lab, root: Path) -> None:
    show = ["/bin/busybox", "sh", "-c", "cat /proc/self/cgroup >/seen; echo ready; sleep 600"]
    pid = lab.start("c1", root, show, f"/docker/{ID}")
    assert ID not in (root / "seen").read_text()
    assert of_pid(pid).id == ID


ASK = """
import sys
from sensor.containers import of_pid
for pid in sys.argv[1:]:
    container = of_pid(int(pid))
    print(container.id, container.pod_uid, container.certain)
"""


def test_a_reader_in_a_cgroup_namespace_tells_neighbours_from_itself(lab: Lab, root: Path) -> None:
    pid = lab.start("c1", root, WAIT, f"/kubepods/besteffort/pod{UID}/{ID}")
    ours = f"kubepods/besteffort/pod{UID}/{OTHER}"
    join = join_command(lab, ours)
    ask = f"exec unshare --cgroup {sys.executable} -c '{ASK}' {pid} $$ 1"
    command = ["sh", "-c", f"{join}; {ask}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"{ID} {UID} True", "None None False", "None None True"]


def join_command(lab: Lab, path: str) -> str:
    """A line of shell that moves itself into a new cgroup of every hierarchy that lets it."""
    files = []
    for hierarchy in hierarchies():
        cgroup = hierarchy / lab.parent / path
        cgroup.mkdir(parents=True)
        # v1's cpuset takes nobody in before its processors are set; nothing here needs it.
        if not (cgroup / "cpuset.cpus").exists():
            files.append(str(cgroup / "cgroup.procs"))
    return "set -e; " + "; ".join(f"echo $$ > {file}" for file in files)


DEEP = """
import os, sys
os.chdir(sys.argv[1])
for _ in range(17):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
with open("cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
print("ready", flush=True)
input()
"""


def test_a_path_longer_than_the_kernel_can_write_hides_no_container(lab: Lab) -> None:
    hierarchy = hierarchies()[0]
    top = hierarchy / lab.parent / "docker" / ID
    top.mkdir(parents=True)
    child = subprocess.Popen(
        [sys.executable, "-c", DEEP, top], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        wait_ready(child.stdout.fileno())
        # 6.18 writes the first 4095 bytes; a kernel that refuses instead leaves nothing to say.
        assert of_pid(child.pid) in (Container(ID, "docker"), UNKNOWN)
    finally:
        child.communicate(b"\n")
