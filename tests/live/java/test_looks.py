"""Looks at one JVM after another: slices, memos, what has changed, a library that was replaced."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from sensor import look
from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.model.budget import Budget
from sensor.model.finding import Finding
from sensor.resolvers.java import JAVA
from sensor.resolvers.java.reasons import Reason
from tests.fetch.jdk import NATIVE_NAME, VENDOR_NAME
from tests.support.jdks import WORK, Jdk, compiled, jdk_of, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.fixtures import Toolbox
    from tests.support.jdks import Jvm

# Of the program itself two, of its heap three.
OWN_MAPPINGS = 5
pytestmark = [pytest.mark.runtimes, pytest.mark.root]


@pytest.fixture(scope="module")
def work(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(toolbox, tmp_path_factory.mktemp("java"))


@pytest.fixture
def jvm(toolbox: Toolbox, work: Path) -> Iterator[Jvm]:
    with running(jdk_of(toolbox, "21"), work, "Small") as jvm:
        yield jvm


def resolved(pid: int, cache: FileCache, memo: object, seconds: float) -> tuple[Finding, int]:
    """One slice, as another process would get and give it, and the bytes that it read."""
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        before = process.meter.bytes
        given = orjson.loads(orjson.dumps(memo))
        found = JAVA.resolve(process, Budget(process.meter, seconds=seconds), cache, given)
        return Finding.from_plain(orjson.loads(orjson.dumps(found))), process.meter.bytes - before


def whole(pid: int, seconds: float) -> tuple[Finding, int]:
    """A whole look in slices, and how many there were."""
    cache, memo = FileCache(), None
    for number in range(1, 200):
        found, _ = resolved(pid, cache, memo, seconds)
        if not found.more:
            return found, number
        memo = found.memo
    raise AssertionError("the look does not end")


def facts(found: Finding) -> object:
    """What does not depend on when it was found."""
    assert found.coverage
    packages = [(p.purl, p.version, p.state, p.depth, p.reason) for p in found.packages]
    return packages, found.gaps, found.coverage.how, found.coverage.complete


def test_slices_say_what_one_look_says(jvm: Jvm) -> None:
    once, _ = whole(jvm.pid, 60)
    sliced, slices = whole(jvm.pid, 0)
    assert slices > 1
    assert facts(sliced) == facts(once)


def test_an_unchanged_jvm_costs_next_to_nothing(jvm: Jvm) -> None:
    cache = FileCache()
    first, read = resolved(jvm.pid, cache, None, 60)
    again, read_again = resolved(jvm.pid, cache, first.memo, 60)
    assert again == first
    assert read > 1_000_000
    assert read_again < 20_000


def test_a_class_that_is_loaded_later_is_seen(jvm: Jvm) -> None:
    opener, cache = LocalOpener(), FileCache()
    first = look.look_until_done(opener, opener.key(jvm.pid), (JAVA,), cache)
    jvm.tell("l", "LOADED")
    later = look.look_until_done(opener, opener.key(jvm.pid), (JAVA,), cache)
    again = look.look(opener, opener.key(jvm.pid), (JAVA,), cache, first.memos)
    before, after = (each.findings["java"].coverage for each in (first, later))
    assert before
    assert after
    assert before.how != after.how
    assert facts(again.findings["java"]) == facts(later.findings["java"])


def test_a_library_that_was_replaced_is_read_through_its_mapping(
    toolbox: Toolbox, work: Path
) -> None:
    """As after an upgrade: root may open the mapped file, which has no name any more."""
    shutil.copytree(toolbox.path(VENDOR_NAME) / "java", work / "java")
    library = work / "java" / "lib" / "server" / "libjvm.so"
    with running(Jdk("17", Path("/"), f"{WORK}/java/bin/java"), work, "Small") as jvm:
        before, _ = whole(jvm.pid, 60)
        shutil.copy(library, f"{library}.new")
        Path(f"{library}.new").replace(library)
        after, _ = whole(jvm.pid, 60)
    assert facts(after) == facts(before)


def test_a_native_image_is_recognised(toolbox: Toolbox) -> None:
    program = toolbox.path(NATIVE_NAME) / "bin" / "compiler"
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as popen:
        try:
            maps = Path(f"/proc/{popen.pid}/maps")
            while maps.read_text().count(str(program)) < OWN_MAPPINGS:
                assert popen.poll() is None
            found, _ = whole(popen.pid, 60)
        finally:
            popen.kill()
    [gap] = found.gaps
    assert gap.reason == Reason.OTHER_VM
    assert gap.detail == f"native image of GraalVM, recognised by .svm_heap in {program}"
    assert found.packages == ()
    assert found.coverage
    assert not found.coverage.complete
