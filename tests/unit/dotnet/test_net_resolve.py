"""The resolver against made-up processes: what is whose, what is a gap, what is passed over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.finding import Finding
from sensor.model.process import Mapping
from sensor.resolvers.dotnet import DOTNET
from sensor.resolvers.dotnet.manifests import MAX_FOLDERS, MAX_MANIFESTS
from sensor.resolvers.dotnet.sightings import MAX_SIGHTINGS
from tests.unit.dotnet.made import (
    RUNTIME,
    Made,
    app,
    copy,
    look,
    reasons,
    versions,
    whole,
)
from tests.unit.formats.dotnet.made import assembly, bundle, manifest, marked
from tests.unit.formats.go.made import elf

if TYPE_CHECKING:
    from sensor.host.seam import Process

Files = dict[str, str | bytes]


def test_a_library_counts_when_its_file_is_mapped() -> None:
    found = look(Made(app("A/1.1.0", "B/2.0.0"), ["/app/App.dll", "/app/A.dll"]))
    assert versions(found) == {"A": "1.1.0"}
    (a,) = (p for p in found.packages if p.name == "A")
    assert [(e.kind, e.source, e.path) for e in a.evidence] == [
        ("mapping", "maps", "/app/A.dll"),
        ("deps.json", "file", "/app/App.deps.json"),
    ]
    assert a.evidence[1].detail == "A/1.1.0: 1 file of it seen"
    assert found.gaps == ()
    assert found.coverage
    assert found.coverage.complete
    assert found.coverage.how.startswith(".NET 8.0.4: 2 assemblies by mappings")


def test_the_framework_is_told_by_its_folder_and_its_manifest() -> None:
    pack = ("Microsoft.NETCore.App.Runtime.linux-x64", "8.0.4", "package")
    manifests = manifest((*pack, {"runtime": {"System.Linq.dll": {}}}))
    files: Files = {f"{RUNTIME}/Microsoft.NETCore.App.deps.json": manifests}
    found = look(Made(files, [f"{RUNTIME}/System.Linq.dll"]))
    (framework,) = found.packages
    assert framework.purl == "pkg:nuget/Microsoft.NETCore.App@8.0.4"
    assert framework.aliases == ("pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.4",)
    assert framework.identity == "framework"
    # Its assemblies are not opened: the path says enough.
    assert found.gaps == ()


def test_several_frameworks() -> None:
    web = "/usr/share/dotnet/shared/Microsoft.AspNetCore.App/8.0.7"
    found = look(Made({}, [f"{web}/Microsoft.AspNetCore.dll"]))
    assert {p.name: p.version for p in found.packages} == {
        "Microsoft.NETCore.App": "8.0.4",
        "Microsoft.AspNetCore.App": "8.0.7",
    }


def test_a_folder_that_only_looks_like_a_framework_is_none() -> None:
    files: Files = {"/srv/shared/plugins/1.2.3/Foo.dll": assembly("Foo", product="4.5.6")}
    assert versions(look(Made(files, list(files)))) == {"Foo": "4.5.6"}
    # One of somebody else has a manifest of its name, as Microsoft's have.
    rows = manifest(("Some.Framework", "1.2.3", "package", {"runtime": {"Foo.dll": {}}}))
    own = {"/x/shared/Some.Framework/1.2.3/Some.Framework.deps.json": rows}
    files = {**own, "/x/shared/Some.Framework/1.2.3/Foo.dll": assembly("Foo", product="4.5.6")}
    assert versions(look(Made(files, [p for p in files if p.endswith(".dll")]))) == {
        "Some.Framework": "1.2.3"
    }


def test_a_framework_that_came_with_the_application() -> None:
    pack = ("runtimepack.Microsoft.NETCore.App.Runtime.linux-x64", "9.0.1", "runtimepack")
    files: Files = {
        "/app/App.deps.json": manifest(
            (*pack, {"runtime": {"System.Linq.dll": {}}, "native": {"libcoreclr.so": {}}})
        ),
        "/app/System.Linq.dll": assembly("System.Linq"),
        "/app/App": b"",
        "/app/libcoreclr.so": b"",
    }
    found = look(Made(files, ["/app/libcoreclr.so", "/app/System.Linq.dll"], exe="/app/App"))
    (framework,) = found.packages
    assert (framework.name, framework.version) == ("Microsoft.NETCore.App", "9.0.1")
    assert framework.aliases == ("pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@9.0.1",)
    assert framework.evidence[-1].detail.endswith("2 files of it seen")
    assert found.coverage
    assert found.coverage.how.startswith(".NET 9.0.1: ")


def test_files_for_one_platform_translations_and_libraries() -> None:
    rows = {
        "runtimeTargets": {"runtimes/unix/lib/net8.0/Data.dll": {"rid": "unix"}},
        "resources": {"lib/net8.0/de/Data.resources.dll": {"locale": "de"}},
    }
    sqlite = {"runtimeTargets": {"runtimes/linux-x64/native/libsql.so": {"rid": "linux-x64"}}}
    files: Files = {
        "/app/App.deps.json": manifest(
            ("Data", "4.8.6", "package", rows), ("Sql.Native", "3.0.0", "package", sqlite)
        ),
        "/app/runtimes/unix/lib/net8.0/Data.dll": assembly("Data"),
        "/app/de/Data.resources.dll": assembly("Data.resources", culture="de"),
        "/app/runtimes/linux-x64/native/libsql.so": b"",
    }
    found = look(Made(files, [path for path in files if not path.endswith(".json")]))
    assert versions(found) == {"Data": "4.8.6", "Sql.Native": "3.0.0"}
    (data,) = (p for p in found.packages if p.name == "Data")
    assert len(data.evidence) == 3
    assert found.gaps == ()


def test_what_a_project_builds_is_no_package() -> None:
    files = app("Library/1.0.0", kind="project")
    assert versions(look(Made(files, ["/app/App.dll", "/app/Library.dll"]))) == {}


def test_what_a_project_builds_again_is_still_no_package() -> None:
    files = app("Library/1.0.0", kind="project")
    files["/app/Library.dll"] = assembly("Library", (2, 0, 0, 0), product="2.0")
    found = look(Made(files, ["/app/App.dll", "/app/Library.dll"]))
    assert versions(found) == {}
    assert found.gaps == ()


def test_a_file_that_only_the_manifest_of_another_program_lists() -> None:
    files = app()
    files["/app/A.dll"] = assembly("A")
    rows: dict[str, Any] = {"runtime": {"lib/net8.0/A.dll": {}}}
    files["/app/Other.deps.json"] = manifest(("A", "3.0.0", "package", rows))
    assert versions(look(Made(files, ["/app/App.dll", "/app/A.dll"]))) == {"A": "3.0.0"}


def test_a_reference_without_a_package_goes_by_its_own_words() -> None:
    files = app("Direct/1.0.0.0", kind="reference")
    files["/app/Direct.dll"] = assembly("Direct", (1, 0, 0, 0), product="2.5.0+abc")
    found = look(Made(files, ["/app/Direct.dll"]))
    (direct,) = (p for p in found.packages if p.name == "Direct")
    assert (direct.version, direct.identity, direct.inferred) == ("2.5.0", "assembly", ("version",))


def test_a_version_that_no_file_says_is_not_known() -> None:
    found = look(Made({"/x/Plain.dll": assembly("Plain")}, ["/x/Plain.dll"]))
    assert versions(found) == {"Plain": None}
    assert reasons(found) == ["version not known"]
    assert found.coverage
    assert found.coverage.complete


def test_the_manifest_of_the_program_that_runs_goes_first() -> None:
    files = app("A/1.0.0")
    other = manifest(("A", "9.9.9", "package", {"runtime": {"A.dll": {}}}))
    files["/app/Aaa.deps.json"] = other
    assert versions(look(Made(files, ["/app/App.dll", "/app/A.dll"]))) == {"A": "1.0.0"}
    # Without it each could be right.
    found = look(Made(files, ["/app/A.dll"]))
    assert versions(found) == {"A": None}
    assert reasons(found) == ["deps.json names several packages", "version not known"]


def test_one_file_in_two_packages() -> None:
    files = app()
    files["/app/X.dll"] = assembly("X", product="3.0.0")
    rows: dict[str, Any] = {"runtime": {"lib/X.dll": {}}}
    files["/app/App.deps.json"] = manifest(
        ("A", "1.0.0", "package", rows), ("B", "2.0.0", "package", rows)
    )
    found = look(Made(files, ["/app/X.dll"]))
    assert versions(found) == {"X": "3.0.0"}
    assert reasons(found) == ["deps.json names several packages"]


def test_a_copy_in_memory_is_an_assembly() -> None:
    made = Made(app("A/1.0.0"), ["/app/App.dll"], [copy(1), copy(2), copy(3)])
    for mapping, data in zip(
        (copy(1), copy(2), copy(3)),
        (assembly("A", (1, 0, 0, 0)), assembly("Other", product="4.0"), b"no assembly"),
        strict=True,
    ):
        made.memory[mapping.start] = data
    found = look(made)
    assert versions(found) == {"A": "1.0.0", "Other": "4.0.0"}
    assert {p.evidence[0].source for p in found.packages if p.name in {"A", "Other"}} == {"memory"}
    assert found.coverage
    assert "2 by copies in memory" in found.coverage.how


def test_a_damaged_copy_is_a_gap() -> None:
    made = Made({}, more=[copy(1)])
    made.memory[copy(1).start] = assembly("A")[:0x300]
    found = look(made)
    assert reasons(found) == ["assembly not readable"]
    assert found.coverage
    assert not found.coverage.complete


def test_a_copy_that_was_still_being_made_is_read_again() -> None:
    made, cache = Made({}, more=[copy(1)]), FileCache()
    made.memory[copy(1).start] = assembly("A", product="1.0")[:0x300]
    first = look(made, cache=cache)
    assert reasons(first) == ["assembly not readable"]
    made.memory[copy(1).start] = assembly("A", product="1.0")
    second = look(made, first.memo, cache)
    assert versions(second) == {"A": "1.0.0"}
    assert second.gaps == ()


def test_a_copy_that_stays_damaged_costs_two_looks_and_not_each() -> None:
    made, cache = Made({}, more=[copy(1)]), FileCache()
    made.memory[copy(1).start] = assembly("A")[:0x300]
    first = look(made, cache=cache)
    second = look(made, first.memo, cache)
    made.memory.clear()
    third = look(made, second.memo, cache)
    assert reasons(first) == reasons(second) == reasons(third) == ["assembly not readable"]
    assert third.memo == second.memo


def test_an_open_file_counts_with_a_copy_of_its_headers() -> None:
    files = app("A/1.0.0", "B/2.0.0")
    # Real headers tell files apart by their time and sizes.
    files["/app/B.dll"] = assembly("B", (1, 0, 0, 0), wide=True)
    made = Made(files, more=[copy(1, "r--s")])
    made.opened = ["/app/A.dll", "/app/B.dll", "/app/notes.txt", "socket:[1]"]
    made.memory[copy(1).start] = assembly("A", (1, 0, 0, 0))[:512]
    found = look(made)
    assert versions(found) == {"A": "1.0.0"}
    # Without memory it counts as what it is: open.
    made.memory_gap = "not permitted"
    closed = look(made)
    assert versions(closed) == {"A": "1.0.0", "B": "2.0.0"}
    assert {p.depth for p in closed.packages if p.name in {"A", "B"}} == {"opened"}
    assert reasons(closed) == ["memory not readable"]


def test_an_open_file_counts_not_where_files_are_mapped() -> None:
    made = Made(app("A/1.0.0"))
    made.opened = ["/app/A.dll"]
    assert versions(look(made)) == {}


def test_a_file_that_is_not_readable_is_read_from_memory_or_a_gap() -> None:
    made = Made(app("A/1.0.0"), ["/app/App.dll", "/app/A.dll"])
    made.files.refused["/app/A.dll"] = "not the mapped file"
    found = look(made)
    # The manifest tells the name; that the file is the one of that version, nobody.
    assert versions(found) == {"A": None}
    assert reasons(found) == ["assembly not readable", "version not known"]
    made.memory[whole(4, "").start] = assembly("A", (1, 0, 0, 0)).ljust(1 << 20, b"\0")
    again = look(made)
    assert versions(again) == {"A": "1.0.0"}
    assert again.gaps == ()


def bundled(*packed: str) -> tuple[Files, list[Mapping]]:
    """A single-file program with three assemblies: one whole, one in sections, one not mapped."""
    inside = {
        "A.dll": (1, assembly("A", (1, 0, 0, 0))),
        "B.dll": (1, assembly("B", (1, 0, 0, 0), machine_code=True)),
        "C.dll": (1, assembly("C", (1, 0, 0, 0))),
        "App.deps.json": (
            3,
            manifest(
                *((n, "1.0.0", "package", {"runtime": {f"{n}.dll": {}}}) for n in "ABC"),
            ),
        ),
    }
    start = len(elf([(".data", marked(1))]))
    start += -start % 64 + (64 << 10)
    data, header = bundle(inside, start=start, packed=dict.fromkeys(packed, 10))
    program = elf([(".data", marked(header))]).ljust(start, b"\0") + data
    size = len(inside["A.dll"][1])
    places = [start + n * (size + -size % 64) for n in range(3)]
    first, second = (place // 4096 * 4096 for place in places[:2])
    end = -(-(places[0] + size) // 4096) * 4096
    own = [
        (0x1000_0000, 4096, "r-xp", 0),
        (0x2000_0000, end - first, "r--s", first),
        (0x3000_0000, 4096, "r--p", second),
        (0x3001_0000, 8192, "r-xp", second + 4096),
        # The last section of B: on its page begins C, which is not loaded.
        (0x3003_0000, 4096, "r--p", places[2] // 4096 * 4096),
    ]
    maps = [Mapping(at, at + n, p, o, "fe:00", 7, "/app/App") for at, n, p, o in own]
    return {"/app/App": program}, maps


def test_the_files_of_a_bundle_that_are_mapped() -> None:
    files, maps = bundled()
    made = Made(files, exe="/app/App")
    made.mapped = maps
    found = look(made)
    assert versions(found) == {"A": "1.0.0", "B": "1.0.0"}
    assert {e.path for p in found.packages for e in p.evidence if e.kind == "bundle"} == {
        "/app/App"
    }
    assert found.gaps == ()
    assert found.coverage
    assert (
        found.coverage.how
        == ".NET of unknown version: 2 assemblies in one file, 0 by copies in memory"
    )


def test_small_files_of_a_bundle_on_one_page_are_a_gap() -> None:
    inside = {f"{n}.dll": (1, b"MZ" * 400) for n in "AB"}
    start = 1 << 17
    data, header = bundle(inside, start=start)
    program = elf([(".data", marked(header))]).ljust(start, b"\0") + data
    made = Made({"/app/App": program}, exe="/app/App")
    made.mapped = [
        Mapping(at, at + 4096, perms, offset, "fe:00", 7, "/app/App")
        for at, perms, offset in ((0x1000_0000, "r-xp", 0), (0x2000_0000, "r--s", start))
    ]
    found = look(made)
    assert versions(found) == {}
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [
        ("assemblies share a page", "/app/App: of 2: A.dll, B.dll")
    ]
    assert found.coverage
    assert not found.coverage.complete


def test_a_bundle_with_packed_files_is_a_gap_but_for_what_memory_shows() -> None:
    files, maps = bundled("C.dll")
    made = Made(files, exe="/app/App")
    made.mapped = [*maps, copy(1)]
    made.memory[copy(1).start] = assembly("C", (1, 0, 0, 0))
    found = look(made)
    assert versions(found) == {"A": "1.0.0", "B": "1.0.0", "C": "1.0.0"}
    assert reasons(found) == ["bundle is compressed"]


def test_a_damaged_bundle_is_a_gap() -> None:
    program = elf([(".data", marked(100))]).ljust(100 << 10, b"\xff")
    found = look(Made({"/app/App": program}, exe="/app/App"))
    assert reasons(found) == ["bundle not readable"]


def test_compiled_code_is_recognised() -> None:
    parts = [("__managedcode", b"\x90"), (".comment", b"GCC\0.NET: ilc 9.0.4-rc.2.25+abc\0")]
    found = look(Made({"/app/App": elf(parts)}, exe="/app/App"))
    (runtime,) = found.packages
    assert (runtime.name, runtime.version) == ("Microsoft.NETCore.App", "9.0.4-rc.2")
    assert reasons(found) == ["compiled ahead of time"]
    silent = look(Made({"/app/App": elf(parts[:1])}, exe="/app/App"))
    assert [p.version for p in silent.packages] == [None]


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh", b"\x7fELF", elf([(".text", b"\x90")])])
def test_programs_of_other_kinds_are_passed_over(content: bytes) -> None:
    made = Made({"/bin/x": content, "/x/A.dll": assembly("A")}, ["/x/A.dll"], exe="/bin/x")
    found = look(made)
    assert (found.coverage, found.packages, found.gaps) == (None, (), ())
    # The next look opens nothing.
    made.files.forget()
    assert look(made, found.memo).coverage is None
    assert made.files.opened == []


def test_a_program_that_cannot_be_opened_but_shows_its_runtime() -> None:
    double = Mapping(4096, 8192, "rw-s", 0, "00:01", 99, "/memfd:doublemapper", True)
    made = Made({"/app/App": b""}, more=[double], exe="/app/App")
    made.files.refused["/app/App"] = "not permitted"
    found = look(made)
    assert reasons(found) == ["program file not readable"]
    assert look(Made({"/app/App": b""}, more=[double], exe="/app/App")).coverage is None


def test_a_process_without_a_program_file_is_not_looked_at() -> None:
    assert not DOTNET.detects(cast("Process", Made({}, exe="")))


def test_more_assemblies_than_any_application_has() -> None:
    paths = [f"{RUNTIME}/A{n}.dll" for n in range(MAX_SIGHTINGS + 1)]
    found = look(Made({}, paths))
    assert reasons(found) == ["too many assemblies"]
    assert found.coverage
    assert not found.coverage.complete


def test_more_folders_and_manifests_than_any_application_has() -> None:
    files: Files = {
        f"/f{n}/A{n}.dll": assembly(f"A{n}", product="1.0") for n in range(MAX_FOLDERS + 1)
    }
    found = look(Made(files, list(files)))
    assert reasons(found) == ["deps.json not readable"]
    many: Files = {f"/app/{n}.deps.json": "{}" for n in range(MAX_MANIFESTS + 1)}
    many["/app/A.dll"] = assembly("A", product="1.0")
    assert reasons(look(Made(many, ["/app/A.dll"]))) == ["deps.json not readable"]


@pytest.mark.parametrize("name", ["", "../../x", "a b", "<script>", "x" * 500 + "\n"])
def test_names_that_no_package_can_have_are_not_told(name: str) -> None:
    found = look(Made({"/x/A.dll": assembly(name)}, ["/x/A.dll"]))
    assert versions(found) == {}
    rows = manifest((name, "1.0.0", "package", {"runtime": {"A.dll": {}}}))
    files: Files = {"/x/A.dll": assembly("A"), "/x/App.deps.json": rows}
    assert set(versions(look(Made(files, ["/x/A.dll"])))) <= {"A"}


def test_a_memo_of_a_finished_look_answers_for_an_unchanged_process() -> None:
    made = Made(app("A/1.0.0"), ["/app/App.dll", "/app/A.dll"])
    cache = FileCache()
    first = look(made, cache=cache)
    made.files.forget()
    again = look(made, first.memo, cache)
    assert (again.packages, again.gaps, again.coverage) == (first.packages, (), first.coverage)
    assert made.files.opened == made.files.listed == []
    made.maps_digest = 2
    third = look(made, first.memo, cache)
    assert third.packages == first.packages
    assert made.files.opened == made.files.listed == []


def test_a_slice_without_time_reads_nothing_and_comes_again() -> None:
    made = Made(app("A/1.0.0"), ["/app/App.dll", "/app/A.dll"])
    process = cast("Process", made)
    spent = DOTNET.resolve(process, Budget(made.meter, seconds=0), FileCache(), None)
    assert spent.more
    assert spent.packages == ()
    assert spent.coverage
    assert not spent.coverage.complete
    done = look(made, spent.memo)
    assert replace(done, memo=None) == replace(look(made), memo=None)
    assert isinstance(done, Finding)


@pytest.mark.parametrize("library", [{"dependencies": {"A": "1.0.0"}}, {"compile": {"A.dll": {}}}])
def test_what_a_manifest_only_depends_on_is_not_loaded(library: dict[str, Any]) -> None:
    files: Files = {
        "/app/App.deps.json": manifest(("A", "1.0.0", "package", library)),
        "/app/B.dll": assembly("B", product="1.0"),
    }
    assert versions(look(Made(files, ["/app/B.dll"]))) == {"B": "1.0.0"}
