"""From classes to artifacts: each way of a class path, each shape of loader, never a guess."""

from __future__ import annotations

import pytest

from sensor.model.finding import Depth, State
from sensor.resolvers.java import candidates
from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.words import Machine
from tests.support.jarmade import (
    APP,
    HOME,
    JDK,
    WEB,
    JavaProcess,
    boot,
    gaps,
    jar,
    joined,
    loader,
    packages,
    purls,
)

A = jar("org/a/A", "org/a/B", pom="org.a:a:1.0")
OTHER_A = jar("org/a/A", "org/a/Other", pom="org.a:a:2.0")
B = jar("org/b/B", pom="org.b:b:1.0")
NEVER = jar("org/never/N", pom="org.never:never:1.0")


def test_a_class_path_of_arguments() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/b.jar": B, "/lib/never.jar": NEVER}
    process = JavaProcess(files, "/lib/a.jar:/lib/b.jar:/lib/never.jar")
    found = joined(process, loader("org/a/A", "org/b/B"), boot("java/lang/Object"))
    assert purls(found) == ["org.a/a@1.0", "org.b/b@1.0"]
    assert found.complete
    assert not found.gaps
    first = packages(found)[0]
    assert (first.identity, first.inferred, first.depth) == ("pom.properties", (), "initialized")
    assert first.evidence[0].path == "/lib/a.jar"
    assert first.evidence[0].detail == "org/a/A, 1 classes loaded, 1 initialized"


def test_loaded_is_less_than_initialized() -> None:
    process = JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar")
    (package,) = packages(joined(process, loader("org/a/A", initialized=False)))
    assert package.depth is Depth.LOADED


@pytest.mark.parametrize(("first", "version"), [("/lib/a.jar", "1.0"), ("/lib/a2.jar", "2.0")])
def test_the_first_on_the_class_path_gave_the_class(first: str, version: str) -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/a2.jar": OTHER_A}
    rest = next(path for path in ("/lib/a.jar", "/lib/a2.jar") if path != first)
    found = joined(JavaProcess(files, f"{first}:{rest}"), loader("org/a/A"))
    assert purls(found) == [f"org.a/a@{version}"]
    assert found.complete


def test_relative_entries_begin_where_the_process_works() -> None:
    files = {**JDK, "/srv/lib/a.jar": A, "/shop/lib/a.jar": OTHER_A}
    found = joined(JavaProcess(files, "lib/a.jar").working_in("/srv"), loader("org/a/A"))
    assert purls(found) == ["org.a/a@1.0"]


def test_a_wildcard_in_the_order_in_which_its_archives_were_opened() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/z.jar": OTHER_A, "/lib/note.txt": ""}
    process = JavaProcess(files, "/lib/*", open_files=["/lib/z.jar", "/lib/a.jar"])
    assert purls(joined(process, loader("org/a/A"))) == ["org.a/a@2.0"]
    # One that is not open was not asked yet.
    process = JavaProcess(files, "/lib/*", open_files=["/lib/a.jar"])
    assert purls(joined(process, loader("org/a/A"))) == ["org.a/a@1.0"]


def test_a_wildcard_of_unknown_order_is_a_gap() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/z.jar": OTHER_A}
    found = joined(JavaProcess(files, "/lib/*"), loader("org/a/A"))
    assert purls(found) == []
    assert gaps(found) == {Reason.SEVERAL: ["org/a/A: /lib/a.jar, /lib/z.jar"]}
    assert not found.complete
    # No question where both are in use anyway.
    both = joined(JavaProcess(files, "/lib/*"), loader("org/a/A", "org/a/B", "org/a/Other"))
    assert purls(both) == ["org.a/a@1.0", "org.a/a@2.0"]
    assert both.complete


def test_copies_of_one_artifact_are_no_question() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/copy/a.jar": A}
    found = joined(JavaProcess(files, "/lib/*:/lib/copy/*"), loader("org/a/A"))
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete


def test_what_the_jvm_tells_when_it_is_whole() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/z.jar": OTHER_A}
    process = JavaProcess(files, "/lib/*")
    found = joined(process, loader("org/a/A"), machine=Machine(class_path="/lib/z.jar:/lib/a.jar"))
    assert purls(found) == ["org.a/a@2.0"]


def test_what_the_jvm_tells_is_a_last_resort_when_it_is_cut() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/z.jar": OTHER_A}
    told = "/lib/z.jar:" + "/none.jar:" * 101 + "/lib/a.ja"
    told = told[:1023]
    assert purls(
        joined(
            JavaProcess(files, "/lib/a.jar"), loader("org/a/A"), machine=Machine(class_path=told)
        )
    ) == ["org.a/a@1.0"]
    process = JavaProcess(files, open_files=["/lib/z.jar"])
    assert purls(joined(process, loader("org/a/A"), machine=Machine(class_path=told))) == [
        "org.a/a@2.0"
    ]


