"""Live Go programs built here: every layout and every way to build, against what went in.

Truth: the source of the target (which module is used how), `go version -m`, `go tool nm`, and the
program's own debug information, read by Go's library (`programs/oracle`).
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.golang import stdlib
from tests.live.golang.factory import Factory, Recipe, run_go
from tests.live.golang.targets import Modules, finding, import_paths, modules, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

VERSIONS = ("1.12", "1.16", "1.18", "1.21", "1.26", "1.27")
MAIN = "example.test/app/v2"
# Stripped of its version, a program of Go 1.12 does not say where inlined functions are named.
OLD_STRIPPED = Recipe("1.12", ("-ldflags=-s -w",))
PLAIN = Recipe("1.26")
EXTERNAL = ("-buildmode=pie", "-tags=withc")
FORMS = {
    "pie": Recipe("1.26", ("-buildmode=pie",)),
    "stripped": Recipe("1.26", ("-ldflags=-s -w",)),
    "trimmed": Recipe("1.26", ("-trimpath",)),
    "cgo": Recipe("1.26", ("-tags=withc",), cgo=True),
    "cgo-pie-external": Recipe("1.26", (*EXTERNAL, "-ldflags=-linkmode=external -s -w"), cgo=True),
    "1.12-pie": Recipe("1.12", ("-buildmode=pie",), cgo=True),
    "1.21-pie": Recipe("1.21", ("-buildmode=pie",)),
    "1.21-stripped": Recipe("1.21", ("-ldflags=-s -w",)),
    "1.21-cgo": Recipe("1.21", ("-tags=withc",), cgo=True),
}


def expected(recipe: Recipe) -> Modules:
    """What went into the target, by the source of `programs/app`."""
    unseen = "unknown" if recipe == OLD_STRIPPED else "not_observed"
    table: Modules = {
        MAIN: (None, "loaded", ("cmd/app", "internal/core"), ()),
        "example.test/dot.ted": ("v1.5.0", "loaded", ("",), ()),
        "example.test/fork": ("v1.1.0", "loaded", ("",), ("pkg:golang/example.test/old@v1.0.0",)),
        "example.test/inlined": ("v1.0.0", "loaded", ("",), ()),
        "example.test/local": (None, "loaded", ("",), ("pkg:golang/example.test/local@v1.0.0",)),
        "example.test/types": ("v1.0.0", unseen, (), ()),
        "example.test/used": ("v1.2.3", "loaded", ("", "deep"), ()),
        "go.example.test/kit": ("v0.4.0", "loaded", ("",), ()),
    }
    if recipe.number >= (1, 18):
        table["example.test/generic"] = ("v1.0.0", "loaded", ("",), ())
    if recipe == OLD_STRIPPED:
        table["example.test/inlined"] = ("v1.0.0", unseen, (), ())
    return table


def look(program: Path) -> Finding:
    with running(program, says="ready") as pid:
        return finding(pid)


def std_version(found: Finding) -> str | None:
    return next(package.version for package in found.packages if package.name == "stdlib")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_layout_gives_the_modules_that_went_in(
    built: Callable[[Recipe], Path], toolbox: Toolbox, version: str
) -> None:
    recipe = Recipe(version)
    found = look(built(recipe))
    assert modules(found) == expected(recipe)
    toolchain = toolbox.path(f"go-{version}")
    assert f"go{std_version(found)}" == (toolchain / "go/VERSION").read_text().split()[0]
    assert found.coverage is not None
    assert found.coverage.complete


@pytest.mark.parametrize("version", VERSIONS)
def test_linked_packages_are_those_of_the_debug_information(
    built: Callable[[Recipe], Path], toolbox: Toolbox, factory: Factory, version: str
) -> None:
    program = built(Recipe(version))
    oracle = factory.oracle(toolbox.path("go-1.27"))
    command = [oracle, program]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    truth = set(said.split())
    assert import_paths(look(program), f"{MAIN}/cmd/app") == truth


def test_a_stripped_program_of_go_1_12_is_read_as_far_as_it_can_be(
    built: Callable[[Recipe], Path], toolbox: Toolbox
) -> None:
    found = look(built(OLD_STRIPPED))
    assert modules(found) == expected(OLD_STRIPPED)
    assert std_version(found) is None
    assert {gap.reason for gap in found.gaps} == {"version not known", "inlined functions not read"}
    assert found.coverage is not None
    assert not found.coverage.complete
    # What is named has a symbol in the same program with symbols.
    named = functions(toolbox, built(Recipe("1.12")))
    assert named <= import_paths(found, f"{MAIN}/cmd/app")


def functions(toolbox: Toolbox, program: Path) -> set[str]:
    """Packages of the target's modules that have a symbol of code."""
    lines = run_go(toolbox.path("go-1.27"), "tool", "nm", program).splitlines()
    names = [line.split()[2] for line in lines if line.split()[1].lower() == "t"]
    paths = {name[: name.find(".", name.rfind("/"))] for name in names if "example.test/" in name}
    return {path.replace("%2e", ".") for path in paths if path[0].isalpha()}


