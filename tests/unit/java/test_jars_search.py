"""Archives that nothing names are looked for, near first, and never on a whole machine."""

from __future__ import annotations

import pytest

from sensor.resolvers.java import search
from sensor.resolvers.java.archivereasons import Reason
from tests.support.jarmade import (
    HOME,
    JDK,
    WEB,
    JavaProcess,
    JsonCache,
    gaps,
    jar,
    joined,
    loader,
    packages,
    purls,
)

A = jar("org/a/A", pom="org.a:a:1.0")
BOOTSTRAP = jar("cat/Bootstrap", pom="cat:bootstrap:1")
TOMCAT: dict[str, str | bytes] = {
    **JDK,
    "/opt/tomcat/bin/bootstrap.jar": BOOTSTRAP,
    "/opt/tomcat/webapps/shop/WEB-INF/lib/a.jar": A,
    "/opt/tomcat/webapps/shop/WEB-INF/classes/shop/Web.class": "",
    "/opt/tomcat/webapps/shop/index.html": "",
    "/opt/other/x.jar": jar("org/a/A", pom="org.other:a:9"),
}
CLASS_PATH = "/opt/tomcat/bin/bootstrap.jar"


def on_a_disk(process: JavaProcess) -> JavaProcess:
    """The same process in the root of a machine: files have a device."""
    stat = process.files.stat_many
    process.files.stat_many = lambda paths: [  # type: ignore[method-assign]
        one and one._replace(dev=1) for one in stat(paths)
    ]
    opened = process.files.open

    def open_file(path: str) -> object:
        file = opened(path)
        file.id = file.id._replace(dev=1)
        return file

    process.files.open = open_file  # type: ignore[method-assign, assignment]
    return process


def test_a_servlet_container_closes_the_archives_of_its_applications() -> None:
    process = on_a_disk(JavaProcess(TOMCAT, CLASS_PATH))
    web = loader("org/a/A", "shop/Web", kind=WEB, address=2)
    found = joined(process, loader("cat/Bootstrap"), web)
    assert purls(found) == ["cat/bootstrap@1", "org.a/a@1.0"]
    assert found.complete
    assert not gaps(found)
    path = packages(found)[1].evidence[0].path
    assert path == "/opt/tomcat/webapps/shop/WEB-INF/lib/a.jar"


def test_nothing_is_searched_when_every_class_is_explained() -> None:
    process = JavaProcess(TOMCAT, CLASS_PATH)
    found = joined(process, loader("cat/Bootstrap"))
    assert found.complete
    assert process.files.listed == []


def test_a_class_that_the_class_path_has_may_come_from_an_archive_that_nothing_names() -> None:
    files = {**TOMCAT, "/opt/tomcat/lib/a.jar": jar("org/a/A", pom="org.a:a:0.1")}
    process = on_a_disk(JavaProcess(files, f"{CLASS_PATH}:/opt/tomcat/lib/a.jar"))
    web = loader("org/a/A", "shop/Web", kind=WEB, address=2)
    # The class that its folder alone has says where this loader reads.
    assert purls(joined(process, loader("cat/Bootstrap"), web)) == [
        "cat/bootstrap@1",
        "org.a/a@1.0",
    ]
    # Without it two directories could have given the class, and nothing says which.
    found = joined(process, loader("cat/Bootstrap"), loader("org/a/A", kind=WEB, address=2))
    assert purls(found) == ["cat/bootstrap@1"]
    assert list(gaps(found)) == [Reason.SEVERAL]


def test_a_folder_of_classes_tells_which_archives_its_loader_reads() -> None:
    files = {
        **TOMCAT,
        "/opt/tomcat/webapps/two/WEB-INF/lib/a.jar": jar("org/a/A", pom="org.a:a:2.0"),
        "/opt/tomcat/webapps/two/WEB-INF/classes/two/Web.class": "",
    }
    process = on_a_disk(JavaProcess(files, CLASS_PATH))
    one = loader("org/a/A", "shop/Web", kind=WEB, address=2)
    two = loader("org/a/A", "two/Web", kind=WEB, address=3)
    found = joined(process, loader("cat/Bootstrap"), one, two)
    assert purls(found) == ["cat/bootstrap@1", "org.a/a@1.0", "org.a/a@2.0"]
    assert found.complete
    assert purls(joined(process, loader("cat/Bootstrap"), two)) == [
        "cat/bootstrap@1",
        "org.a/a@2.0",
    ]