def test_a_class_path_of_the_environment_is_in_the_order_of_descriptors() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/z.jar": OTHER_A}
    process = JavaProcess(files, open_files=["/lib/z.jar", "/lib/a.jar"])
    assert purls(joined(process, loader("org/a/A"))) == ["org.a/a@2.0"]


def test_archives_that_are_mapped() -> None:
    process = JavaProcess({**JDK, "/lib/a.jar": A})
    process.mapped = ["/lib/a.jar"]
    assert purls(joined(process, loader("org/a/A"))) == ["org.a/a@1.0"]


def test_the_class_path_of_a_manifest_comes_right_after_its_jar() -> None:
    start = jar("shop/Main", pom="shop:start:1", manifest="Class-Path: lib/a.jar file:/x/b.jar")
    files = {**JDK, "/app/start.jar": start, "/app/lib/a.jar": A, "/x/b.jar": B, "/a2.jar": OTHER_A}
    process = JavaProcess(files, "/app/start.jar:/a2.jar")
    found = joined(process, loader("shop/Main", "org/a/A", "org/b/B"))
    assert purls(found) == ["org.a/a@1.0", "org.b/b@1.0", "shop/start@1"]


def test_manifests_that_name_each_other_end() -> None:
    one = jar("x/One", pom="x:one:1", manifest="Class-Path: two.jar one.jar")
    two = jar("x/Two", pom="x:two:1", manifest="Class-Path: one.jar missing.jar")
    process = JavaProcess({**JDK, "/one.jar": one, "/two.jar": two}, "/one.jar")
    assert purls(joined(process, loader("x/One", "x/Two"))) == ["x/one@1", "x/two@1"]


def test_a_module_path_has_archives_and_directories_of_them() -> None:
    files = {**JDK, "/mods/a.jar": A, "/more/b.jar": B}
    process = JavaProcess(files, module_path="/mods:/more/b.jar")
    assert purls(joined(process, loader("org/a/A", "org/b/B"))) == ["org.a/a@1.0", "org.b/b@1.0"]


def test_a_module_and_the_class_path_with_one_class_are_a_gap() -> None:
    files = {**JDK, "/mods/a.jar": A, "/lib/a2.jar": OTHER_A}
    found = joined(JavaProcess(files, "/lib/a2.jar", "/mods"), loader("org/a/A"))
    assert purls(found) == []
    assert list(gaps(found)) == [Reason.SEVERAL]


def test_classes_of_the_boot_loader_are_the_jdks_whatever_jar_has_them_too() -> None:
    stax = jar("java/sql/Driver", "javax/stax/X", pom="stax:stax-api:1")
    process = JavaProcess({**JDK, "/lib/stax-api.jar": stax}, "/lib/stax-api.jar")
    found = joined(process, boot("java/sql/Driver"), loader("java/util/Map"))
    assert purls(found) == []
    assert found.complete
    (jdk,) = found.packages
    assert jdk.purl == "pkg:generic/oracle/openjdk@17.0.1"
    assert jdk.evidence[0].detail == "2 classes of java.base, java.sql"


def test_what_else_the_boot_loader_has_came_from_an_agent() -> None:
    agent = jar("org/agent/Boot", pom="org.agent:agent:1", manifest="Premain-Class: org.agent.P")
    process = JavaProcess({**JDK, "/agent.jar": agent, "/lib/a.jar": A}, "/lib/a.jar")
    process.open_files = ["/lib/a.jar", "/agent.jar"]
    found = joined(process, boot("org/agent/Boot", "java/lang/Object"), loader("org/a/A"))
    assert purls(found) == ["org.a/a@1.0", "org.agent/agent@1"]
    assert found.complete


def test_classes_that_were_put_into_the_boot_loader_are_not_those_of_the_class_path() -> None:
    # As an agent does whose own archive was a file for the moment: only the copy is left to see.
    process = JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar", open_files=["/lib/a.jar"])
    found = joined(process, boot("org/a/A", "java/lang/Object"))
    assert purls(found) == []
    assert gaps(found) == {Reason.NOBODY: ["1 of org/a"]}
    agent = jar("org/a/A", pom="org.agent:agent:1", manifest="Agent-Class: org.a.A")
    process = JavaProcess({**JDK, "/lib/a.jar": A, "/agent.jar": agent}, "/agent.jar:/lib/a.jar")
    assert purls(joined(process, boot("org/a/A"))) == ["org.agent/agent@1"]


def test_folders_hold_classes_of_the_application_itself() -> None:
    files = {**JDK, "/app/classes/shop/Main.class": "", "/lib/a.jar": A}
    process = JavaProcess(files, "/app/classes:/lib/a.jar")
    found = joined(process, loader("shop/Main", "shop/Main$1", "org/a/A"))
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete
    assert not gaps(found)


