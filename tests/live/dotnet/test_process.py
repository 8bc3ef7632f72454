"""What happens around a live .NET process: slices, memos, caches, files that change or vanish."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.model.budget import Budget
from sensor.model.finding import Finding
from sensor.resolvers.dotnet import DOTNET
from sensor.resolvers.dotnet.assemblies import CACHE
from tests.fetch.dotnet import VERSIONS
from tests.live.dotnet.targets import (
    CONFIG,
    assemblies,
    deps,
    finding,
    packages,
    reasons,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Cache
    from sensor.model.finding import Plain
    from tests.harness.fixtures import Toolbox
    from tests.live.dotnet.targets import Target

pytestmark = pytest.mark.runtimes

NEWTONSOFT = ("10.0.3", "loaded", "deps.json", ())


@pytest.fixture
def runtime(toolbox: Toolbox) -> Path:
    return toolbox.path("dotnet-8.0") / "dotnet"


@pytest.fixture
def target(runtime: Path, app: Path, tmp_path: Path) -> Iterator[Target]:
    with running([runtime, app], tmp_path) as target:
        yield target


def one_slice(pid: int, cache: Cache, memo: Plain, seconds: float) -> Finding:
    """One call of the resolver, as another process would make it: memo and finding by JSON."""
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        assert DOTNET.detects(process)
        budget = Budget(process.meter, seconds=seconds)
        found = DOTNET.resolve(process, budget, cache, orjson.loads(orjson.dumps(memo)))
    return Finding.from_plain(orjson.loads(orjson.dumps(found)))


def test_any_number_of_slices_gives_the_same_facts(target: Target, app: Path) -> None:
    target.do("name Newtonsoft.Json", f"bytes {app.with_name('YamlDotNet.dll')}")
    whole = finding(target.pid)
    opener, cache, memo = LocalOpener(), FileCache(), None
    ticks = iter(range(1000))
    key, slices = opener.key(target.pid), 0
    while True:
        with opener.open_process(key) as process:
            # Each question finds that a second has passed: one file for each slice.
            budget = Budget(process.meter, seconds=2, clock=lambda: next(ticks))
            found = DOTNET.resolve(process, budget, cache, memo)
        memo = orjson.loads(orjson.dumps(found.memo))
        if not found.more:
            break
        assert found.packages == ()
        slices += 1
    assert slices >= 2
    assert packages(found) == packages(whole)
    assert found.gaps == whole.gaps == ()


def test_what_is_loaded_later_is_seen_at_the_next_look(target: Target) -> None:
    opener, cache = LocalOpener(), FileCache()
    key = opener.key(target.pid)
    first = look_until_done(opener, key, (DOTNET,), cache)
    target.do("name Newtonsoft.Json")
    second = look(opener, key, (DOTNET,), cache, first.memos)
    assert "Newtonsoft.Json" not in packages(first.findings["dotnet"])
    assert packages(second.findings["dotnet"])["Newtonsoft.Json"] == NEWTONSOFT


def test_a_changed_heap_is_not_a_changed_answer(target: Target) -> None:
    opener, cache = LocalOpener(), FileCache()
    key = opener.key(target.pid)
    target.do("work 1")
    first = look_until_done(opener, key, (DOTNET,), cache)
    before = Path(f"/proc/{target.pid}/maps").read_bytes()
    target.do("work 200")
    assert Path(f"/proc/{target.pid}/maps").read_bytes() != before
    hits = {kind: cache.statistics[kind].hits for kind in cache.statistics}
    second = look(opener, key, (DOTNET,), cache, first.memos)
    assert second.findings["dotnet"].packages == first.findings["dotnet"].packages
    # Nothing is opened, nor asked of what is known of files.
    assert {kind: cache.statistics[kind].hits for kind in hits} == hits


def test_the_second_process_reads_no_file_again(
    target: Target, runtime: Path, app: Path, tmp_path: Path
) -> None:
    cache = FileCache()
    with running([runtime, app], tmp_path) as other:
        for each in (target, other):
            each.do("name Newtonsoft.Json")
        first, second = finding(target.pid, cache), finding(other.pid, cache)
    assert packages(first) == packages(second)
    # App.dll and Newtonsoft.Json.dll.
    assert (cache.statistics[CACHE].puts, cache.statistics[CACHE].hits) == (2, 2)


def test_a_file_that_was_replaced_is_read_from_memory(
    target: Target, nuget: Path, tmp_path: Path
) -> None:
    plugin = tmp_path / "Polly.dll"
    shutil.copy(nuget / "Polly.dll", plugin)
    target.do(f"file {plugin}")
    plugin.unlink()
    shutil.copy(nuget / "NLog.dll", plugin)
    found = finding(target.pid)
    assert packages(found)["Polly"] == ("7.2.1", "loaded", "assembly", ("version",))
    assert "NLog" not in packages(found)


def test_an_assembly_of_any_name_is_one(target: Target, nuget: Path, tmp_path: Path) -> None:
    shutil.copy(nuget / "Polly.dll", tmp_path / "plugin.bin")
    target.do(f"file {tmp_path / 'plugin.bin'}")
    assert packages(finding(target.pid))["Polly"][0] == "7.2.1"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_that_the_program_reads_is_not_loaded(
    version: str, toolbox: Toolbox, app: Path, tmp_path: Path
) -> None:
    """Not even on 2.0, where an open file is all that is left of some that are loaded."""
    with running([toolbox.path(f"dotnet-{version}") / "dotnet", app], tmp_path) as target:
        target.do("name Newtonsoft.Json", f"open {app.with_name('NLog.dll')}")
        found = finding(target.pid)
    assert packages(found)["Newtonsoft.Json"] == NEWTONSOFT
    assert "NLog" not in packages(found)
    assert found.gaps == ()


def test_a_manifest_that_names_another_version_is_not_believed(
    runtime: Path, app: Path, nuget: Path, tmp_path: Path
) -> None:
    manifest = app.with_name("App.deps.json")
    manifest.write_text(
        manifest.read_text()
        .replace("10.0.3", "13.0.1")
        .replace("YamlDotNet/9.1.4", "YamlDotNet/1.0.0")
    )
    with running([runtime, app], tmp_path) as target:
        target.do("name Newtonsoft.Json", f"file {nuget / 'NLog.dll'}")
        found = finding(target.pid)
    assert packages(found)["Newtonsoft.Json"] == ("10.0.3", "loaded", "assembly", ("version",))
    assert reasons(found) == ["deps.json does not fit the file"]
    assert found.coverage
    assert found.coverage.complete


@pytest.mark.parametrize("text", ["", "[]", '{"targets": 5}', "{" * 100_000])
def test_a_manifest_that_turns_bad_is_a_gap(target: Target, app: Path, text: str) -> None:
    target.do("name Newtonsoft.Json")
    app.with_name("App.deps.json").write_text(text)
    found = finding(target.pid)
    assert packages(found)["Newtonsoft.Json"] == ("10.0.3", "loaded", "assembly", ("version",))
    assert reasons(found) == ["deps.json not readable"]
    assert found.coverage
    assert not found.coverage.complete


def test_an_application_without_a_manifest_goes_by_the_assemblies(
    runtime: Path, app: Path, tmp_path: Path
) -> None:
    app.with_name("App.deps.json").unlink()
    with running([runtime, app], tmp_path) as target:
        target.do("name Newtonsoft.Json", "name IronSnappy")
        found = finding(target.pid)
    # App.dll is the program itself: its settings are beside it.
    assert packages(found) == {
        "Microsoft.NETCore.App": ("8.0.4", "loaded", "framework", ()),
        "Newtonsoft.Json": ("10.0.3", "loaded", "assembly", ("version",)),
        "IronSnappy": ("1.2.2", "loaded", "assembly", ("version",)),
    }


def test_packages_in_a_folder_of_packages(
    runtime: Path, app: Path, nuget: Path, tmp_path: Path
) -> None:
    """As `dotnet run` has it: the files stay in the folder of NuGet, as NAME/VERSION/lib."""
    store = tmp_path / "packages"
    file = store / "polly/7.2.1/lib/netstandard2.0/Polly.dll"
    file.parent.mkdir(parents=True)
    shutil.copy(nuget / "Polly.dll", file)
    app.with_name("App.deps.json").write_text(json.dumps(deps(nuget, "Polly")))
    config = json.loads(json.dumps(CONFIG))
    config["runtimeOptions"]["additionalProbingPaths"] = [str(store)]
    app.with_name("App.runtimeconfig.json").write_text(json.dumps(config))
    with running([runtime, app], tmp_path) as target:
        target.do("name Polly")
        found = finding(target.pid)
    (polly,) = (package for package in found.packages if package.name == "Polly")
    assert (polly.version, polly.identity, polly.inferred) == ("7.2.1", "deps.json", ())
    assert polly.evidence[0].path == str(file)
    assert polly.evidence[-1].path == str(app.with_name("App.deps.json"))


def test_plug_ins_with_manifests_of_their_own(target: Target, nuget: Path, tmp_path: Path) -> None:
    for name in ("Polly", "NLog"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(nuget / f"{name}.dll", folder)
        (folder / "Plugin.deps.json").write_text(json.dumps(deps(nuget, name, app="Plugin")))
        target.do(f"file {folder / name}.dll")
    found = packages(finding(target.pid))
    assert found["Polly"] == ("7.2.1", "loaded", "deps.json", ())
    assert found["NLog"] == ("4.5.0", "loaded", "deps.json", ())


def test_what_is_said_of_a_process_is_all_of_it(target: Target) -> None:
    truth = target.truth()
    assert {n: i.version for n, i in assemblies(target.pid).items()} == truth


def test_looks_while_assemblies_are_loaded_are_right(target: Target, nuget: Path) -> None:
    """A hundred copies of one assembly, and looks at any moment between the first and the last."""
    opener, cache = LocalOpener(), FileCache()
    key = opener.key(target.pid)
    assert target.popen.stdin
    target.popen.stdin.write(f"again {nuget / 'Polly.dll'}\n" * 3)
    target.popen.stdin.flush()
    memos = None
    for _ in range(40):
        looked = look(opener, key, (DOTNET,), cache, memos)
        memos = looked.memos
        found = looked.findings["dotnet"]
        assert packages(found).keys() <= {"Microsoft.NETCore.App", "Polly"}
        assert set(reasons(found)) <= {"assembly not readable"}
    assert target.popen.stdout
    assert [target.popen.stdout.readline() for _ in range(3)] == ["done\n"] * 3
    last = finding(target.pid)
    assert packages(last)["Polly"] == ("7.2.1", "loaded", "assembly", ("version",))
    assert last.gaps == ()
    assert last.coverage
    assert "300 by copies in memory" in last.coverage.how
