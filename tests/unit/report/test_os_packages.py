"""OS packages, of which every process has some: where they are told, and what is not denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.model.container import HOST
from sensor.model.finding import Coverage, Depth, Finding, Gap, Package, State
from sensor.report.explain import explained
from sensor.report.groups import Groups, is_read
from sensor.report.match import Wanted
from sensor.report.ostable import MAX_SHOWN
from sensor.report.summary import Summary
from sensor.report.table import table
from tests.support import seen as made

if TYPE_CHECKING:
    from sensor.model.seen import Seen

TYPES = {**made.TYPES, "os": ("deb",)}


def deb(name: str, version: str | None = "1") -> Package:
    purl = f"pkg:deb/debian/{name}" + (f"@{version}" if version else "")
    seen = (made.evidence("mapping", f"/usr/lib/{name}.so"),)
    return Package(purl, name, version, "os", State.LOADED, Depth.LOADED, seen)


def system(*packages: Package, gaps: tuple[Gap, ...] = ()) -> Finding:
    coverage = Coverage("os", complete=True, since=made.AT, how="mapped files, by dpkg's lists")
    return Finding(packages, gaps, coverage)


BASH = made.read(10, "/usr/bin/bash", os=system(deb("bash"), deb("libc6")))
APP = made.read(
    20,
    "/usr/bin/python3",
    "app.py",
    python=made.python(made.pypi("Flask", "2.3.3")),
    os=system(
        deb("app-of-debian"),
        deb("libc6"),
        deb("libssl3", None),
        gaps=(Gap("os", "file owned by no package"),),
    ),
)
POD = made.read(30, "/usr/sbin/nginx", container=made.POD, os=system(deb("nginx")))


def shown(*processes: Seen, everything: bool = False) -> list[str]:
    groups = Groups()
    for seen in processes:
        groups.add(seen)
    return list(table(groups, columns=None, everything=everything))


def test_a_machine_tells_them_once_for_each_container() -> None:
    lines = shown(BASH, APP, POD)
    assert lines[1:] == [
        "",
        "host",
        "  /usr/bin/python3 app.py  pid 20",
        f"    Flask    2.3.3    python   loaded  sys.modules {made.SITE}/Flask/__init__.py",
        "  4 OS packages loaded: app-of-debian 1, bash 1, libc6 1, libssl3 (version unknown)",
        "",
        "container 3f3f3f3f3f3f (containerd, pod 0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11)",
        "  1 OS package loaded: nginx 1",
    ]


def test_a_process_that_was_asked_for_has_them_as_rows() -> None:
    lines = shown(BASH, APP, everything=True)
    assert [line.split()[0] for line in lines if " os " in line] == [
        *("bash", "libc6"),
        *("app-of-debian", "libc6", "libssl3"),
    ]
    assert [line.split()[0] for line in lines if " loaded " in line] == [
        *("bash", "libc6"),
        *("Flask", "app-of-debian", "libc6", "libssl3"),
    ]
    assert "    ! os: file owned by no package" in lines
    assert not any("OS package" in line for line in lines)


def test_of_many_the_first_are_named() -> None:
    many = system(*(deb(f"lib{number:03}") for number in range(MAX_SHOWN + 2)))
    (line,) = [line for line in shown(made.read(1, "/x", os=many)) if "OS packages" in line]
    assert line.startswith("  42 OS packages loaded: lib000 1, lib001 1, ")
    assert line.endswith("lib039 1 and 2 more")


def test_they_make_no_runtime_of_a_process() -> None:
    groups, summary = Groups(), Summary()
    for seen in (BASH, APP):
        groups.add(seen)
        summary.add(seen)
    ((container, members),) = groups.by_container()
    assert container == HOST
    assert [is_read(group) for group in members] == [False, True]
    assert summary.without_runtime == 1
    assert {name: len(pids) for name, pids in summary.runtimes.items()} == {"os": 2, "python": 1}


def test_what_is_not_mapped_is_not_denied() -> None:
    seen = explained(Wanted.parse("pkg:deb/debian/tzdata"), BASH, TYPES)
    assert seen is not None
    (verdict,) = seen.packages()
    assert verdict.state is State.UNKNOWN
    assert verdict.reason == "only packages with mapped programs or libraries are seen"
    other = explained(Wanted.parse("pkg:deb/debian/libc6@2"), BASH, TYPES)
    assert other is not None
    assert [package.state for package in other.packages()] == [State.NOT_OBSERVED]
    there = explained(Wanted.parse("pkg:deb/debian/libc6@1"), BASH, TYPES)
    assert there is not None
    assert [package.state for package in there.packages()] == [State.LOADED]
