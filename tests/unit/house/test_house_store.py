"""The cache of the toolbox: filled once, never half, and honest about what could not be had."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path

import pytest

from tests import toolbox
from tests.fetch.component import Component, Store
from tests.fetch.outcome import GoneError, UnavailableError, run, run_or_gone


class Fetcher:
    """Counts its calls, writes one file, and then does what it was told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        """End with this error, or well."""
        self.calls = 0
        self.error = error

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        assert not list(folder.iterdir())
        (folder / "file").write_text(str(self.calls))
        if self.error is not None:
            raise self.error


def component(fetch: Fetcher, version: str = "1") -> Component:
    return Component("frob", version, "none", 1, (), fetch)


def test_it_is_fetched_once(tmp_path: Path) -> None:
    fetch = Fetcher()
    store = Store(tmp_path)
    assert store.fill(component(fetch)).state == "fetched"
    assert store.fill(component(fetch)).state == "have"
    assert fetch.calls == 1
    assert (store.folder(component(fetch)) / "file").read_text() == "1"


def test_another_version_is_fetched_anew(tmp_path: Path) -> None:
    fetch = Fetcher()
    store = Store(tmp_path)
    store.fill(component(fetch))
    assert "only 1" in store.look(component(fetch, "2")).reason
    assert store.fill(component(fetch, "2")).state == "fetched"


def test_a_fetch_that_was_killed_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    killed = component(Fetcher(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        store.fill(killed)
    assert store.look(killed).state == "missing"
    assert store.fill(component(Fetcher())).state == "fetched"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (GoneError("not served"), "gone"),
        (UnavailableError("no network"), "unavailable"),
        (OSError(28, "No space left"), "unavailable"),
        (KeyError("a form of answer that nobody knows"), "unavailable"),
    ],
)
def test_what_could_not_be_had_is_recorded_and_tried_again(
    tmp_path: Path, error: Exception, state: str
) -> None:
    fetch = Fetcher(error)
    store = Store(tmp_path)
    assert store.fill(component(fetch)).state == state
    assert store.look(component(fetch)).state == state
    fetch.error = None
    assert store.fill(component(fetch)).state == "fetched"


def test_what_was_uninstalled_counts_as_missing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    row = dataclasses.replace(component(Fetcher()), holds=lambda folder: (folder / "file").exists())
    store.fill(row)
    (store.folder(row) / "file").unlink()
    assert store.look(row).state == "missing"


def test_two_at_once_fetch_it_once(tmp_path: Path) -> None:
    fetch = Fetcher()
    states: list[str] = []
    store = Store(tmp_path)
    threads = [
        threading.Thread(target=lambda: states.append(store.fill(component(fetch)).state))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetch.calls == 1
    assert sorted(states) == ["fetched", "have", "have", "have"]


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(UnavailableError, match="ended with 3: what a pity"):
        run(["sh", "-c", "echo what a pity >&2; exit 3"])
    with pytest.raises(UnavailableError, match="no-such-program is not installed"):
        run(["no-such-program"])
    with pytest.raises(UnavailableError, match="did not end within"):
        run(["sleep", "60"], seconds=0.1)
    with pytest.raises(GoneError, match="404 it is"):
        run_or_gone(["sh", "-c", "echo 404 it is; exit 1"], "404.*")


def test_every_name_is_listed_once() -> None:
    names = [row.name for row in toolbox.COMPONENTS]
    assert len(names) == len(set(names))


def test_every_component_is_for_tests_that_exist() -> None:
    tests = Path(toolbox.__file__).parent
    rows = [(row.name, folder) for row in toolbox.COMPONENTS for folder in row.needed_by]
    assert [row for row in rows if not (tests / row[1]).is_dir()] == []
    assert [row.name for row in toolbox.COMPONENTS if not row.needed_by] == []


def test_the_command_fills_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNTIME_SENSOR_TOOLBOX", str(tmp_path))
    rows = (component(Fetcher()), dataclasses.replace(component(Fetcher(OSError())), name="bad"))
    monkeypatch.setattr(toolbox, "COMPONENTS", rows)
    assert toolbox.main(["frob"]) == 0
    assert capsys.readouterr().out.split()[:6] == ["frob", "1", "none", "1", "MB", "fetched"]
    assert json.loads((tmp_path / "frob.json").read_text())["state"] == "have"
    monkeypatch.delenv("REQUIRE", raising=False)
    assert toolbox.main([]) == 0
    monkeypatch.setenv("REQUIRE", "all")
    assert toolbox.main([]) == 1
    with pytest.raises(SystemExit, match="2"):
        toolbox.main(["no-such-row"])
