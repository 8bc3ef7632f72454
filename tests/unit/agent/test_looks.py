"""Events become looks, answers become knowledge: with a worker that the test plays itself."""

from __future__ import annotations

import os
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from probes.event import Event, Kind
from sensor.agent import looks as module
from sensor.agent import scope as scopes
from sensor.agent.looks import Looks, Source
from sensor.agent.scope import Everything
from sensor.errors import ProcessGone
from sensor.inventory import Inventory
from sensor.look import MAX_SLICES
from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.finding import State
from sensor.model.process import ProcessKey
from sensor.schedule import Schedule
from sensor.workerlink import Answer, LookRequest, WorkerLink
from tests.unit.agent.made import BOX_A, BOX_B, P1, P2, finding, not_observed, package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor.model.finding import Finding


@dataclass
class Link:
    """Plays the worker: holds what was asked, gives what the test puts in."""

    asked: list[LookRequest] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    busy: bool = False
    pids: set[int] = field(default_factory=set)
    refuses: bool = False

    def ask(self, request: LookRequest, now: float) -> Answer | None:  # noqa: ARG002 - as the link
        self.asked.append(request)
        if self.refuses:
            return Answer(request.key, "no_worker", "why")
        self.busy = True
        return None

    def take(self, now: float) -> Answer | None:  # noqa: ARG002 - as the link
        if not self.answers:
            return None
        self.busy = False
        return self.answers.pop()

    def tidy(self, now: float) -> None:
        """Nothing to do."""

    def wake_at(self) -> float | None:
        return None

    def ready_at(self) -> float:
        return 0.0


