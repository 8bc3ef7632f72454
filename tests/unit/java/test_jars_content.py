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


WAR = zipped({"WEB-INF/classes/shop/Web.class": "", "WEB-INF/lib/a-1.0.jar": BEANS})
NEWER = zipped(
    {
        "WEB-INF/classes/shop/Web.class": "",
        "WEB-INF/lib/a-2.0.jar": jar("org/a/A", pom="org.a:a:2.0"),
    }
)
LIB = "/srv/wild/tmp/shop.war-1/WEB-INF/lib/a-1.0.jar"


def deployed(war: bytes) -> JavaProcess:
    """A WAR where it was put, where it is kept, unpacked; the server has a module of another A."""
    module = jar("org/a/A", "org/a/B", pom="org.a:a:0.9")
    files = {
        **JDK,
        "/srv/wild/deployments/shop.war": war,
        PLACE: WAR,
        LIB: BEANS,
        "/srv/wild/modules/a/a-0.9.jar": module,
    }
    return JavaProcess(files, open_files=[LIB]).working_in("/srv/wild")


def test_a_copy_of_what_was_deployed_is_no_question() -> None:
    found = joined(deployed(WAR), loader("org/a/A", "shop/Web", kind=MODULES))
    assert "org.a/a@1.0" in purls(found)
    assert "org.a/a@0.9" not in purls(found)
    assert Reason.SEVERAL not in gaps(found)


def test_what_was_put_there_since_is_one() -> None:
    """Nothing says which of both was unpacked."""
    found = joined(deployed(NEWER), loader("org/a/A", "shop/Web", kind=MODULES))
    assert not any(one.startswith("org.a/") for one in purls(found))
    assert Reason.SEVERAL in gaps(found)


def test_a_backup_of_a_fat_archive_is_no_question() -> None:
    """It was found in a search for a class that nothing has."""
    files = {
        **JDK,
        "/srv/app/app.jar": WAR,
        "/srv/app/old/app.jar": WAR,
        "/srv/app/more/a-0.9.jar": jar("org/a/A", "org/a/B", pom="org.a:a:0.9"),
    }
    process = JavaProcess(files, "/srv/app/app.jar")
    found = joined(process, loader("org/a/A", "shop/Web", "who/Knows", kind=MODULES))
    assert "org.a/a@1.0" in purls(found)
    assert set(gaps(found)) == {Reason.NO_VERSION, Reason.NOBODY}
