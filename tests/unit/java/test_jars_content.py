"""What a server deploys may lie under the SHA-1 of its content, without a name of its own."""

from __future__ import annotations

import pytest

from sensor.resolvers.java.archivereasons import Reason
from tests.support.jarmade import JDK, JavaProcess, gaps, jar, joined, loader, packages, purls
from tests.support.tree import zipped

MODULES = "org/jboss/modules/ModuleClassLoader"
PLACE = f"/srv/wild/data/content/7d/{'4e93b6ec0aad28275810' * 2:.38}/content"
BEANS = jar("org/a/A", pom="org.a:a:1.0")


def test_an_open_archive_without_a_name() -> None:
    process = JavaProcess({**JDK, PLACE: BEANS}, open_files=[PLACE])
    found = joined(process, loader("org/a/A", kind=MODULES))
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete
    assert packages(found)[0].evidence[0].path == PLACE


def test_its_place_does_not_name_it() -> None:
    process = JavaProcess({**JDK, PLACE: jar("org/a/A")}, open_files=[PLACE])
    found = joined(process, loader("org/a/A", kind=MODULES))
    assert purls(found) == []
    assert list(gaps(found)) == [Reason.NO_IDENTITY]


def test_one_that_was_unpacked_is_found() -> None:
    """What is in it, too: the server has a copy of it in a folder of its own."""
    ear = zipped({"shop.war": zipped({"WEB-INF/lib/a-1.0.jar": BEANS})})
    process = JavaProcess({**JDK, PLACE: ear}).working_in("/srv/wild")
    assert purls(joined(process, loader("org/a/A", kind=MODULES))) == ["org.a/a@1.0"]


@pytest.mark.parametrize(
    "path", ["/srv/content", "/srv/7d/content", f"/srv/{'7' * 40}/content", f"{PLACE}.txt"]
)
def test_other_files_of_that_name_are_none(path: str) -> None:
    process = JavaProcess({**JDK, path: BEANS}, open_files=[path]).working_in("/srv")
    found = joined(process, loader("org/a/A", kind=MODULES))
    assert purls(found) == []
    assert list(gaps(found)) == [Reason.NOBODY]
