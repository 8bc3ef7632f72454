"""Archives that are not the ones that were read: nothing is said of what only looks like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.words import Machine
from tests.support.jarmade import JDK, WEB, JavaProcess, gaps, jar, joined, loader, purls
from tests.support.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.model.file import FileId

A = jar("org/a/A", "org/a/B", pom="org.a:a:1.0")


class Disk(Tree):
    """The root of a machine, not that of an image: it is not searched as a whole."""

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        return [one and one._replace(dev=8) for one in super().stat_many(paths)]


def test_a_file_that_took_the_place_of_an_open_one_was_not_read() -> None:
    files = {**JDK, "/lib/a.jar": A}
    process = JavaProcess(files, "/lib/a.jar", open_files=["/lib/a.jar (deleted)"])
    found = joined(process, loader("org/a/A"))
    assert purls(found) == []
    assert gaps(found) == {Reason.NOBODY: ["1 of org/a"]}


@pytest.mark.parametrize(("written", "said"), [(1_000, ["org.a/a@1.0"]), (2_000, [])])
def test_a_file_of_the_class_path_that_was_written_since_was_not_read(
    written: int, said: list[str]
) -> None:
    process = JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar")
    process.files.changed["/lib/a.jar"] = written
    found = joined(process, loader("org/a/A"), machine=Machine(began=1_500_000))
    assert purls(found) == said
    assert found.complete is bool(said)


def test_what_is_unpacked_after_the_start_was_read() -> None:
    process = JavaProcess({**JDK, "/srv/shop/WEB-INF/lib/a.jar": A}, "/srv/shop/b.jar")
    process.files.changed["/srv/shop/WEB-INF/lib/a.jar"] = 2_000
    found = joined(process, loader("org/a/A", kind=WEB), machine=Machine(began=1_500_000))
    assert purls(found) == ["org.a/a@1.0"]


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


def test_the_directory_of_another_program_is_not_searched() -> None:
    """A log lies in the program's own directory, beside which there are others'."""
    files = {**JDK, "/data/apps/two/lib/a.jar": A}
    process = JavaProcess(files, open_files=["/data/apps/one/out.log"])
    process.files = Disk(process.files.files)
    found = joined(process, loader("org/a/A", kind=WEB))
    assert purls(found) == []
    assert gaps(found) == {Reason.NOBODY: ["1 of org/a"]}


def test_what_lies_beside_the_logs_is_searched() -> None:
    files = {**JDK, "/data/apps/one/lib/a.jar": A}
    process = JavaProcess(files, open_files=["/data/apps/one/logs/out.log"])
    assert purls(joined(process, loader("org/a/A", kind=WEB))) == ["org.a/a@1.0"]
