"""What is kept of looks over time, and what of it is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor import inventory as module
from sensor import place as place_module
from sensor.inventory import Inventory
from sensor.model.batch import Batch, Fact, Place
from sensor.model.container import Container
from sensor.model.finding import Depth, Finding, Gap, State
from sensor.model.process import ProcessKey
from tests.unit.agent.made import (
    BOX_A,
    BOX_B,
    ID_A,
    ID_B,
    P1,
    P2,
    P3,
    finding,
    not_observed,
    package,
    pod,
    unknown,
)

if TYPE_CHECKING:
    from sensor.model.workload import Pod

GAP = Gap("", "not permitted", "no")


def facts(batch: Batch, place_id: str | None = ID_A) -> dict[str, Fact]:
    places = [one for one in batch.loaded if one.place.container_id == place_id]
    return {fact.package.name: fact for one in places for fact in one.facts}


def states(batch: Batch) -> dict[str, State]:
    return {name: fact.package.state for name, fact in facts(batch).items()}


def test_a_fact_has_its_first_and_last_time() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 10.0)
    one.looked(P1, BOX_A, "python", finding(package("x"), package("y")), 20.0)
    one.still(P1, ["python"], 30.0)
    got = facts(one.batch(40.0))
    assert (got["x"].first_seen, got["x"].last_seen) == (10.0, 30.0)
    assert (got["y"].first_seen, got["y"].last_seen) == (20.0, 30.0)


def test_what_was_loaded_once_stays_and_its_time_stops() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x"), package("y")), 10.0)
    one.still(P1, ["python"], 15.0)
    one.looked(P1, BOX_A, "python", finding(package("y")), 20.0)
    one.still(P1, ["python"], 30.0)
    got = facts(one.batch(40.0))
    assert (got["x"].first_seen, got["x"].last_seen) == (10.0, 15.0)
    assert got["y"].last_seen == 30.0


def test_the_facts_of_a_short_process_stay_with_its_container() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x"), gaps=(GAP,)), 10.0)
    one.looked(P2, BOX_A, "python", finding(package("y")), 10.0)
    one.ended(P1, 11.0)
    (loaded,) = one.batch(12.0).loaded
    assert set(facts(one.batch(12.0))) == {"x", "y"}
    assert loaded.processes == (P2,)
    assert loaded.gaps == (GAP,)


def test_the_deepest_depth_and_one_evidence_of_each_kind_are_kept() -> None:
    one = Inventory()
    weak = package("x", depth=Depth.OPENED, kinds=("mapping",))
    strong = package("x", depth=Depth.INITIALIZED, kinds=("sys.modules", "sys.modules"))
    one.looked(P1, BOX_A, "python", finding(strong), 10.0)
    one.looked(P2, BOX_A, "python", finding(weak), 11.0)
    got = facts(one.batch(12.0))["x"].package
    assert got.depth is Depth.INITIALIZED
    assert {each.kind for each in got.evidence} == {"sys.modules", "mapping"}


def test_subpaths_of_two_programs_of_one_container_are_joined() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "go", finding(package("m", subpaths=("", "a"))), 10.0)
    one.looked(P2, BOX_A, "go", finding(package("m", subpaths=("b",))), 10.0)
    assert facts(one.batch(12.0))["m"].package.subpaths == ("", "a", "b")


def test_a_name_that_one_archive_states_is_not_inferred_any_more() -> None:
    one = Inventory()
    guess = replace(package("a"), identity="manifest", inferred=("namespace",))
    stated = replace(package("a", depth=Depth.OPENED), identity="pom.properties", inferred=())
    one.looked(P1, BOX_A, "java", finding(guess), 10.0)
    one.looked(P2, BOX_A, "java", finding(stated), 10.0)
    got = facts(one.batch(12.0))["a"].package
    assert (got.depth, got.identity, got.inferred) == (Depth.LOADED, "pom.properties", ())


def test_loaded_in_one_process_outweighs_doubt_and_denial_in_others() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "go", finding(not_observed("x"), unknown("y"), not_observed("z")), 1.0)
    one.looked(P2, BOX_A, "go", finding(package("x"), not_observed("y")), 2.0)
    assert states(one.batch(3.0)) == {
        "x": State.LOADED,
        "y": State.UNKNOWN,
        "z": State.NOT_OBSERVED,
    }


def test_a_later_look_at_the_same_process_replaces_what_was_doubted() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "go", finding(unknown("y")), 1.0)
    one.looked(P1, BOX_A, "go", finding(not_observed("y")), 2.0)
    assert states(one.batch(3.0)) == {"y": State.NOT_OBSERVED}


def test_a_denial_ends_with_its_process_a_doubt_does_not() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "go", finding(not_observed("x"), unknown("y")), 1.0)
    one.looked(P2, BOX_A, "go", finding(), 1.0)
    one.ended(P1, 2.0)
    got = facts(one.batch(3.0))
    assert set(got) == {"y"}
    assert got["y"].first_seen == 1.0


def test_another_program_in_the_same_process_ends_what_was_said_of_the_first() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x"), not_observed("z")), 1.0)
    one.became(P1)
    one.looked(P1, BOX_A, "go", finding(package("g")), 2.0)
    assert states(one.batch(3.0)) == {"x": State.LOADED, "g": State.LOADED}


def test_a_resolver_that_is_not_concerned_any_more_says_nothing_any_more() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "go", finding(not_observed("x")), 1.0)
    one.looked(P1, BOX_A, "python", finding(not_observed("y")), 1.0)
    one.only(P1, ["python"])
    assert states(one.batch(3.0)) == {"y": State.NOT_OBSERVED}


def test_trouble_is_a_gap_until_the_process_can_be_read() -> None:
    one = Inventory()
    one.trouble(P1, BOX_A, GAP, 1.0)
    assert one.batch(2.0).loaded[0].gaps == (GAP,)
    one.read(P1)
    assert one.batch(3.0).loaded[0].gaps == ()


def test_a_process_that_was_moved_leaves_its_facts_where_they_were_seen() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.looked(P1, BOX_B, "python", finding(package("y")), 2.0)
    batch = one.batch(3.0)
    assert set(facts(batch, ID_A)) == {"x"}
    assert set(facts(batch, ID_B)) == {"y"}


@pytest.mark.parametrize(
    ("again", "news"),
    [
        (finding(package("x")), False),
        (finding(package("x"), since=2.0), False),
        (finding(package("y")), True),
        (finding(package("x", depth=Depth.INITIALIZED)), True),
        (finding(package("x", kinds=("mapping",))), True),
        (finding(package("x"), unknown("u")), True),
        (finding(package("x"), gaps=(GAP,)), True),
    ],
)
@pytest.mark.parametrize("key", [P1, P2])
def test_only_what_is_new_is_news(key: ProcessKey, again: Finding, *, news: bool) -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    before = one.revision
    one.looked(key, BOX_A, "python", again, 2.0)
    one.still(key, ["python"], 3.0)
    assert (one.revision > before) is news


def test_the_end_of_a_process_is_no_news() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    before = one.revision
    one.ended(P1, 2.0)
    one.ended(P1, 2.0)
    one.still(P1, ["python"], 3.0)
    assert one.revision == before


def placed(pods: dict[str, Pod], container: Container) -> Place | None:
    found = pods.get(container.id or "")
    return Place(container.id, found, found.containers[0]) if found else None


def test_nothing_is_reported_of_a_workload_that_is_not_deployed() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.looked(P2, BOX_B, "python", finding(package("y")), 1.0)
    pods = {ID_A: pod("a", ID_A), ID_B: pod("b", ID_B)}
    batch = one.batch(2.0, (pods[ID_A],), lambda box: placed(pods, box))
    assert [one.place.container_id for one in batch.loaded] == [ID_A]
    batch = one.batch(2.0, (), lambda box: placed({}, box))
    assert batch.loaded == ()


def test_a_container_that_is_gone_is_forgotten_after_it_was_reported() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.ended(P1, 2.0)
    late = 2.0 + module.LINGER_SECONDS
    one.accepted(one.batch(late - 1))
    assert set(facts(one.batch(late))) == {"x"}
    revision = one.revision
    one.accepted(one.batch(late))
    assert one.batch(late).loaded == ()
    assert one.revision > revision


def test_a_report_that_does_not_arrive_makes_nothing_be_forgotten() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.ended(P1, 2.0)
    one.batch(9999.0)
    assert set(facts(one.batch(9999.0))) == {"x"}


def test_a_container_whose_pod_still_runs_is_not_forgotten() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.ended(P1, 2.0)
    pods = {ID_A: pod("a", ID_A)}
    batch = one.batch(9999.0, (pods[ID_A],), lambda box: placed(pods, box))
    one.accepted(batch)
    assert facts(one.batch(9999.0))


def test_a_container_that_may_not_be_reported_is_forgotten_when_it_is_gone() -> None:
    one = Inventory()
    one.looked(P1, BOX_A, "python", finding(package("x")), 1.0)
    one.ended(P1, 2.0)
    one.accepted(one.batch(9999.0, (), lambda _: None))
    assert one.batch(9999.0).loaded == ()


def test_too_many_facts_make_a_gap_and_nothing_that_lives_is_forgotten() -> None:
    one = Inventory(max_facts=3)
    one.looked(P1, BOX_A, "python", finding(package("a"), package("b")), 1.0)
    one.ended(P1, 2.0)
    one.looked(P2, BOX_B, "python", finding(*(package(name) for name in "cdefg")), 3.0)
    batch = one.batch(4.0)
    assert facts(batch, ID_A) == {}  # the container that had ended made room
    assert len(facts(batch, ID_B)) == 3
    assert [gap.reason for gap in batch.loaded[-1].gaps] == ["inventory full"]


def test_too_many_containers_make_a_gap() -> None:
    one = Inventory(max_places=1)
    one.looked(P1, BOX_A, "python", finding(package("a")), 1.0)
    one.looked(P2, BOX_B, "python", finding(package("b")), 1.0)
    one.trouble(P3, BOX_B, GAP, 1.0)
    one.still(P2, ["python"], 2.0)
    one.ended(P2, 2.0)
    batch = one.batch(4.0)
    assert facts(batch, ID_B) == {}
    assert [gap.reason for gap in batch.loaded[-1].gaps] == ["inventory full"]


def test_lists_of_one_place_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_module, "MAX_OTHERS", 3)
    monkeypatch.setattr(place_module, "MAX_GAPS", 3)
    one = Inventory()
    many = tuple(unknown(f"u{number}") for number in range(9))
    gaps = tuple(Gap("python", "r", str(number)) for number in range(9))
    one.looked(P1, BOX_A, "python", finding(*many, gaps=gaps), 1.0)
    (loaded,) = one.batch(2.0).loaded
    assert len(loaded.facts) == 3
    assert [gap.reason for gap in loaded.gaps] == ["r", "r", "r", "more gaps"]


def test_what_the_sensor_itself_could_not_do_is_told() -> None:
    one = Inventory()
    gap = Gap("", "events lost", "3")
    one.own_gaps((gap,))
    (loaded,) = one.batch(1.0).loaded
    assert (loaded.place, loaded.gaps) == (Place(None), (gap,))


KEYS = st.sampled_from([P1, P2, P3])
BOXES = st.sampled_from([BOX_A, BOX_B])
STATES = {"loaded": package, "unknown": unknown, "not_observed": not_observed}
PACKAGES = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(sorted(STATES)), max_size=3).map(
    lambda named: [STATES[state](name) for name, state in named.items()]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("looked"), KEYS, BOXES, PACKAGES),
        st.tuples(st.just("ended"), KEYS),
        st.tuples(st.just("became"), KEYS),
        st.tuples(st.just("trouble"), KEYS, BOXES),
    ),
    max_size=30,
)


@given(steps=STEPS, deployed=st.booleans())
def test_what_was_loaded_is_reported_for_ever_and_only_where_it_was(
    steps: list[tuple[object, ...]], *, deployed: bool
) -> None:
    one = Inventory()
    pods = {ID_A: pod("a", ID_A), ID_B: pod("b", ID_B)}
    expected: dict[str | None, set[str]] = {ID_A: set(), ID_B: set()}
    for now, step in enumerate(steps):
        match step:
            case ("looked", ProcessKey() as key, Container() as box, list(packages)):
                one.looked(key, box, "python", finding(*packages), float(now))
                expected[box.id] |= {p.name for p in packages if p.state is State.LOADED}
            case ("trouble", ProcessKey() as key, Container() as box):
                one.trouble(key, box, GAP, float(now))
            case ("ended", ProcessKey() as key):
                one.ended(key, float(now))
            case ("became", ProcessKey() as key):
                one.became(key)
    those = (pods[ID_A],) if deployed else ()
    batch = one.batch(99.0, those, lambda box: placed(pods, box))
    for place in batch.loaded:
        assert place.place.pod in those
        names = {f.package.name for f in place.facts if f.package.state is State.LOADED}
        assert names == expected[place.place.container_id]
    everything = one.batch(99.0)
    for place_id, wanted in expected.items():
        got = facts(everything, place_id)
        assert {name for name, fact in got.items() if fact.package.state is State.LOADED} == wanted
        assert all(fact.first_seen <= fact.last_seen for fact in got.values())
