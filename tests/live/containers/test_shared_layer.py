"""Two containers of one image share one lower layer: each is told apart, and parsed only once."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.model.finding import State
from sensor.resolvers import RESOLVERS
from sensor.scan import Scanner
from tests.harness.skips import need
from tests.live.containers.lab import Lab
from tests.unit.containers.forms import ID, OTHER, UID

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.model.seen import Seen
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.container, pytest.mark.root, pytest.mark.runtimes]


class Image(NamedTuple):
    """A component that is the root of a container, its program, and what that has loaded."""

    component: str
    runtime: str
    argv: tuple[str, ...]
    ready: str
    some_package: str


PROGRAM = "import yaml, requests, signal; print('ready', flush=True); signal.pause()"
PYTHON = Image(
    "debian-python-root", "python", ("/usr/bin/python3", "-c", PROGRAM), "ready\n", "python3-yaml"
)
GO = Image("kubectl", "golang", ("/bin/kubectl", "proxy"), "Starting to serve", "k8s.io/client-go")


def loaded(seen: Seen) -> set[tuple[str, str | None]]:
    """Name and version of what is loaded."""
    found = [each for each in seen.packages() if each.state is State.LOADED]
    return {(each.name.lower(), each.version) for each in found}


def puts(cache: FileCache) -> dict[str, int]:
    """How often each kind of result was parsed anew and stored."""
    return {kind: statistics.puts for kind, statistics in cache.statistics.items()}


@pytest.mark.parametrize("image", [PYTHON, GO], ids=lambda image: image.runtime)
def test_two_containers_of_one_image(image: Image, toolbox: Toolbox, tmp_path: Path) -> None:
    need(os.geteuid() == 0, "containers need root", "root")
    need(shutil.which("runc"), "no runc", "make toolbox")
    lower = toolbox.path(image.component)
    cache = FileCache()
    scanner = Scanner(LocalOpener(), RESOLVERS, cache)
    with Lab(tmp_path) as lab:
        pids = [
            lab.start(
                name,
                lab.overlay(name, lower),
                image.argv,
                f"/kubepods/besteffort/pod{UID}/{container}",
                image.ready,
            )
            for name, container in (("c1", ID), ("c2", OTHER))
        ]
        first = scanner.look(pids[0])
        parsed = puts(cache)
        second = scanner.look(pids[1])
    assert [first.container.id, second.container.id] == [ID, OTHER]
    assert image.some_package in {name for name, _ in loaded(first)}
    assert loaded(first) == loaded(second)
    assert sum(parsed.values()) > 0
    assert puts(cache) == parsed
