"""The store of pods against a model of it: any order of events ends in the same truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sensor.kube.objects import record_of
from sensor.kube.pods import PAST_SECONDS, Pods
from sensor.model.container import Container
from tests.unit.kube.made import digits, pod, status

if TYPE_CHECKING:
    from sensor.kube.objects import Record

NAMES = ("a", "b", "c")
LAST = "z"


@dataclass
class State:
    """One state of a pod: which life of its name it is, and which run its container is in."""

    name: str
    life: int
    restarts: int
    has_id: bool
    finished: bool

    @property
    def uid(self) -> str:
        return f"{self.name}-life-{self.life}"

    def id(self, run: int) -> str:
        return digits(1 + (*NAMES, LAST).index(self.name) * 100 + self.life * 10 + run)

    def record(self) -> Record:
        last = {"terminated": {"containerID": f"containerd://{self.id(self.restarts - 1)}"}}
        running = {"containerID": f"containerd://{self.id(self.restarts)}"} if self.has_id else {}
        earlier = {"lastState": last} if self.restarts else {}
        told = {
            "phase": "Failed" if self.finished else "Running",
            "containerStatuses": [{**status("app"), **running, **earlier}],
        }
        return record_of(pod(self.name, uid=self.uid, told=told))

    def ids(self) -> set[str]:
        """The container ids that this state tells."""
        found = {self.id(self.restarts)} if self.has_id else set()
        return found | ({self.id(self.restarts - 1)} if self.restarts else set())


@dataclass
class Model:
    """What should be known."""

    states: dict[str, State] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # container id to pod uid, ever

    def put(self, state: State) -> None:
        self.states[state.name] = state
        self.told.update(dict.fromkeys(state.ids(), state.uid))


STATES = st.builds(
    State,
    name=st.sampled_from(NAMES),
    life=st.integers(0, 3),
    restarts=st.integers(0, 3),
    has_id=st.booleans(),
    finished=st.booleans(),
)
STEPS = st.lists(
    STATES | st.sampled_from(NAMES) | st.lists(STATES, max_size=3, unique_by=lambda one: one.name),
    max_size=20,
)


def apply(pods: Pods, model: Model, step: State | str | list[State]) -> None:
    if isinstance(step, State):
        pods.put(step.record())
        model.put(step)
    elif isinstance(step, str):
        pods.remove(("shop", step))
        model.states.pop(step, None)
    else:
        pods.replace([state.record() for state in step])
        model.states.clear()
        for state in step:
            model.put(state)


@given(STEPS)
def test_any_order_of_events(steps: list[State | str | list[State]]) -> None:
    now = [0.0]
    pods, model = Pods(lambda: now[0]), Model()
    for step in steps:
        apply(pods, model, step)
        assert {one.name: one.uid for one in pods.all()} == {
            name: state.uid for name, state in model.states.items()
        }
        alive = {one.uid for one in model.states.values() if not one.finished}
        assert {one.uid for one in pods.deployed()} == alive
        for container_id, uid in model.told.items():
            place = pods.place(Container(container_id, "containerd"))
            assert place.pod is not None
            assert place.pod.uid == uid
        for state in model.states.values():
            by_uid = pods.place(Container(digits(9999), "containerd", state.uid))
            assert by_uid.pod is not None
            assert by_uid.pod.uid == state.uid
    # After a while only what is there is known, and what has just gone.
    now[0] += PAST_SECONDS + 1
    last = State(LAST, 0, 0, has_id=True, finished=False)
    apply(pods, model, last)
    apply(pods, model, LAST)
    present = last.ids().union(*(state.ids() for state in model.states.values()))
    known = {one for one in model.told if pods.place(Container(one, "containerd")).pod}
    assert known == present
