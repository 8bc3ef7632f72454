"""Whose processes are ours: real children for families, made-up containers for the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sensor.agent import scope as module
from sensor.agent.scope import Everything, Family, age, life
from sensor.errors import ProcessGone
from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.process import ProcessKey
from tests.unit.agent.made import BOX_A, BOX_B, P1

if TYPE_CHECKING:
    from collections.abc import Iterator

# Starts a shell that starts a second process, tells both pids, and ends with its input.
TREE = """
import subprocess, sys
inner = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"],
                         stdin=subprocess.PIPE)
print(inner.pid, flush=True)
sys.stdin.read()
inner.kill(); inner.wait()
"""


@contextmanager
def tree() -> Iterator[tuple[int, int]]:
    with subprocess.Popen(
        [sys.executable, "-c", TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as outer:
        try:
            assert outer.stdout is not None
            yield outer.pid, int(outer.stdout.readline())
        finally:
            assert outer.stdin is not None
            outer.stdin.close()


def key(pid: int) -> ProcessKey:
    found = life(pid)
    assert found is not None
    return found.key


def test_a_life_has_its_parent_and_its_age() -> None:
    with tree() as (outer, inner):
        found = life(inner)
        assert found is not None
        assert found.parent == outer
        assert 0 <= age(found.key) < 60


def test_a_zombie_is_no_life() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert life(child.pid) is None
    child.wait()
    assert life(child.pid) is None


def test_a_family_is_a_process_and_its_descendants_only() -> None:
    with tree() as (outer, inner), tree() as (stranger, strange):
        family = Family([outer])
        assert family.sees(key(outer))
        assert family.sees(key(inner))
        assert not family.sees(key(stranger))
        assert not family.sees(key(strange))
        assert not family.sees(key(os.getpid()))
        assert family.admits(UNKNOWN)
        assert family.admits(HOST)


def test_another_life_of_the_same_pid_is_no_member() -> None:
    with tree() as (outer, _):
        family = Family([outer])
        other = ProcessKey(outer, 1)
        family.ended(other)
        assert family.sees(key(outer))
        family.ended(key(outer))
        assert not family.sees(key(outer))


def test_a_member_that_was_seen_stays_one_after_its_parent_ended() -> None:
    with tree() as (outer, inner):
        family = Family([outer])
        assert family.sees(key(inner))
        family.ended(key(outer))
        assert family.sees(key(inner))


def test_a_family_is_over_when_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_SECONDS", 0.0)
    with tree() as (outer, inner):
        family = Family([outer])
        assert family.sees(key(inner))
        assert not family.is_over()
    assert family.is_over()
    assert Family().is_over()


def test_a_family_of_a_process_that_is_not_there() -> None:
    with tree() as (outer, _):
        pass
    with pytest.raises(ProcessGone):
        Family([outer])


@pytest.mark.parametrize(
    ("container", "host", "expected"),
    [
        (BOX_A, False, True),
        (BOX_B, True, False),
        (HOST, False, False),
        (HOST, True, True),
        (UNKNOWN, True, False),
        (UNKNOWN, False, False),
    ],
)
def test_of_everything_containers_that_are_wanted_and_the_host_if_asked(
    container: Container, *, host: bool, expected: bool
) -> None:
    scope = Everything(host=host, wanted=lambda box: box == BOX_A)
    assert scope.admits(container) is expected
    assert scope.sees(P1)
    assert not scope.is_over()


def test_without_a_cluster_a_container_must_be_certain() -> None:
    assert Everything(host=False).admits(BOX_A)
    assert not Everything(host=True).admits(Container("a" * 64, certain=False))