def test_a_class_that_a_folder_before_the_archive_has_proves_nothing() -> None:
    files = {**JDK, "/patch/org/a/A.class": "", "/lib/a.jar": A}
    process = JavaProcess(files, "/patch:/lib/a.jar")
    assert purls(joined(process, loader("org/a/A"))) == []
    assert purls(joined(process, loader("org/a/A", "org/a/B"))) == ["org.a/a@1.0"]
    behind = JavaProcess(files, "/lib/a.jar:/patch")
    assert purls(joined(behind, loader("org/a/A"))) == ["org.a/a@1.0"]


@pytest.mark.parametrize(
    "name",
    [
        "com/sun/proxy/$Proxy12",
        "jdk/proxy2/$Proxy12",
        "org/a/$Proxy3",
        "org/a/A$$EnhancerBySpringCGLIB$$1a2b",
        "org/a/A$$Lambda$12",
        "org/a/A$HibernateProxy$x",
        "jdk/internal/reflect/GeneratedMethodAccessor7",
        "org/apache/spark/sql/catalyst/expressions/GeneratedClass$SpecificUnsafeProjection",
        "org/apache/jsp/index_jsp",
        "org/a/A$ByInnerName",
    ],
)
def test_classes_made_at_run_time_belong_to_nobody(name: str) -> None:
    found = joined(JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar"), loader("org/a/A", name))
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete


@pytest.mark.parametrize(
    "kind",
    [
        "org/codehaus/janino/ByteArrayClassLoader",
        "groovy/lang/GroovyClassLoader$InnerLoader",
        "com/sun/tools/javac/launcher/Main$MemoryClassLoader",
        "com/sun/tools/javac/launcher/MemoryClassLoader",
    ],
)
def test_loaders_of_made_classes_alone_are_not_asked(kind: str) -> None:
    process = JavaProcess(dict(JDK))
    found = joined(process, loader("x/Whatever", "Demo", kind=kind))
    assert found.complete
    assert not found.gaps
    assert process.files.listed == []


def test_classes_in_no_archive_are_a_gap() -> None:
    process = JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar")
    found = joined(process, loader("org/a/A", "who/Knows", "who/Else"))
    assert purls(found) == ["org.a/a@1.0"]
    assert gaps(found) == {Reason.NOBODY: ["2 of who"]}
    assert not found.complete


def test_a_fat_jar_in_the_order_of_its_index() -> None:
    nested: dict[str, str | bytes] = {
        "BOOT-INF/classpath.idx": '- "BOOT-INF/lib/z.jar"\n- "BOOT-INF/lib/a.jar"\n',
        "BOOT-INF/classes/shop/Main.class": "",
        "BOOT-INF/lib/a.jar": A,
        "BOOT-INF/lib/never.jar": NEVER,
        "BOOT-INF/lib/z.jar": OTHER_A,
    }
    fat = jar("org/springframework/boot/loader/L", pom="shop:shop:1", more=nested)
    process = JavaProcess({**JDK, "/shop.jar": fat}, "/shop.jar", open_files=["/shop.jar"])
    launched = "org/springframework/boot/loader/launch/LaunchedClassLoader"
    app = loader("org/springframework/boot/loader/L")
    found = joined(process, app, loader("shop/Main", "org/a/A", kind=launched, address=2))
    assert purls(found) == ["org.a/a@2.0", "shop/shop@1"]
    assert found.complete
    assert packages(found)[0].evidence[0].path == "/shop.jar!/BOOT-INF/lib/z.jar"


def test_an_archive_in_an_archive_in_an_archive() -> None:
    war = jar(pom="shop:web:1", more={"WEB-INF/lib/a.jar": A, "WEB-INF/classes/w/W.class": ""})
    ear = jar(more={"web.war": war, "lib/b.jar": B})
    process = JavaProcess({**JDK, "/shop.ear": ear}, open_files=["/shop.ear"])
    found = joined(process, loader("org/a/A", "org/b/B", "w/W", kind=WEB))
    assert purls(found) == ["org.a/a@1.0", "org.b/b@1.0", "shop/web@1"]
    path = packages(found)[0].evidence[0].path
    assert path == "/shop.ear!/web.war!/WEB-INF/lib/a.jar"


def test_loaders_are_known_by_what_only_one_directory_can_have_given() -> None:
    own, other = jar("one/Own", pom="one:own:1"), jar("two/Own", pom="two:own:1")
    files = {
        **JDK,
        "/w/one/lib/a.jar": A,
        "/w/one/lib/own.jar": own,
        "/w/two/lib/a.jar": OTHER_A,
        "/w/two/lib/own.jar": other,
    }
    process = JavaProcess(files, open_files=list(files)[1:])
    one = loader("org/a/A", "one/Own", kind=WEB)
    found = joined(process, one)
    assert purls(found) == ["one/own@1", "org.a/a@1.0"]
    two = loader("org/a/A", "two/Own", kind=WEB, address=2)
    assert purls(joined(process, two)) == ["org.a/a@2.0", "two/own@1"]
    assert len(purls(joined(process, one, two))) == 4


def test_a_loader_that_could_read_either_directory_is_a_gap() -> None:
    files = {**JDK, "/w/one/a.jar": A, "/w/two/a.jar": OTHER_A}
    process = JavaProcess(files, open_files=list(files)[1:])
    found = joined(process, loader("org/a/A", kind=WEB))
    assert purls(found) == []
    assert list(gaps(found)) == [Reason.SEVERAL]


def test_a_loader_whose_kind_is_not_readable() -> None:
    process = JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar")
    found = joined(process, loader("java/util/Map", "org/a/A", kind="?"))
    assert purls(found) == ["org.a/a@1.0"]


def test_a_jar_that_cannot_be_read_is_a_gap() -> None:
    files = {**JDK, "/lib/a.jar": A, "/lib/bad.jar": b"no zip at all", "/lib/shut.jar": B}
    process = JavaProcess(files, "/lib/a.jar:/lib/bad.jar:/lib/shut.jar")
    process.files.refused["/lib/shut.jar"] = "not permitted"
    found = joined(process, loader("org/a/A"))
    assert purls(found) == ["org.a/a@1.0"]
    assert gaps(found) == {
        Reason.PARTLY: ["/lib/bad.jar: archive not readable: no end record of a zip file"],
        Reason.REFUSED: ["/lib/shut.jar: not permitted"],
    }
    assert not found.complete


def test_without_the_modules_of_the_jdk_nothing_of_the_boot_loader_is_known() -> None:
    process = JavaProcess({"/lib/a.jar": A}, "/lib/a.jar")
    found = joined(process, boot("java/lang/Object"), loader("org/a/A"))
    assert purls(found) == ["org.a/a@1.0"]
    assert Reason.NO_MODULES in gaps(found)
    assert not found.complete


def test_java_8_has_jars_in_place_of_an_image() -> None:
    rt = jar("java/lang/Object", "java/util/Map")
    files: dict[str, str | bytes] = {
        f"{HOME}/jre/lib/rt.jar": rt,
        f"{HOME}/jre/lib/ext/zipfs.jar": jar("com/sun/nio/zipfs/Z"),
        "/lib/a.jar": A,
    }
    process = JavaProcess(files, "/lib/a.jar", open_files=[f"{HOME}/jre/lib/rt.jar", "/lib/a.jar"])
    app = loader("org/a/A", kind="sun/misc/Launcher$AppClassLoader")
    ext = loader("com/sun/nio/zipfs/Z", kind="sun/misc/Launcher$ExtClassLoader", address=2)
    found = joined(process, boot("java/lang/Object", "java/util/Map"), app, ext)
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete
    detail = found.packages[0].evidence[0].detail
    assert detail == "3 classes of rt.jar, zipfs.jar"


def test_the_default_package_and_odd_names() -> None:
    odd = jar("Main", "ünï/Cödé", pom="x:odd:1")
    process = JavaProcess({**JDK, "/odd.jar": odd}, "/odd.jar")
    assert purls(joined(process, loader("Main", "ünï/Cödé"))) == ["x/odd@1"]


def test_one_file_by_two_paths_is_one_archive() -> None:
    process = JavaProcess({**JDK, "/lib/a-1.0.jar": A}, "/lib/a.jar", open_files=["/lib/a.jar"])
    process.files.links["/lib/a.jar"] = "/lib/a-1.0.jar"
    found = joined(process, loader("org/a/A", kind=APP))
    assert purls(found) == ["org.a/a@1.0"]
    assert found.complete


def test_more_archives_than_the_bound_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MAX_CANDIDATES", 3)
    names = " ".join(f"m{number}.jar" for number in range(10))
    first = jar("x/First", pom="x:first:1", manifest=f"Class-Path: {names}")
    process = JavaProcess({**JDK, "/first.jar": first, "/m9.jar": B}, "/first.jar")
    found = joined(process, loader("x/First"))
    assert purls(found) == ["x/first@1"]
    assert gaps(found) == {Reason.TOO_MANY: ["more than 3"]}
    assert not found.complete


def test_states_are_plain() -> None:
    found = joined(JavaProcess({**JDK, "/lib/a.jar": A}, "/lib/a.jar"), loader("org/a/A"))
    assert {one.state for one in found.packages} == {State.LOADED}
