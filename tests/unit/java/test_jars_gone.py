"""Archives that are not the ones that were read: nothing is said of what only looks like them."""

from __future__ import annotations

from sensor.resolvers.java.archivereasons import Reason
from tests.support.jarmade import HOME, JavaProcess, gaps, jar, joined, loader, purls
from tests.unit.formats.java.test_jimage import image

A = jar("org/a/A", "org/a/B", pom="org.a:a:1.0")
JDK: dict[str, str | bytes] = {f"{HOME}/lib/modules": image()}


def test_a_file_that_took_the_place_of_an_open_one_was_not_read() -> None:
    files = {**JDK, "/lib/a.jar": A}
    process = JavaProcess(files, "/lib/a.jar", open_files=["/lib/a.jar (deleted)"])
    found = joined(process, loader("org/a/A"))
    assert purls(found) == []
    assert gaps(found) == {Reason.NOBODY: ["1 of org/a"]}


def test_what_lies_near_is_not_on_the_class_path() -> None:
    """A search that looks for other classes finds it; the application's loader never asks it."""
    files = {**JDK, "/srv/shop/lib/b.jar": jar("org/b/B"), "/srv/shop/lib/backup.jar": A}
    found = joined(JavaProcess(files, "/srv/shop/lib/b.jar"), loader("org/a/A", "org/b/B"))
    assert "org.a/a@1.0" not in purls(found)
    assert gaps(found)[Reason.NOBODY] == ["1 of org/a"]


def test_what_an_agent_opened_may_be_of_the_applications_loader() -> None:
    files = {**JDK, "/srv/shop/lib/b.jar": jar("org/b/B"), "/agent/a.jar": A}
    process = JavaProcess(files, "/srv/shop/lib/b.jar", open_files=["/agent/a.jar"])
    assert "org.a/a@1.0" in purls(joined(process, loader("org/a/A", "org/b/B")))