@dataclass
class World:
    """A made-up machine: where each process belongs, and who lives."""

    looks: Looks
    link: Link
    inventory: Inventory
    schedule: Schedule
    boxes: dict[int, Container] = field(default_factory=dict)
    now: float = 100.0

    def exec(self, key: ProcessKey, box: Container | None = None, *, old: bool = True) -> None:
        self.boxes[key.pid] = box or self.boxes.get(key.pid, BOX_A)
        at = None if old else time.time()
        source = Source.SCAN if old else Source.KERNEL
        event = Event(Kind.EXEC, key.pid, key.start_ticks, at=at)
        self.looks.event(event, self.now, source)

    def exit(self, key: ProcessKey) -> None:
        self.boxes.pop(key.pid, None)
        self.looks.event(Event(Kind.EXIT, key.pid, key.start_ticks), self.now, Source.KERNEL)

    def step(self, seconds: float = 0.0) -> LookRequest | None:
        """Let time pass; the request that comes of it."""
        self.now += seconds
        before = len(self.link.asked)
        self.looks.step(self.now)
        return self.link.asked[-1] if len(self.link.asked) > before else None

    def reply(
        self,
        key: ProcessKey,
        outcome: str = "read",
        *,
        found: Mapping[str, Finding] | None = None,
        same: frozenset[str] = frozenset(),
        more: tuple[str, ...] = (),
        changed: bool = False,
    ) -> LookRequest | None:
        digests = {name: f"{name}-1" for name in found or {}}
        answer = Answer(
            key, outcome, "why", changed, found or {}, same, more, digests, b"memo", 0.001
        )
        self.link.answers.append(answer)
        return self.step()

    def reported(self, box: Container = BOX_A) -> dict[str, State]:
        batch = self.inventory.batch(1.0)
        places = [one for one in batch.loaded if one.place.container_id == box.id]
        return {f.package.name: f.package.state for one in places for f in one.facts}

    def gaps(self) -> set[str]:
        return {gap.reason for one in self.inventory.batch(1.0).loaded for gap in one.gaps}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Nothing of this machine is looked at."""
    with made(monkeypatch, Everything(host=False)) as one:
        yield one


@contextmanager
def made(monkeypatch: pytest.MonkeyPatch, scope: Everything) -> Iterator[World]:
    link, inventory = Link(), Inventory()
    schedule = Schedule(random.Random(3))  # noqa: S311 - nothing secret
    looks = Looks(schedule, cast("WorkerLink", link), inventory, scope)
    one = World(looks, link, inventory, schedule)

    def container_of(pid: int) -> Container:
        if pid not in one.boxes:
            raise ProcessGone(f"no process {pid}")
        return one.boxes[pid]

    def life(pid: int) -> scopes.Life | None:
        return scopes.Life(ProcessKey(pid, pid * 10), 1) if pid in one.boxes else None

    monkeypatch.setattr(scopes, "container_of", container_of)
    monkeypatch.setattr(scopes, "life", life)
    yield one


def test_a_process_is_looked_at_and_its_packages_are_known(world: World) -> None:
    world.exec(P1)
    assert world.step() == LookRequest(P1)
    world.reply(P1, found={"python": finding(package("x"))})
    assert world.reported() == {"x": State.LOADED}


def test_a_new_one_waits_until_it_has_begun(world: World) -> None:
    world.exec(P1, old=False)
    assert world.step() is None
    assert world.step(0.5) == LookRequest(P1)


def test_the_second_look_has_the_memos_and_digests_of_the_first(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, found={"python": finding(package("x"))})
    request = world.step(100.0)
    assert request == LookRequest(P1, None, {"python": "python-1"}, b"memo")
    world.reply(P1, same=frozenset({"python"}))
    assert world.reported() == {"x": State.LOADED}


def test_an_unfinished_look_goes_on_with_those_who_are_not_done(world: World) -> None:
    world.exec(P1)
    world.step()
    request = world.reply(P1, found={"go": finding(package("g"))}, more=("python",))
    assert request is not None
    assert (request.only, request.memos, request.last) == (("python",), b"memo", False)
    world.reply(P1, found={"python": finding(package("x"))})
    assert world.reported() == {"x": State.LOADED, "g": State.LOADED}
    request = world.step(100.0)
    assert request is not None
    assert request.only is None


def test_a_look_that_never_ends_is_given_up(world: World) -> None:
    world.exec(P1)
    request = world.step()
    for _ in range(MAX_SLICES - 1):
        assert request is not None
        assert not request.last
        request = world.reply(P1, more=("python",))
    assert request is not None
    assert request.last


def test_another_program_takes_the_place_of_the_first(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, found={"python": finding(package("x"), not_observed("y"))})
    world.step(100.0)
    world.reply(P1, found={"go": finding(package("g"))}, changed=True)
    assert world.reported() == {"x": State.LOADED, "g": State.LOADED}


def test_a_resolver_that_falls_silent_is_believed(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, found={"go": finding(not_observed("y"))})
    world.step(100.0)
    world.reply(P1)
    assert world.reported() == {}


@pytest.mark.parametrize(
    ("outcome", "gap", "again_after"),
    [
        ("crash", "crash", 60.0),
        ("timeout", "timeout", 60.0),
        ("failed", "process not read", 60.0),
        ("not_permitted", "not permitted", 4000.0),
    ],
)
def test_a_look_that_fails_is_a_gap_and_is_tried_again_without_its_memos(
    world: World, outcome: str, gap: str, again_after: float
) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, more=("python",))
    world.reply(P1, outcome)
    assert world.gaps() == {gap}
    assert world.step(1.9) is None
    assert world.step(again_after) == LookRequest(P1)
    world.reply(P1, found={"python": finding(package("x"))})
    assert world.gaps() == set()


def test_without_a_worker_it_is_a_gap_too(world: World) -> None:
    world.link.refuses = True
    world.exec(P1)
    world.step()
    assert world.gaps() == {"no worker"}


def test_the_end_of_a_process_ends_its_looks_and_keeps_its_packages(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, found={"python": finding(package("x"))})
    world.exit(P1)
    assert world.step(1000.0) is None
    assert len(world.schedule) == 0
    (loaded,) = world.inventory.batch(1.0).loaded
    assert loaded.processes == ()
    assert world.reported() == {"x": State.LOADED}


def test_what_was_seen_of_a_process_that_ended_meanwhile_counts(world: World) -> None:
    world.exec(P1)
    world.step()
    world.exit(P1)
    world.reply(P1, found={"python": finding(package("x"))})
    (loaded,) = world.inventory.batch(1.0).loaded
    assert loaded.processes == ()
    assert world.reported() == {"x": State.LOADED}


def test_a_process_that_is_gone_without_a_word_is_forgotten(world: World) -> None:
    world.exec(P1)
    world.step()
    del world.boxes[P1.pid]
    world.reply(P1, "gone")
    assert len(world.schedule) == 0


def test_one_that_ended_before_its_look_is_not_asked_for(world: World) -> None:
    world.exec(P1)
    del world.boxes[P1.pid]
    assert world.step() is None
    assert len(world.schedule) == 0


def test_one_that_became_another_program_meanwhile_is_looked_at_again(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, "gone")
    assert world.step(60.0) == LookRequest(P1)


def test_the_host_is_not_read_and_a_process_that_moves_into_a_container_is(world: World) -> None:
    world.exec(P1, HOST)
    world.exec(P2, UNKNOWN)
    assert world.step() is None
    world.boxes[P1.pid] = BOX_A
    assert world.step(60.0) == LookRequest(P1)


def test_what_the_cluster_says_later_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: set[str | None] = set()
    scope = Everything(host=False, wanted=lambda box: box.id in wanted)
    with made(monkeypatch, scope) as world:
        world.exec(P1, BOX_A)
        world.exec(P2, BOX_B)
        assert world.step() is None
        world.looks.reconsider(world.now)
        assert world.step() is None
        wanted.add(BOX_B.id)
        world.looks.reconsider(world.now)
        assert world.step() == LookRequest(P2)


def test_a_container_that_is_filtered_out_later_is_not_read_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {BOX_A.id}
    scope = Everything(host=False, wanted=lambda box: box.id in wanted)
    with made(monkeypatch, scope) as world:
        world.exec(P1)
        world.step()
        world.reply(P1, found={"python": finding(package("x"))})
        wanted.clear()
        assert world.step(1000.0) is None


def test_ourselves_and_our_workers_are_left_out(world: World) -> None:
    world.link.pids = {77}
    world.exec(ProcessKey(77, 770))
    world.exec(ProcessKey(os.getpid(), os.getpid() * 10))
    assert len(world.schedule) == 0


def test_a_sweep_tells_only_of_those_that_nobody_knew(world: World) -> None:
    world.exec(P1)
    world.step()
    world.reply(P1, found={"python": finding(package("x"))})
    for key in (P1, P2):
        world.boxes[key.pid] = BOX_A
        event = Event(Kind.EXEC, key.pid, key.start_ticks, at=time.time())
        world.looks.event(event, world.now, Source.SWEEP)
    assert world.step() == LookRequest(P2)
    world.reply(P2)
    assert world.step(1.0) is None


def test_events_of_processes_without_a_number_here_are_counted(world: World) -> None:
    world.looks.event(Event(Kind.EXEC, None), world.now, Source.KERNEL)
    assert world.looks.foreign == 1
    assert len(world.schedule) == 0


def test_an_event_of_a_file_is_no_reason_to_look(world: World) -> None:
    world.looks.event(Event(Kind.OPEN, 1, 10, path="/x"), world.now, Source.KERNEL)
    assert len(world.schedule) == 0


def test_memos_of_all_processes_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMOS", 6)
    for key in (P1, P2):
        world.exec(key)
        world.step()
        world.reply(key, found={"python": finding(package("x"))})
    kept = []
    world.step(100.0)
    for _ in range(2):
        request = world.link.asked[-1]
        kept.append(request.memos)
        world.reply(request.key, same=frozenset({"python"}))
        world.step(1.0)
    assert sorted(kept) == [b"", b"memo"]
    world.exit(P1)
    world.exit(P2)
    assert world.looks._memo_bytes == 0  # noqa: SLF001 - what the bound counts


def test_one_whose_container_is_hidden_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = Everything(host=True)
    monkeypatch.setattr(scope, "admits", lambda _container: True)  # as a family does
    with made(monkeypatch, scope) as world:
        world.exec(P1, UNKNOWN)
        world.step()
        world.reply(P1, found={"python": finding(package("x"))})
        assert world.gaps() == {"container not known"}