@pytest.mark.parametrize("form", FORMS)
def test_no_way_to_build_hides_or_adds_a_module(built: Callable[[Recipe], Path], form: str) -> None:
    assert modules(look(built(FORMS[form]))) == expected(FORMS[form])


@pytest.mark.parametrize("form", ["stripped", "1.21-stripped"])
def test_stripping_takes_no_package_away(built: Callable[[Recipe], Path], form: str) -> None:
    whole = look(built(Recipe(FORMS[form].go)))
    stripped = look(built(FORMS[form]))
    assert [p.subpaths for p in stripped.packages] == [p.subpaths for p in whole.packages]


@pytest.mark.parametrize("form", ["plain", "pie", "cgo-pie-external", "1.21-pie", "old"])
def test_without_section_headers_nothing_is_lost(
    built: Callable[[Recipe], Path], tmp_path: Path, form: str
) -> None:
    recipe = {"plain": PLAIN, "old": Recipe("1.16"), **FORMS}[form]
    program = built(recipe)
    bare = tmp_path / "bare"
    bare.write_bytes(without_sections(program.read_bytes()))
    bare.chmod(0o700)
    found, whole = look(bare), look(program)
    assert modules(found) == modules(whole) == expected(recipe)
    assert [p.subpaths for p in found.packages] == [p.subpaths for p in whole.packages]


def without_sections(data: bytes) -> bytes:
    """The ELF64 file as if it had no section headers (e_shoff, e_shnum, e_shstrndx are zero)."""
    return data[:40] + bytes(8) + data[48:60] + bytes(4) + data[64:]


def test_the_copies_of_modules_in_the_standard_library_belong_to_it(
    built: Callable[[Recipe], Path], toolbox: Toolbox
) -> None:
    recipe = Recipe("1.26", ("-tags=web",))
    found = look(built(recipe))
    assert modules(found) == expected(recipe)
    std = next(p.subpaths for p in found.packages if p.name == "stdlib")
    assert std is not None
    listed = set(run_go(toolbox.path("go-1.26"), "list", "std").split())
    assert set(std) <= listed
    assert {"net/http", "vendor/golang.org/x/net/http/httpguts"} <= set(std)


@pytest.mark.parametrize("version", ["1.21", "1.26"])
def test_a_build_from_git_says_its_commit_and_no_invented_version(
    built: Callable[[Recipe], Path], toolbox: Toolbox, version: str
) -> None:
    program = built(Recipe(version, git=True))
    found = look(program)
    listed = run_go(toolbox.path("go-1.27"), "version", "-m", program).split("\n")
    (mod,) = [line.split("\t")[3] for line in listed if line.startswith("\tmod\t")]
    (revision,) = [line.split("=")[1] for line in listed if "vcs.revision=" in line]
    main = next(package for package in found.packages if package.name == MAIN)
    assert main.version == (None if version == "1.21" else mod)
    assert (mod == "(devel)") is (version == "1.21")
    (built_from,) = [e.detail for e in main.evidence if e.kind == "buildinfo"]
    assert f"vcs.revision={revision}" in built_from
    unknown = [gap.detail for gap in found.gaps if gap.reason == "version not known"]
    assert (MAIN in unknown[0]) is (version == "1.21")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_roots_of_the_standard_library_are_those_of_go(toolbox: Toolbox, version: str) -> None:
    packages = run_go(toolbox.path(f"go-{version}"), "list", "std").split()
    assert {package.partition("/")[0] for package in packages} <= stdlib.ROOTS


def test_no_root_of_the_standard_library_is_made_up(toolbox: Toolbox) -> None:
    lists = [run_go(toolbox.path(f"go-{version}"), "list", "std") for version in VERSIONS]
    assert {line.partition("/")[0] for line in "\n".join(lists).split()} == stdlib.ROOTS
