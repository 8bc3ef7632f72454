"""Archives that are not what they were when the program read them: no version is made up."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.java.archivereasons import Reason
from tests.live.java.apps import running
from tests.live.java.frameworks import NEWER, OLDER
from tests.live.java.paths import TOUCHED
from tests.live.java.seen import look, parse

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.model.finding import Finding
    from tests.live.java.shelf import Shelf

pytestmark = pytest.mark.runtimes

# A loader reads an archive and is closed, and held; one after it reads what took the place.
REDEPLOY = """
import java.net.*;
import java.nio.file.*;
public class Redeploy {
    static URLClassLoader deploy(String archive, Path place, String name) throws Exception {
        Files.copy(Path.of(archive), place, StandardCopyOption.REPLACE_EXISTING);
        URLClassLoader loader = new URLClassLoader(new URL[] {place.toUri().toURL()}, null);
        Class.forName(name, true, loader);
        return loader;
    }
    public static void main(String[] words) throws Exception {
        Path place = Path.of(words[2]);
        URLClassLoader before = deploy(words[0], place, words[3]);
        before.close();
        Files.delete(place);
        URLClassLoader after = deploy(words[1], place, words[3]);
        System.out.println("READY");
        while (System.in.read() >= 0) { }
        System.out.println(before + "" + after);
    }
}
"""


def words(shelf: Shelf, jar: Path) -> list[str]:
    return ["-cp", f"{shelf.own('uses')}:{jar}", "shop.Uses", TOUCHED[1]]


def versions(found: Finding) -> set[str]:
    """What is said of commons-lang3."""
    artifacts = (parse(package.purl) for package in found.packages)
    return {one.version for one in artifacts if one.name == "commons-lang3"}


@pytest.mark.parametrize("how", [shutil.copy, os.replace])
def test_an_archive_that_was_replaced_is_not_the_one_that_is_there_now(
    shelf: Shelf, tmp_path: Path, how: object
) -> None:
    """Written over, or another file under its name: both happen when a program is upgraded."""
    jar, newer = tmp_path / "lang3.jar", tmp_path / "newer.jar"
    shutil.copy(shelf.jar(OLDER), jar)
    with running(words(shelf, jar), tmp_path) as pid:
        assert versions(look(pid)) == {"3.14.0"}
        shutil.copy(shelf.jar(NEWER), newer)
        assert callable(how)
        how(newer, jar)
        found = look(pid)
    assert versions(found) <= {"3.14.0"}
    assert found.gaps


def test_an_archive_that_is_gone_is_a_gap(shelf: Shelf, tmp_path: Path) -> None:
    jar = tmp_path / "lang3.jar"
    shutil.copy(shelf.jar(OLDER), jar)
    with running(words(shelf, jar), tmp_path) as pid:
        jar.unlink()
        found = look(pid)
    assert versions(found) <= {"3.14.0"}
    assert found.gaps


def test_an_archive_that_lies_near_is_not_the_one_that_was_read(
    shelf: Shelf, tmp_path: Path
) -> None:
    """The old one is gone; a copy of another version, which nobody opened, has the same class."""
    jar = tmp_path / "lib" / "lang3.jar"
    jar.parent.mkdir()
    shutil.copy(shelf.jar(OLDER), jar)
    with running(words(shelf, jar), tmp_path) as pid:
        shutil.copy(shelf.jar(NEWER), jar.with_name("backup.jar"))
        jar.unlink()
        found = look(pid)
    assert versions(found) <= {"3.14.0"}
    assert found.gaps


def test_an_application_that_was_deployed_anew_and_the_one_before(
    shelf: Shelf, tmp_path: Path
) -> None:
    """Of the one before nothing is left to tell its version by: that is said."""
    source = tmp_path / "Redeploy.java"
    source.write_text(REDEPLOY)
    jars = [str(shelf.jar(OLDER)), str(shelf.jar(NEWER)), str(tmp_path / "lang3.jar")]
    with running([str(source), *jars, TOUCHED[1]], tmp_path) as pid:
        found = look(pid)
    assert versions(found) == {"3.17.0"}
    assert Reason.EARLIER in {gap.reason for gap in found.gaps}
    assert found.coverage is not None
    assert not found.coverage.complete
