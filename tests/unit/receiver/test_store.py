"""What the receiver remembers, and what it answers: current, not current any more, not reported."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.errors import UsageError
from sensor.model.batch import Batch, Loaded
from sensor.receiver import store as store_module
from sensor.receiver.answers import find_text, show_text
from sensor.receiver.questions import find, show
from sensor.receiver.store import NotDeployed, Store, StoreFull
from sensor.receiver.tables import BadDatabase, open_to_read
from sensor.report.snyk import Target, bodies
from tests.support import batches
from tests.support.batches import AT, TARGET, batch, fact, package, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "db")
    yield found
    found.close()


def add(store: Store, report: Batch, target: Target = TARGET, most: int = 1_000_000) -> None:
    for body in bodies(report, target, most):
        store.add(orjson.loads(body))


def places(store: Store, text: str) -> list[tuple[str, str, bool]]:
    found = find(store.connection, text)["found"]
    return [(one["workload"], one["container"], one["current"]) for one in found]


def shown(store: Store, text: str, container: str) -> dict[str, Any]:
    containers = show(store.connection, text)["containers"]
    (one,) = [one for one in containers if one["container"] == container]
    found: dict[str, Any] = one
    return found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("pkg:pypi/requests", 1),
        ("pkg:pypi/Requests@2.31.0", 1),
        ("pkg:pypi/requests@2.32.0", 0),
        ("requests", 1),
        ("REQUESTS", 1),
        ("request", 0),
        ("%", 0),
        ("pkg:golang/golang.org/x/net", 1),
        ("pkg:golang/golang.org/x/net#http2", 1),
        ("pkg:golang/golang.org/x/net#idna", 0),
        ("golang.org/x/net", 1),
        ("net", 1),
        ("pkg:deb/debian/libssl3", 1),
        ("pkg:deb/debian/libssl3?distro=debian-11", 0),
        ("pkg:generic/openssl@3.0.11", 1),
        ("openssl", 1),
        ("pkg:pypi/own", 1),
        ("pkg:pypi/own@1.0", 0),
        ("shaded", 0),
    ],
)
def test_find_by_purl_and_by_name(store: Store, text: str, count: int) -> None:
    add(store, batch())
    assert len(places(store, text)) == count


def test_what_is_no_purl_is_said(store: Store) -> None:
    with pytest.raises(UsageError, match="no package URL"):
        find(store.connection, "pkg:")


def test_a_package_with_its_place_and_its_times(store: Store) -> None:
    add(store, batch())
    (one,) = find(store.connection, "pkg:pypi/requests")["found"]
    assert one == {
        "cluster": "prod",
        "namespace": "shop",
        "kind": "Deployment",
        "workload": "web",
        "container": "web",
        "container_type": "main",
        "image_id": batches.CONFIG,
        "image_name": "registry.example/web:1.2",
        "purl": "pkg:pypi/requests@2.31.0",
        "name": "requests",
        "version": "2.31.0",
        "installedViaPackageManager": True,
        "type": "pip",
        "depth": "initialized",
        "evidence": ["sys.modules"],
        "firstSeen": AT - 90,
        "lastSeen": AT,
        "current": True,
        "agents": ["node-uid-1"],
        "reported_at": AT,
    }


def test_how_sure_no_is(store: Store) -> None:
    add(store, batch())
    answer = find(store.connection, "absent")
    assert answer["found"] == []
    # web: incomplete in one pod; night: incomplete; proxy: nothing was looked at.
    assert (answer["containers"], answer["containers_without_complete_coverage"]) == (3, 3)
    sure = Batch(
        AT + 1, (batches.NIGHT_1,), (Loaded(place(batches.NIGHT_1), (), (batches.PYTHON,)),)
    )
    add(store, sure)
    answer = find(store.connection, "absent")
    assert (answer["containers"], answer["containers_without_complete_coverage"]) == (1, 0)
    assert list(find_text(answer)) == [
        "absent: not reported as loaded",
        "1 deployed container known, 0 of them without complete coverage",
    ]


def test_what_the_last_report_does_not_name_is_not_current(store: Store) -> None:
    add(store, batch())
    less = replace(batch(), at=AT + 60, deployed=(batches.NIGHT_1,), loaded=batch().loaded[2:3])
    add(store, less)
    assert places(store, "requests") == [("web", "web", False)]
    assert places(store, "golang.org/x/net") == [("night", "night", True)]
    assert not shown(store, "web", "web")["deployed"]
    assert shown(store, "night", "night")["deployed"]


def test_a_report_in_parts_counts_when_all_of_it_is_there(store: Store) -> None:
    add(store, batch())
    cut = bodies(replace(batch(), at=AT + 60, loaded=()), TARGET, 4500)
    assert len(cut) > 1
    for body in cut[:-1]:
        store.add(orjson.loads(body))
    assert places(store, "requests") == [("web", "web", True)]
    store.add(orjson.loads(cut[-1]))
    assert places(store, "requests") == [("web", "web", False)]


def test_a_part_of_an_older_report_that_comes_late_is_not_news(store: Store) -> None:
    old = [orjson.loads(body) for body in bodies(batch(), TARGET, 4500)]
    for body in old[:-1]:
        store.add(body)
    add(store, Batch(AT + 60))
    with pytest.raises(NotDeployed):  # the report it belongs to is over
        store.add(old[-1])
    assert find(store.connection, "requests")["containers"] == 0


def test_parts_that_come_twice_or_in_another_order_change_nothing(store: Store) -> None:
    cut = [orjson.loads(body) for body in bodies(batch(), TARGET, 4500)]
    for body in [*cut[:-1], cut[0], cut[-1], cut[-1]]:
        store.add(body)
    assert places(store, "requests") == [("web", "web", True)]
    assert store.connection.execute("SELECT report FROM agents").fetchall()[0][0] == 1


def test_nothing_is_taken_as_loaded_that_is_not_deployed(store: Store) -> None:
    add(store, batch())
    (body,) = [orjson.loads(one) for one in bodies(replace(batch(), at=AT + 60), TARGET)]
    body["facts"] = [one for one in body["facts"] if one["type"] != "deployedWorkloads"]
    with pytest.raises(NotDeployed, match=r"shop/CronJob/night"):
        store.add(body)
    # Not half of it: the report before is still the current one.
    assert places(store, "requests") == [("web", "web", True)]
    assert store.connection.execute("SELECT count(*) FROM parts").fetchone()[0] == 1


def test_agents_of_several_nodes_are_one_answer(store: Store) -> None:
    other = replace(TARGET, agent_id="node-uid-2")
    add(store, batch())
    add(store, replace(batch(), at=AT + 5), other)
    (one,) = find(store.connection, "requests")["found"]
    assert (one["agents"], one["reported_at"]) == (["node-uid-1", "node-uid-2"], AT + 5)
    # Gone from one node, still on the other.
    add(store, Batch(AT + 60))
    assert places(store, "requests") == [("web", "web", True)]
    add(store, Batch(AT + 60), other)
    assert places(store, "requests") == [("web", "web", False)]


def test_a_clock_that_was_wrong_does_not_freeze_an_agent(store: Store) -> None:
    add(store, replace(batch(), at=AT + 1e8))
    add(store, Batch(AT))
    assert places(store, "requests") == [("web", "web", False)]


def test_show_tells_all_of_a_container(store: Store) -> None:
    add(store, batch())
    web = shown(store, "shop/deployment/WEB", "web")
    assert (web["deployed"], web["pods"], web["container_type"]) == (True, 2, "main")
    assert web["image"]["configDigest"] == batches.CONFIG
    assert [one["purl"] for one in web["packages"]] == [
        "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
        "pkg:pypi/own",
        "pkg:pypi/requests@2.31.0",
        "pkg:pypi/urllib3@1.26.16",
    ]
    assert [one["complete"] for one in web["coverage"]] == [False]
    assert {one["reason"]: one["count"] for one in web["gaps"]} == {
        "memory not readable": 2,
        "too many processes": 1,
    }
    assert show(store.connection, "other/web")["containers"] == []
    assert show(store.connection, "shop/cronjob/web")["containers"] == []
    assert len(show(store.connection, "shop/web")["containers"]) == 2


def test_text_for_people(store: Store) -> None:
    add(store, batch())
    text = "\n".join(show_text(show(store.connection, "web")))
    assert "prod: shop/Deployment/web container web (registry.example/web:1.2)" in text
    assert "  deployed in 2 pods, reported 2023-11-14T22:13:20Z, agent node-uid-1" in text
    assert "  loaded: pkg:pypi/own (version unknown) by sys.modules" in text
    assert "pkg:pypi/urllib3@1.26.16, inside pkg:pypi/pip@23.2.1 by sys.modules" in text
    assert "  coverage of python: incomplete, CPython 3.11.7, sys.modules, 2023-11-14" in text
    assert "  gap: python: memory not readable (2)" in text
    assert "  gap: too many processes (1)" in text
    found = "\n".join(find_text(find(store.connection, "requests")))
    assert "  initialized: pkg:pypi/requests@2.31.0 by sys.modules" in found
    assert "  seen from 2023-11-14T22:11:50Z to 2023-11-14T22:13:20Z" in found
    assert list(show_text(show(store.connection, "no\x1b[31m"))) == [
        "no\\x1b[31m: no such workload was reported"
    ]


def test_coverage_and_gaps_are_those_of_the_last_report(store: Store) -> None:
    add(store, batch())
    now = Loaded(place(batches.WEB_1), (fact(batches.REQUESTS),), (batches.PYTHON,))
    add(store, replace(batch(), at=AT + 60, loaded=(now,)))
    web = shown(store, "web", "web")
    assert [(one["complete"], one["how"]) for one in web["coverage"]] == [
        (True, "CPython 3.11.7, sys.modules")
    ]
    assert web["gaps"] == []
    assert [one["purl"] for one in web["packages"] if one["current"]] == [
        "pkg:pypi/requests@2.31.0"
    ]


def test_what_is_long_gone_is_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "KEPT_REPORTS", 3)
    add(store, batch())
    for minute in range(1, 4):
        add(store, Batch(AT + minute))
    assert places(store, "requests") == [("web", "web", False)]
    add(store, Batch(AT + 5))
    assert places(store, "requests") == []
    tables = ("containers", "packages", "names", "coverage", "gaps")
    counts = [store.connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables]  # noqa: S608
    assert counts == [0] * 5


def test_reports_that_never_end_do_not_pile_up(store: Store) -> None:
    for minute in range(100):
        body = orjson.loads(bodies(replace(batch(), at=AT + minute), TARGET, 4500)[0])
        store.add(body)
    assert store.connection.execute("SELECT count(*) FROM parts").fetchone()[0] <= 9


def test_a_full_database_is_told_and_takes_nothing_by_half(store: Store) -> None:
    add(store, batch())
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    many = tuple(
        fact(package(f"pkg:pypi/p{number}@1", f"p{number}", "1")) for number in range(3000)
    )
    with pytest.raises(StoreFull, match="full"):
        add(store, replace(batch(), at=AT + 1, loaded=(Loaded(place(batches.WEB_1), many),)))
    assert places(store, "requests") == [("web", "web", True)]
    assert places(store, "p1") == []


def test_it_is_there_after_a_restart_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "db"
    for _ in range(2):
        with closing(Store(path)) as store:
            add(store, batch())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(open_to_read(path)) as connection:
        assert len(find(connection, "requests")["found"]) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM agents")


def test_it_can_be_asked_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(Store(path)) as store:
        add(store, batch())
        store.connection.execute("BEGIN IMMEDIATE")
        with closing(open_to_read(path)) as connection:
            assert len(find(connection, "requests")["found"]) == 1
        store.connection.execute("ROLLBACK")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("notes\n" * 1000)
    for opening in (Store, open_to_read):
        with pytest.raises(BadDatabase, match="notes"):
            opening(path)
    assert path.read_text() == "notes\n" * 1000
    with pytest.raises(BadDatabase, match="no such file"):
        open_to_read(tmp_path / "missing")
    with pytest.raises(BadDatabase, match="unable to open"):
        Store(tmp_path / "no" / "db")


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")
    for opening in (Store, open_to_read):
        with pytest.raises(BadDatabase, match="no database of this version"):
            opening(path)


@pytest.mark.parametrize("asked", ["pkg:maven/org.guess/a@1.0", "pkg:maven/a", "a"])
def test_what_was_inferred_is_found_and_told_as_such(store: Store, asked: str) -> None:
    archive = package("pkg:maven/org.guess/a@1.0", "a", "1.0", "java")
    archive = replace(archive, identity="manifest", inferred=("namespace",))
    add(store, replace(batch(), loaded=(Loaded(place(batches.WEB_1), (fact(archive),)),)))
    text = "\n".join(find_text(find(store.connection, asked)))
    assert "pkg:maven/a@1.0, inferred pkg:maven/org.guess/a@1.0 by" in text
