"""What is said of a program: states, versions, replacements, gaps."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.formats.gobuildinfo import BuildInfo, Module
from sensor.model.process import Mapping
from sensor.resolvers.golang import stdlib
from sensor.resolvers.golang.facts import facts, remember
from sensor.resolvers.golang.program import Form, Program
from sensor.resolvers.golang.statement import MAX_MODULES, Line, Statement, state

APP = Module("example.test/app", "v1.0.0")
USED = Module("example.test/used", "v1.2.3")
IDLE = Module("example.test/idle", "v0.1.0")
INFO = BuildInfo("go1.26.8", "example.test/app", APP, (USED, IDLE))
PACKAGES = ("example.test/used/deep", "fmt", "main")
MAPPING = Mapping(0x400000, 0x500000, "r-xp", 0, "fe:00", 7, "/app")


def say(
    info: BuildInfo | None = INFO, layout: str = "1.20", packages: tuple[str, ...] = PACKAGES
) -> Statement:
    return state(Program(Form.GO, info, layout, packages))


def line(said: Statement, name: str) -> Line:
    return next(line for line in said.lines if line.name == name)


def with_replacement(replacement: Module) -> Line:
    module = Module("example.test/used", "v1.2.3", replacement)
    said = say(BuildInfo("go1.26", "example.test/app", APP, (module,)))
    (found,) = [row for row in said.lines if row.name not in {"stdlib", "example.test/app"}]
    return found


def test_a_module_with_a_linked_package_is_loaded_and_another_not_observed() -> None:
    said = say()
    assert said.complete
    assert {row.name: (row.state, row.subpaths) for row in said.lines} == {
        "example.test/app": ("loaded", [""]),
        "example.test/used": ("loaded", ["deep"]),
        "example.test/idle": ("not_observed", []),
        "stdlib": ("loaded", ["fmt"]),
    }


@pytest.mark.parametrize(("layout", "reason"), [("1.2", "inlined"), ("", "table not read")])
def test_without_a_table_that_names_all_functions_nothing_is_not_observed(
    layout: str, reason: str
) -> None:
    said = state(Program(Form.GO, INFO, layout, PACKAGES, inlined=False))
    assert not said.complete
    idle = line(said, "example.test/idle")
    assert idle.state == "unknown"
    assert reason in (idle.reason or "")


def test_a_replacement_is_what_is_reported_and_the_original_an_alias() -> None:
    found = with_replacement(Module("example.test/fork", "v2.0.1"))
    assert (found.name, found.version) == ("example.test/fork", "v2.0.1")
    assert found.aliases == ["pkg:golang/example.test/used@v1.2.3"]
    assert found.built == "dep example.test/used v1.2.3 => example.test/fork v2.0.1"


@pytest.mark.parametrize("path", ["./fork", "../fork", "/src/fork", "..", "not a path"])
def test_a_replacement_by_a_folder_has_no_version(path: str) -> None:
    found = with_replacement(Module(path, "v9.9.9"))
    assert (found.name, found.version) == ("example.test/used", None)
    assert found.purl == "pkg:golang/example.test/used"
    assert found.aliases == ["pkg:golang/example.test/used@v1.2.3"]


@pytest.mark.parametrize("version", ["(devel)", "", "v1 0", "\x1b[31m", "a@b"])
def test_a_version_that_is_none_is_not_reported_and_is_a_gap(version: str) -> None:
    said = say(BuildInfo("go1.26.8", "example.test/app", Module("example.test/app", version)))
    assert line(said, "example.test/app").version is None
    assert ("version not known", "1: example.test/app") in said.gaps


def test_the_commit_is_evidence_and_no_version() -> None:
    settings = {"vcs.revision": "0123", "vcs.time": "2026-01-02", "vcs.modified": "true"}
    main = Module("example.test/app", "(devel)")
    said = say(BuildInfo("go1.26.8", "example.test/app", main, settings=settings))
    found = line(said, "example.test/app")
    assert found.version is None
    assert found.built.endswith("vcs.revision=0123 vcs.time=2026-01-02 vcs.modified=true")


def test_without_modules_only_the_standard_library_is_reported() -> None:
    packages = ("fmt", "main", "example.test/b/vendor/example.test/c", "example.test/b")
    said = say(BuildInfo("go1.15.9"), packages=packages)
    assert [row.purl for row in said.lines] == ["pkg:golang/stdlib@1.15.9"]
    (gap,) = said.gaps
    assert gap[0] == "no module information"
    assert gap[1].endswith("2: example.test/b, example.test/c")


def test_without_build_information_the_go_version_is_a_gap_too() -> None:
    said = say(info=None)
    assert [(row.purl, row.version) for row in said.lines] == [("pkg:golang/stdlib", None)]
    assert {reason for reason, _ in said.gaps} == {"no module information", "version not known"}


def test_problems_of_the_file_are_gaps() -> None:
    program = Program(Form.GO, INFO, "", (), (("function table not read", "damaged"),))
    said = state(program)
    assert said.gaps[0] == ("function table not read", "damaged")
    assert not said.complete


def test_a_program_with_too_many_modules_is_cut_with_a_gap() -> None:
    modules = tuple(Module(f"example.test/m{n}", "v1.0.0") for n in range(MAX_MODULES + 5))
    said = say(BuildInfo("go1.26.8", "x", None, modules))
    assert len(said.lines) == MAX_MODULES + 1
    assert ("too many modules", "10005, more than 10000") in said.gaps


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8", "1.26.8"),
        ("go1.27rc1", "1.27rc1"),
        ("go1.18", "1.18"),
        ("go1.26.8 X:nodwarf5,greenteagc", "1.26.8"),
        ("go1.22.5 (Vendor 1.22.5-1)", "1.22.5"),
        ("go1.22.5-vendor", "1.22.5-vendor"),
        ("devel go1.27-0123abcd Tue Nov 3", None),
        ("go1.26.8\x1b[31m", None),
        ("", None),
    ],
)
def test_the_version_of_the_standard_library(text: str, version: str | None) -> None:
    assert stdlib.version(text) == version


words = st.text(alphabet="abc./-@ \x1b~+v1é", max_size=12)
modules = st.builds(Module, words, words, st.none() | st.builds(Module, words, words))
infos = st.builds(
    BuildInfo, words, words, st.none() | modules, st.lists(modules, max_size=4).map(tuple)
)


@given(infos, st.lists(words, max_size=5), st.sampled_from(["1.20", "1.2", ""]))
def test_any_program_gives_facts_that_hold_and_survive_json(
    info: BuildInfo, packages: list[str], layout: str
) -> None:
    known = remember(Program(Form.GO, info, layout, tuple(packages)))
    plain = orjson.loads(orjson.dumps(known))
    assert plain == known
    found = facts(plain, MAPPING, 1.0)
    assert all(package.evidence for package in found.packages)
    assert all(p.purl.isascii() and "\x1b" not in p.purl for p in found.packages)
