"""Class loaders that come and go under forced collections, and JVMs that end while we look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor import look
from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.host.localprocess import LocalProcess
from sensor.model.budget import Budget
from sensor.resolvers.java import JAVA
from sensor.resolvers.java.reasons import Reason
from tests.support.jdks import compiled, jdk_of, plain, read, running

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.formats.source import Range
    from tests.harness.fixtures import Toolbox

LOOKS = 40
# While classes come and go, that is said; nothing else may be wrong.
ALLOWED = {Reason.CHANGING, Reason.DIFFERS, Reason.UNREADABLE, Reason.NO_KIND}
pytestmark = [pytest.mark.runtimes, pytest.mark.root]


@pytest.fixture(scope="module")
def work(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(toolbox, tmp_path_factory.mktemp("java"))


@pytest.mark.parametrize(
    ("version", "collector"),
    [("8", "-XX:+UseParallelGC"), ("17", "-XX:+UseG1GC"), ("25", "-XX:+UseZGC")],
)
def test_no_class_is_made_up(toolbox: Toolbox, work: Path, version: str, collector: str) -> None:
    cache = FileCache()
    seen: set[tuple[str, str]] = set()
    said: set[str] = set()
    options = ("-Xmx128m", collector)
    with running(jdk_of(toolbox, version), work, "Churn", *options) as jvm:
        for _ in range(LOOKS):
            found = read(jvm.pid, cache)
            assert found
            seen |= {(loader.kind, k.name) for loader in found.loaders for k in loader.classes}
            said |= {reason for reason, _ in found.told}
            named = {k.name for loader in found.loaders for k in loader.classes}
            assert "Churn" in named, found.told
        loaded = set(jvm.loaded())
    assert {plain(name) for _, name in seen} <= loaded
    assert {("java/net/URLClassLoader", f"Made{number}") for number in range(20)} <= seen
    assert said <= ALLOWED


def test_a_jvm_that_ends_between_two_slices(
    toolbox: Toolbox, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "Budget", lambda meter: Budget(meter, seconds=0))
    opener = LocalOpener()
    with running(jdk_of(toolbox, "17"), work, "Small") as jvm:
        key = opener.key(jvm.pid)

        def end() -> None:
            jvm.popen.kill()
            jvm.popen.wait()

        found = look.look_until_done(opener, key, (JAVA,), FileCache(), end)
    assert found.gone
    assert found.findings == {}


@pytest.mark.parametrize("at", [1, 10, 30, 60, 90])
def test_a_jvm_that_ends_while_it_is_read(
    toolbox: Toolbox, work: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    opener = LocalOpener()
    reads = 0
    with running(jdk_of(toolbox, "21"), work, "Small") as jvm:
        read_on = LocalProcess.read

        def ending(process: LocalProcess, ranges: list[Range], *, fresh: bool) -> object:
            nonlocal reads
            reads += 1
            if reads == at:
                jvm.popen.kill()
                jvm.popen.wait()
            return read_on(process, ranges, fresh=fresh)

        monkeypatch.setattr(LocalProcess, "read", ending)
        found = look.look_until_done(opener, opener.key(jvm.pid), (JAVA,), FileCache())
    assert reads >= at
    assert found.gone