MODULES = "org/jboss/modules/ModuleClassLoader"
SERVER: dict[str, str | bytes] = {
    **JDK,
    "/opt/wild/start.jar": BOOTSTRAP,
    "/opt/wild/modules/a/a.jar": A,
    "/opt/wild/modules/b/b.jar": jar("org/b/B", pom="org.b:b:1.0"),
    "/opt/wild/client.jar": jar("org/a/A", "org/b/B", "org/c/C", pom="org.all:client:1"),
    "/opt/wild/tmp/shop.war/WEB-INF/classes/shop/Web.class": "",
}
OPEN = ["/opt/wild/modules/a/a.jar", "/opt/wild/modules/b/b.jar"]


def test_what_was_only_found_does_not_make_doubtful_what_open_archives_explain() -> None:
    """A WAR of classes alone makes a search: what it finds is not what modules were read from."""
    process = on_a_disk(JavaProcess(SERVER, "/opt/wild/start.jar", open_files=OPEN))
    modules = [
        loader("org/a/A", kind=MODULES, address=2),
        loader("org/b/B", "org/b/B$$Lambda", kind=MODULES, address=3),
        loader("shop/Web", kind=MODULES, address=4),
    ]
    found = joined(process, loader("cat/Bootstrap"), *modules)
    assert "/opt/wild/tmp" in process.files.listed
    assert purls(found) == ["cat/bootstrap@1", "org.a/a@1.0", "org.b/b@1.0"]
    assert found.complete


def test_what_no_open_archive_has_is_looked_for_in_all() -> None:
    """A loader with a class of the client has perhaps all its classes from there."""
    process = on_a_disk(JavaProcess(SERVER, "/opt/wild/start.jar", open_files=OPEN))
    other = loader("org/a/A", "org/c/C", kind=MODULES, address=2)
    found = joined(process, loader("cat/Bootstrap"), other)
    assert purls(found) == ["cat/bootstrap@1", "org.all/client@1"]


def test_of_what_is_open_no_search_is_remembered() -> None:
    """A server has some hundred archives open: a memo of all of them would be thrown away."""
    process = on_a_disk(JavaProcess(SERVER, "/opt/wild/start.jar", open_files=OPEN))
    found = joined(process, loader("cat/Bootstrap"), loader("shop/Web", kind=MODULES, address=4))
    assert isinstance(found.progress, dict)
    assert found.progress["found"] == ["/opt/wild/client.jar"]


def test_two_loaders_of_one_open_directory_may_be_two_applications() -> None:
    """One of them may have closed its own archive, which was found."""
    files = {**SERVER, "/opt/wild/two/a.jar": jar("org/a/A", pom="org.a:a:2.0")}
    process = on_a_disk(JavaProcess(files, "/opt/wild/start.jar", open_files=OPEN))
    two = [loader("org/a/A", kind=WEB, address=number) for number in (2, 3)]
    found = joined(process, loader("cat/Bootstrap"), *two, loader("shop/Web", kind=WEB, address=4))
    assert purls(found) == ["cat/bootstrap@1"]
    assert list(gaps(found)) == [Reason.SEVERAL]


def test_the_root_of_a_machine_is_not_walked() -> None:
    process = on_a_disk(JavaProcess({**JDK, "/far/away/a.jar": A}))
    found = joined(process, loader("org/a/A", kind=WEB))
    assert purls(found) == []
    assert gaps(found) == {Reason.NOBODY: ["1 of org/a"]}
    assert "/" not in process.files.listed
    assert not any(path.startswith("/far") for path in process.files.listed)


def test_the_root_of_an_image_is() -> None:
    process = JavaProcess({**JDK, "/far/away/a.jar": A, "/proc/1/x.jar": A})
    found = joined(process, loader("org/a/A", kind=WEB))
    assert purls(found) == ["org.a/a@1.0"]
    assert packages(found)[0].evidence[0].path == "/far/away/a.jar"
    assert not any(path.startswith("/proc") for path in process.files.listed)


