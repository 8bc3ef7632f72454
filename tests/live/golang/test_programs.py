"""Real Go programs of every age, live, against what Go's own tools say of their files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.model.finding import State
from sensor.resolvers.golang import stdlib
from tests.live.golang.factory import run_go
from tests.live.golang.targets import finding, import_paths, running

if TYPE_CHECKING:
    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

SITE = Path(__file__).with_name("programs") / "site"
# Component, path inside it, arguments with which it waits (in a copy of SITE): for its standard
# input, hugo for a request on this machine.
PROGRAMS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "hugo": ("hugo", "bin/hugo", ("server", "--bind=127.0.0.1", "--port=0", "--source=.")),
    "act": ("act", "bin/act", ("--list", "-W=job.yml", "--env-file=/dev/stdin")),
    "kubectl": ("kubectl", "bin/kubectl", ("config", "view", "--kubeconfig=/dev/stdin")),
    "esbuild-1.14": ("esbuild-go1.14", "bin/esbuild", ("--loader=js",)),
    "esbuild-1.16": ("esbuild-go1.16", "bin/esbuild", ("--loader=js",)),
    "esbuild-1.17": ("esbuild-go1.17", "bin/esbuild", ("--loader=js",)),
    "esbuild-1.18": ("esbuild-go1.18", "bin/esbuild", ("--loader=js",)),
}
LAYOUTS = {"esbuild-1.14": "1.2", "esbuild-1.16": "1.16", "esbuild-1.17": "1.16"} | {
    "esbuild-1.18": "1.18"
}


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SITE, tmp_path / "site")
    monkeypatch.chdir(tmp_path / "site")


def look(toolbox: Toolbox, name: str) -> tuple[Finding, Path]:
    component, inside, arguments = PROGRAMS[name]
    program = toolbox.path(component) / inside
    with running(program, *arguments) as pid:
        return finding(pid), program


def listed(toolbox: Toolbox, program: Path) -> tuple[str, dict[str, str | None]]:
    """`go version -m`: the Go version, and the modules that were built in with their versions."""
    lines = run_go(toolbox.path("go-1.27"), "version", "-m", program).splitlines()
    rows = [line.split("\t")[1:] for line in lines[1:]]
    modules: dict[str, str | None] = {}
    last = ""
    for row in rows:
        if row[0] in {"mod", "dep"}:
            last = row[1]
            modules[last] = None if row[2] == "(devel)" else row[2]
        elif row[0] == "=>":
            del modules[last]
            modules[row[1]] = row[2]
    return lines[0].rpartition(" ")[2].removeprefix("go"), modules


@pytest.mark.parametrize("name", PROGRAMS)
def test_modules_and_go_version_are_those_that_go_lists(toolbox: Toolbox, name: str) -> None:
    found, program = look(toolbox, name)
    version, modules = listed(toolbox, program)
    said = {p.name: p.version for p in found.packages}
    assert said == {**modules, "stdlib": version}
    assert found.coverage is not None
    assert f"layout {LAYOUTS.get(name, '1.20')}" in found.coverage.how
    assert {gap.reason for gap in found.gaps} <= {"version not known"}


def test_every_standard_package_with_a_symbol_is_found(toolbox: Toolbox) -> None:
    """Of gofmt: the others are stripped. Go's own tools are built without module information."""
    program = toolbox.path("go-1.27") / "go/bin/gofmt"
    lines = run_go(toolbox.path("go-1.27"), "tool", "nm", program).splitlines()
    names = {cut(line.split()[2]) for line in lines if line.split()[1].lower() == "t"}
    named = {name[: name.find(".", name.rfind("/") + 1)] for name in names if "." in name}
    with running(program) as pid:
        found = finding(pid)
    standard = {path for path in named if stdlib.contains(path)}
    assert len(standard) > 30
    assert standard <= import_paths(found, "")
    assert [package.name for package in found.packages] == ["stdlib"]
    assert [gap.reason for gap in found.gaps] == ["no module information"]


def cut(name: str) -> str:
    """A symbol without type arguments and receiver; empty for what the compiler made up."""
    made_up = name.startswith(("type:", "go:", "_"))
    return "" if made_up else re.split(r"[\[(]", name)[0]


def test_a_module_that_is_listed_and_not_linked_is_said_to_be_so(toolbox: Toolbox) -> None:
    found, _ = look(toolbox, "hugo")
    idle = {p.name for p in found.packages if p.state is State.NOT_OBSERVED}
    loaded = {p.name for p in found.packages if p.state is State.LOADED}
    assert "golang.org/x/tools" in idle
    # Names that begin with "go." are modules like any other.
    assert "go.opentelemetry.io/otel" in loaded
    assert len(idle) + len(loaded) == len(found.packages)


def test_a_build_without_modules_has_no_invented_ones(toolbox: Toolbox) -> None:
    program = toolbox.path("prometheus-go1.15") / "usr/bin/promtool"
    with running(program, "check", "metrics") as pid:
        found = finding(pid)
    assert [(p.purl, p.state) for p in found.packages] == [
        ("pkg:golang/stdlib@1.15.9", State.LOADED)
    ]
    (gap,) = found.gaps
    assert gap.reason == "no module information"
    assert "github.com/Azure/" in gap.detail
    assert found.coverage is not None
    assert found.coverage.complete


def test_a_packed_program_is_recognised_and_not_read(toolbox: Toolbox) -> None:
    program = toolbox.path("act-upx") / "bin/act"
    with running(program, *PROGRAMS["act"][2]) as pid:
        found = finding(pid)
    assert found.packages == ()
    assert [gap.reason for gap in found.gaps] == ["packed by UPX"]
    assert found.coverage is not None
    assert not found.coverage.complete
