"""The verdict on one package in one process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensor.model.finding import Finding, Gap, Package, State
from sensor.report.explain import explained
from sensor.report.explain_text import explain_text
from sensor.report.groups import Groups
from sensor.report.match import Wanted
from tests.support import seen as made

GAP = Gap("python", "memory not readable")
FLASK = made.python(made.pypi("Flask", "2.3.3"), made.pypi("six", None))
PARTLY = made.python(made.pypi("Flask", "2.3.3"), gaps=(GAP,), complete=False)
NET = made.go(made.module("golang.org/x/net", "v0.17.0", ("http2",)))


def verdict(purl: str, **findings: Finding) -> Package:
    """The only verdict on a package in a process with these findings."""
    process = replace(made.ruby(1), findings=findings)
    answer = explained(Wanted.parse(purl), process, made.TYPES)
    assert answer is not None
    (package,) = answer.packages()
    return package


def test_loaded_with_its_own_evidence() -> None:
    package = verdict("pkg:pypi/flask", python=FLASK)
    assert package == FLASK.packages[0]


def test_not_observed_by_complete_coverage() -> None:
    package = verdict("pkg:pypi/django@4.2", python=FLASK)
    assert (package.state, package.purl) == (State.NOT_OBSERVED, "pkg:pypi/django@4.2")
    assert [(e.kind, e.detail) for e in package.evidence] == [
        ("coverage", "CPython 3.11.7, sys.modules by debug offsets")
    ]


def test_another_version_is_named() -> None:
    package = verdict("pkg:pypi/flask@1.0", python=FLASK)
    assert package.state is State.NOT_OBSERVED
    assert package.evidence[1].detail == "pkg:pypi/Flask@2.3.3 is loaded here"


def test_unknown_version_is_no_proof() -> None:
    package = verdict("pkg:pypi/six@1.16.0", python=FLASK)
    assert package.reason == "it is here, but its version is not known"


def test_incomplete_coverage_proves_no_absence_but_presence() -> None:
    package = verdict("pkg:pypi/django", python=PARTLY)
    assert package.reason == "coverage incomplete: memory not readable"
    assert verdict("pkg:pypi/flask", python=PARTLY).state is State.LOADED


def test_of_system_packages_only_those_with_python_code_are_seen() -> None:
    package = verdict("pkg:deb/debian/libc6", python=FLASK)
    assert package.reason == "of type deb only packages with python code are seen"


@pytest.mark.parametrize(("part", "state"), [("http2", State.LOADED), ("idna", State.NOT_OBSERVED)])
def test_a_part_of_a_go_module(part: str, state: State) -> None:
    assert verdict(f"pkg:golang/golang.org/x/net#{part}", golang=NET).state is state


def test_a_part_of_a_go_module_that_was_not_wholly_read() -> None:
    assert NET.coverage is not None
    torn = replace(NET, coverage=replace(NET.coverage, complete=False))
    package = verdict("pkg:golang/golang.org/x/net#idna", golang=torn)
    assert package.reason == "coverage incomplete: no reason is told"


def test_parts_are_not_told_apart_where_the_resolver_does_not() -> None:
    package = verdict("pkg:pypi/flask#json", python=FLASK)
    assert package.reason == "its parts are not told apart"


def test_a_runtime_that_nothing_can_read_yet_is_unknown() -> None:
    package = verdict("pkg:gem/rack", **dict(made.ruby(1).findings))
    assert package.reason == "coverage incomplete: runtime not supported yet"


def test_a_process_of_another_runtime_is_not_concerned() -> None:
    process = made.read(1, "/usr/bin/x", golang=NET)
    assert explained(Wanted.parse("pkg:pypi/flask"), process, made.TYPES) is None


@pytest.mark.parametrize(
    ("here", "inferred"),
    [
        ("pkg:maven/org.other/kafka-clients@3.5.1", ("namespace",)),
        ("pkg:maven/kafka-clients@3.5.1", ()),
    ],
)
def test_a_group_that_is_not_certain_proves_no_absence(here: str, inferred: tuple[str]) -> None:
    jar = made.jar(here, "kafka-clients", "3.5.1", inferred=inferred)
    package = verdict("pkg:maven/org.apache.kafka/kafka-clients", java=made.jvm(jar))
    assert package.reason == "an artifact of this name is here, its group is not certain"
    other = verdict("pkg:maven/org.apache.kafka/kafka-streams", java=made.jvm(jar))
    assert other.state is State.NOT_OBSERVED


def test_a_group_that_was_read_does_prove_it() -> None:
    jar = made.jar("pkg:maven/org.other/kafka-clients@3.5.1", "kafka-clients", "3.5.1")
    package = verdict("pkg:maven/org.apache.kafka/kafka-clients", java=made.jvm(jar))
    assert package.state is State.NOT_OBSERVED


def test_people_are_told_what_is_inferred() -> None:
    jar = made.jar("pkg:maven/org.other/x@1", "x", "1", inferred=("namespace",))
    groups = Groups()
    groups.add(made.read(1, "/usr/bin/java", java=made.jvm(jar)))
    wanted = Wanted.parse("pkg:maven/org.other/x")
    lines = [line.strip() for line in explain_text(wanted, groups, made.TYPES, columns=None)]
    assert lines[4:7] == [
        "known by manifest",
        "inferred, not certain: namespace",
        f"SHA-1 {'ab' * 20}",
    ]


def test_the_rest_of_the_process_stays() -> None:
    process = made.read(1, "/usr/bin/x", python=PARTLY, golang=NET)
    answer = explained(Wanted.parse("pkg:pypi/flask"), process, made.TYPES)
    assert answer is not None
    assert dict(answer.findings) == {"python": PARTLY}
