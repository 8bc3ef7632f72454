"""Test machines out of the toolbox, or a skip that says what provides them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.fetch.vm import SITE
from tests.harness.skips import need
from tests.vm.kernels import USERLAND_AMD64, USERLANDS, Kernel
from tests.vm.runner import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from tests.harness.fixtures import Toolbox

PROJECT = Path(__file__).parents[2]
USERLAND_OF = {userland.arch: userland for userland in USERLANDS}
# An emulated machine is busy with one processor of ours for most of its time.
AT_ONCE = 2
Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


@contextmanager
def asked_at_once(
    ask: Callable[[Thing], Answer], things: Mapping[str, Thing]
) -> Iterator[dict[str, Future[Answer]]]:
    """Ask several machines, two at a time; each test waits for its own."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(ask, thing) for name, thing in things.items()}


def machine(toolbox: Toolbox, kernel: Kernel, cgroup: str = "v2") -> Machine:
    """A machine with this kernel, the userland of its architecture, and overlayfs."""
    kernel_folder = toolbox.path(kernel.component)
    userland = toolbox.path(USERLAND_OF[kernel.arch].component)
    found = Machine(kernel_folder, userland, kernel.arch, cgroup, ("overlay",))
    need(found.missing() is None, f"{found.missing()} is not installed", "make toolbox")
    return found


def project(toolbox: Toolbox) -> dict[str, Path]:
    """What to share so that `python -m` finds the sensor, the guest programs and their imports."""
    return {
        "sensor": PROJECT / "sensor",
        "tests/vm": PROJECT / "tests/vm",
        "tests/unit/containers": PROJECT / "tests/unit/containers",
        "site": toolbox.path(USERLAND_AMD64.site_component) / SITE,
    }


def python(module: str, *words: str) -> list[str]:
    """The command that runs a module of the project in a machine."""
    return ["env", "PYTHONPATH=/share:/share/site", "python3", "-m", module, *words]