@pytest.mark.parametrize(
    ("path", "directory"),
    [
        ("/opt/tomcat/bin/bootstrap.jar", "/opt/tomcat"),
        ("/opt/shop.jar", ""),
        ("/usr/share/java/guava.jar", ""),
        ("/usr/share/tomcat10/bin/bootstrap.jar", "/usr/share/tomcat10"),
        ("/app/lib/x.jar", "/app/lib"),
        ("/home/me/shop/lib/x.jar", "/home/me/shop"),
        ("/x.jar", ""),
    ],
)
def test_where_a_program_may_begin(path: str, directory: str) -> None:
    files = {**JDK, path: A}
    process = on_a_disk(JavaProcess(files, path).working_in("/"))
    joined(process, loader("who/Knows"))
    listed = [one for one in process.files.listed if not one.startswith(HOME)]
    assert (listed[0] if listed else "") == directory


def test_the_working_directory_is_searched_too() -> None:
    process = on_a_disk(JavaProcess({**JDK, "/srv/shop/plugins/a.jar": A}).working_in("/srv/shop"))
    found = joined(process, loader("org/a/A", kind=WEB))
    assert purls(found) == ["org.a/a@1.0"]


def test_an_unpacked_archive_is_a_directory() -> None:
    files = {**JDK, "/opt/wild/bin/x.jar": BOOTSTRAP, "/opt/wild/d/shop.war/WEB-INF/lib/a.jar": A}
    process = on_a_disk(JavaProcess(files, "/opt/wild/bin/x.jar"))
    found = joined(process, loader("cat/Bootstrap"), loader("org/a/A", kind=WEB, address=2))
    assert "org.a/a@1.0" in purls(found)
    assert found.complete


def test_a_search_ends_at_its_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_FOLDERS", 3)
    found = joined(JavaProcess(TOMCAT, CLASS_PATH), loader("who/Knows", kind=WEB))
    assert list(gaps(found)) == [Reason.NOBODY, Reason.SEARCH_ENDED]
    assert not found.complete


def test_directories_that_links_lead_to_again_are_read_once() -> None:
    process = on_a_disk(JavaProcess(TOMCAT, CLASS_PATH))
    process.files.links |= {
        "/opt/tomcat/again": "/opt/tomcat",
        "/opt/tomcat/lib": "/opt/tomcat/bin",
    }
    web = loader("org/a/A", "shop/Web", "who/Knows", kind=WEB, address=2)
    found = joined(process, loader("cat/Bootstrap"), web)
    assert purls(found) == ["cat/bootstrap@1", "org.a/a@1.0"]
    assert Reason.SEARCH_ENDED not in gaps(found)
    assert len(process.files.listed) < 30


def test_the_jdk_is_not_searched() -> None:
    files = {**JDK, f"{HOME}/lib/extra.jar": A}
    found = joined(JavaProcess(files), loader("org/a/A", kind=WEB))
    assert purls(found) == []


def test_a_search_goes_on_in_the_next_slice() -> None:
    files = {**TOMCAT, **{f"/opt/tomcat/conf/d{n}/e{n}/f": "" for n in range(30)}}
    web = loader("org/a/A", "shop/Web", kind=WEB, address=2)
    whole = joined(JavaProcess(files, CLASS_PATH), loader("cat/Bootstrap"), web)
    sliced = joined(JavaProcess(files, CLASS_PATH), loader("cat/Bootstrap"), web, seconds=0.0005)
    assert sliced == whole
    assert "org.a/a@1.0" in purls(whole)


def test_the_next_look_does_not_search_again_for_the_same_classes() -> None:
    process, cache = JavaProcess(TOMCAT, CLASS_PATH), JsonCache()
    app, web = loader("cat/Bootstrap"), loader("org/a/A", "who/Knows", kind=WEB, address=2)
    first = joined(process, app, web, cache=cache)
    process.files.forget()
    second = joined(process, app, web, cache=cache, progress=first.progress)
    assert second == first
    assert process.files.listed == []
    new = jar("some/Other", pom="some:other:1")
    process.files.files["/opt/tomcat/webapps/shop/WEB-INF/lib/new.jar"] = new
    more = loader("org/a/A", "who/Knows", "some/Other", kind=WEB, address=2)
    third = joined(process, app, more, cache=cache, progress=second.progress)
    assert "some/other@1" in purls(third)
