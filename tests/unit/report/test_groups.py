"""Equal processes are one group; any difference in facts makes another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.finding import Gap
from sensor.report.groups import Groups, is_read
from tests.support import seen as made

if TYPE_CHECKING:
    from sensor.model.seen import Seen

FLASK = made.pypi("Flask", "2.3.3")
WORKER = made.read(10, "/usr/bin/python3", "app.py", python=made.python(FLASK))


def groups(*processes: Seen) -> list[list[int]]:
    """The pids of each group."""
    found = Groups()
    for seen in processes:
        found.add(seen)
    return [group.pids for _, members in found.by_container() for group in members]


def test_forked_workers_are_one_group() -> None:
    later = replace(FLASK.evidence[0], at=made.AT + 5)
    twin = made.python(replace(FLASK, evidence=(later,)))
    assert groups(WORKER, replace(WORKER, pid=11, findings={"python": twin})) == [[10, 11]]


@pytest.mark.parametrize(
    "other",
    [
        replace(WORKER, exe="/usr/bin/python3.11"),
        replace(WORKER, script="other.py"),
        replace(WORKER, container=Container("ab" * 32)),
        replace(WORKER, findings={"python": made.python(made.pypi("Flask", "2.3.2"))}),
        replace(WORKER, findings={"python": made.python(FLASK, complete=False)}),
        replace(WORKER, findings={"python": made.python(FLASK, gaps=(Gap("python", "torn"),))}),
        replace(WORKER, findings={}),
    ],
)
def test_a_difference_makes_another_group(other: Seen) -> None:
    assert sorted(groups(WORKER, replace(other, pid=11))) == [[10], [11]]


def test_host_first_then_containers_then_what_is_not_known() -> None:
    found = Groups()
    for number, container in enumerate((UNKNOWN, made.POD, Container("0a" * 32), HOST)):
        found.add(replace(WORKER, pid=number + 1, container=container))
    order = [container for container, _ in found.by_container()]
    assert order == [HOST, Container("0a" * 32), made.POD, UNKNOWN]


def test_only_what_a_resolver_can_read_is_read() -> None:
    for seen, expected in ((WORKER, True), (made.ruby(1), False), (made.read(1, "/x"), False)):
        found = Groups()
        found.add(seen)
        ((_, (group,)),) = found.by_container()
        assert is_read(group) is expected
