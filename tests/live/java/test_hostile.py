"""A process that takes itself for a JVM and lies: each lie ends in bounds, no fact comes of it."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.host.localprocess import LocalProcess
from sensor.look import Memos, look, look_until_done
from sensor.resolvers.java import JAVA
from sensor.resolvers.java.reasons import Reason
from tests.support.jdks import PROGRAMS, read
from tests.support.speaking import saying

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sensor.formats.source import Range
    from tests.harness.fixtures import Toolbox

# What each lie is called when it is told.
LIES = {
    "classes in a circle": Reason.TOO_MANY,
    "arrays in a circle": Reason.TOO_MANY,
    "loaders in a circle": Reason.UNREADABLE,
    "too many classes": Reason.TOO_MANY,
    "too many loaders": Reason.UNREADABLE,
    "long names": Reason.UNREADABLE,
    "names nowhere": Reason.UNREADABLE,
    "classes of another loader": Reason.CHANGING,
    "classes nowhere": Reason.UNREADABLE,
    "loaders nowhere": Reason.UNREADABLE,
    "a loader without a class": Reason.NO_KIND,
    "a table without end": Reason.NO_TABLES,
    "rows of no length": Reason.NO_TABLES,
    "long rows": Reason.NO_TABLES,
    "columns beyond their row": Reason.NO_TABLES,
    "tables nowhere": Reason.NO_TABLES,
    "strings nowhere": Reason.NO_TABLES,
    "far offsets": Reason.NO_TABLES,
    "a graph nowhere": Reason.NO_TABLES,
}
# What a JVM can have or lack without a lie.
HARMLESS = ("nothing", "counters in circles", "counters nowhere")
# CPU time of a whole look; the worst lie takes 3 s on a quiet machine.
MAX_SECONDS = 20
# Reads of a look that only asks whether anything has changed.
FEW = 6
pytestmark = pytest.mark.runtimes


@pytest.fixture(scope="module")
def built(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    toolbox.path("build-tools")
    folder = tmp_path_factory.mktemp("liar")
    forged = [str(PROGRAMS / "forged.c"), "-o", str(folder / "libjvm.so")]
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", *forged], check=True)
    liar = [str(PROGRAMS / "liar.c"), "-o", str(folder / "liar"), "-ldl"]
    subprocess.run(["gcc", "-O1", *liar], check=True)
    return folder


def lying(folder: Path, how: str) -> AbstractContextManager[int]:
    return saying("READY", [folder / "liar", folder / "libjvm.so", how])


@pytest.mark.parametrize("how", LIES)
def test_a_lie_is_told_and_no_package_comes_of_it(built: Path, how: str) -> None:
    opener, cache = LocalOpener(), FileCache()
    with lying(built, how) as pid:
        begin = time.process_time()
        looked = look_until_done(opener, opener.key(pid), (JAVA,), cache)
        took = time.process_time() - begin
        again = look(opener, opener.key(pid), (JAVA,), cache, looked.memos)
    found = looked.findings["java"]
    assert LIES[how] in {gap.reason for gap in found.gaps}
    assert found.coverage
    assert not found.coverage.complete
    assert found.packages == ()
    assert took < MAX_SECONDS
    assert again.findings["java"].packages == ()


@pytest.mark.parametrize("how", HARMLESS)
def test_the_same_without_a_lie_is_read(built: Path, how: str) -> None:
    with lying(built, how) as pid:
        found = read(pid)
    assert found
    assert [sorted(k.name for k in loader.classes) for loader in found.loaders] == [
        ["com/acme/Main"],
        ["java/lang/Object", "java/lang/String"],
    ]
    assert (found.told, found.counted) == ([], None)


def test_what_was_not_read_whole_is_read_anew_twice(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener, cache, memos, reads = LocalOpener(), FileCache(), Memos(), [0]
    read_on = LocalProcess.read

    def counted(
        process: LocalProcess, ranges: list[Range], *, fresh: bool = False
    ) -> list[bytes | None]:
        reads[-1] += 1
        return read_on(process, ranges, fresh=fresh)

    monkeypatch.setattr(LocalProcess, "read", counted)
    with lying(built, "a loader without a class") as pid:
        for _ in range(5):
            looked = look(opener, opener.key(pid), (JAVA,), cache, memos)
            while looked.more:
                looked = look(opener, opener.key(pid), (JAVA,), cache, looked.memos)
            assert {gap.reason for gap in looked.findings["java"].gaps} >= {Reason.NO_KIND}
            memos = looked.memos
            reads.append(0)
    assert [number > FEW for number in reads[:-1]] == [True, True, True, False, False]
