"""What archives are called: identity and its marks, inferred groups, contained parts, the JDK."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from sensor.model.finding import Depth, State
from sensor.model.purl import maven
from sensor.resolvers.java import groups, jdk
from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.identity import FILE_NAME, MANIFEST, POM, identify
from sensor.resolvers.java.packages import Packages
from sensor.resolvers.java.parts import with_prefixes
from tests.support.jarmade import (
    HOME,
    JDK,
    JavaProcess,
    boot,
    gaps,
    jar,
    joined,
    loader,
    packages,
    purls,
)


@pytest.mark.parametrize(
    ("file", "manifest", "artifact", "version", "by"),
    [
        ("kafka-clients-3.9.1.jar", {}, "kafka-clients", "3.9.1", FILE_NAME),
        (
            "zipkin-2.27.1.jar",
            {"implementation-version": "2.27.1"},
            "zipkin",
            "2.27.1",
            MANIFEST,
        ),
        ("x-1.2-linux-x86_64.jar", {"bundle-version": "1.2"}, "x", "1.2", MANIFEST),
        ("x-1.2-jre.jar", {"bundle-version": "1.2"}, "x", "1.2-jre", FILE_NAME),
        ("x-1.2.jar", {"implementation-version": "9"}, "x", "1.2", FILE_NAME),
        ("spring-core.jar", {"implementation-title": "spring-core"}, "spring-core", None, MANIFEST),
        (
            "a.jar",
            {"implementation-title": "Big Thing", "bundle-symbolicname": "org.x.a;s:=1"},
            "a",
            None,
            MANIFEST,
        ),
        (
            "catalina.jar",
            {"bundle-symbolicname": "org.apache.tomcat-catalina", "bundle-version": "10.1"},
            "tomcat-catalina",
            "10.1",
            MANIFEST,
        ),
        ("app.jar", {"implementation-version": "1 of today"}, "app", None, FILE_NAME),
        ("antlr-runtime-3.5.war", {}, "antlr-runtime", "3.5", FILE_NAME),
        ("guava-r09.jar", {}, "guava", "r09", FILE_NAME),
        ("log4j-1.2-api-2.20.0.jar", {}, "log4j-1.2-api", "2.20.0", FILE_NAME),
        ("log4j-1.2-api-2.jar", {"bundle-version": "2"}, "log4j-1.2-api", "2", MANIFEST),
        ("zstd-jni-1.5.6-4.jar", {}, "zstd-jni", "1.5.6-4", FILE_NAME),
        ("x-1.0-beta-2.jar", {}, "x", "1.0-beta-2", FILE_NAME),
        ("x-2-1.0.jar", {"bundle-version": "1.0"}, "x-2", "1.0", MANIFEST),
    ],
)
def test_without_a_pom(
    file: str, manifest: dict[str, str], artifact: str, version: str | None, by: str
) -> None:
    found = identify(file, {"manifest": manifest, "poms": [], "top": ""})
    assert found is not None
    assert (found.artifact, found.version, found.by) == (artifact, version, by)


@given(
    st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_any_name_of_a_file_and_any_manifest(file: str, title: str, version: str) -> None:
    manifest = {"implementation-title": title, "bundle-version": version}
    manifest |= {"bundle-symbolicname": title, "implementation-vendor-id": title}
    found = identify(f"{file}.jar", {"manifest": manifest, "poms": [], "top": "org/x"})
    if found:
        purl = PackageURL.from_string(maven(found.group, found.artifact, found.version))
        assert (purl.name, purl.version) == (found.artifact, found.version)


@pytest.mark.parametrize(
    "file", [".jar", "-1.0.jar", "a b.jar", "\x1b[31m.jar", "x" * 300 + ".jar"]
)
def test_names_that_no_artifact_has(file: str) -> None:
    found = identify(file, {"manifest": {}, "poms": [], "top": ""})
    assert found is None or re.fullmatch(r"[\w.+-]+", found.artifact)


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ("a-1.0.jar", True),
        ("a.jar", True),
        ("a-1.0-tests.jar", True),
        ("a-2.0.jar", False),
        ("ab-1.0.jar", False),
        ("a-b-1.0.jar", False),
        ("g.a-1.0.jar", True),
        # Maven's own way to call what it puts into an EAR (maven-ear-plugin, fileNameMapping).
        ("g-a-1.0.jar", True),
        ("g-b-1.0.jar", False),
    ],
)
def test_a_pom_that_fits_the_file_name_is_its_own(file: str, fits: bool) -> None:  # noqa: FBT001
    pom = ["g", "a", "1.0", ""]
    entry = {"manifest": {}, "poms": [pom, ["g", "inside", "3", ""]], "top": ""}
    found = identify(file, entry)
    assert found is not None
    assert (found.by == POM) == fits
    assert (pom in found.others) != fits


def test_the_longest_artifact_that_fits_is_meant() -> None:
    poms = [["g", "a", "", ""], ["g", "a-b", "1.0", ""]]
    found = identify("a-b-1.0.jar", {"manifest": {}, "poms": poms, "top": ""})
    assert found is not None
    assert found.artifact == "a-b"


@pytest.mark.parametrize(
    ("artifact", "manifest", "top", "group"),
    [
        ("kafka-clients", {}, "org/apache/kafka", "org.apache.kafka"),
        # A row of the table counts only for classes of its package.
        ("kafka-clients", {}, "org/evil", "org.evil"),
        ("spring-jcl", {}, "org/apache/commons/logging", "org.springframework"),
        ("zipkin", {}, "zipkin2", "io.zipkin.zipkin2"),
        ("x", {"implementation-vendor-id": "org.maker"}, "org/maker/x", "org.maker"),
        ("x", {"bundle-symbolicname": "org.maker.x"}, "org/maker/x", "org.maker"),
        ("x", {"automatic-module-name": "org.maker.x"}, "org/maker/x", "org.maker"),
        ("x", {"implementation-vendor-id": "com.other"}, "org/maker/x", "org.maker"),
        ("x", {}, "org/maker/x", "org.maker"),
        ("x", {}, "org/apache", None),
        ("x", {}, "kafka", None),
        ("x", {}, "", None),
        ("x", {"bundle-symbolicname": "nodots"}, "", None),
    ],
)
def test_groups(artifact: str, manifest: dict[str, str], top: str, group: str | None) -> None:
    assert groups.inferred(artifact, manifest, top) == group


def test_every_row_of_the_table_is_whole() -> None:
    for line in groups.TABLE.strip().splitlines():
        pattern, package, group = line.split()
        assert re.compile(pattern)
        assert package == "." or re.fullmatch(r"[\w/]+", package)
        assert re.fullmatch(r"[\w.-]+", group)


def test_an_inferred_group_carries_its_mark() -> None:
    files = {**JDK, "/kafka-clients-3.9.1.jar": jar("org/apache/kafka/A", "org/apache/kafka/b/B")}
    process = JavaProcess(files, "/kafka-clients-3.9.1.jar")
    (package,) = packages(joined(process, loader("org/apache/kafka/A")))
    assert package.purl == "pkg:maven/org.apache.kafka/kafka-clients@3.9.1"
    assert (package.identity, package.inferred) == (FILE_NAME, ("namespace",))


def test_a_version_that_nothing_states_is_a_gap_and_not_made_up() -> None:
    process = JavaProcess({**JDK, "/tool.jar": jar("t/T")}, "/tool.jar")
    found = joined(process, loader("t/T"))
    (package,) = packages(found)
    assert (package.purl, package.version) == ("pkg:maven/tool", None)
    assert gaps(found) == {Reason.NO_VERSION: ["/tool.jar"]}
    assert found.complete


def test_an_archive_that_nothing_names_is_a_gap() -> None:
    process = JavaProcess({**JDK, "/a b.jar": jar("t/T")}, "/a b.jar")
    found = joined(process, loader("t/T"))
    assert packages(found) == []
    assert gaps(found) == {Reason.NO_IDENTITY: ["/a b.jar"]}


SHADED = jar(
    "shop/Main",
    "org/yaml/snakeyaml/Yaml",
    "io/netty/buffer/Buf",
    "io/netty/util/Util",
    "hidden/guava/Lists",
    pom="shop:shade:1 org.yaml:snakeyaml:2.4 com.google.guava:guava:33 "
    "io.netty:netty-buffer:4.1 io.netty:netty-common:4.1",
)


def test_a_part_is_loaded_only_where_a_class_of_its_own_package_is() -> None:
    process = JavaProcess({**JDK, "/shade-1.jar": SHADED}, "/shade-1.jar")
    classes = ("shop/Main", "org/yaml/snakeyaml/Yaml", "hidden/guava/Lists", "io/netty/util/Util")
    found = joined(process, loader(*classes))
    states = {one.name: (one.state, one.depth, one.inside) for one in packages(found)}
    carrier = "pkg:maven/shop/shade@1"
    assert states == {
        "shade": (State.LOADED, Depth.INITIALIZED, None),
        "snakeyaml": (State.LOADED, Depth.INITIALIZED, carrier),
        "guava": (State.UNKNOWN, None, carrier),
        "netty-buffer": (State.UNKNOWN, None, carrier),
        "netty-common": (State.UNKNOWN, None, carrier),
    }
    assert {one.reason for one in packages(found) if one.reason} == {Reason.CONTAINED}
    assert found.complete


def packages_of(*names: str) -> Packages:
    """Packages with one class each."""
    return Packages(sorted(f"{name}/Klass".encode() for name in names))


@pytest.mark.parametrize(
    ("poms", "package", "proved"),
    [
        (["org.apache.commons:commons-lang3"], "org/apache/commons/lang3", True),
        (["io.netty:netty-buffer"], "io/netty/buffer", True),
        (["com.fasterxml.jackson.core:jackson-databind"], "com/fasterxml/jackson/databind", True),
        (["com.google.guava:guava"], "com/google/common/base", False),
        # Two that could both have it.
        (["org.x:a", "org.x.a:a"], "org/x/a", False),
        # The carrier's own package is nobody else's.
        (["org.x:carrier-core"], "org/x/carrier", False),
    ],
)
def test_which_package_proves_a_part(poms: list[str], package: str, proved: bool) -> None:  # noqa: FBT001
    listed = [[*pom.split(":"), "1"] for pom in [*poms, "org.x:carrier"]]
    found = with_prefixes(listed, packages_of(package, "org/x/carrier"))
    prefixes = [pom[3] for pom in found[:-1]]
    assert (package in prefixes) == proved


NAMES = st.from_regex(r"[a-c](\.[a-c]){0,2}", fullmatch=True)


@given(
    st.lists(st.tuples(NAMES, st.from_regex(r"[a-c](-[a-c]){0,2}", fullmatch=True)), max_size=5),
    st.lists(st.from_regex(r"[a-c](/[a-c]){0,3}", fullmatch=True), max_size=8),
)
def test_no_two_parts_are_proved_by_one_package(
    poms: list[tuple[str, str]], listed: list[str]
) -> None:
    found = with_prefixes([[group, name, "1"] for group, name in poms], packages_of(*listed))
    prefixes = [pom[3] for pom in found if pom[3]]
    for number, one in enumerate(prefixes):
        for other in prefixes[number + 1 :]:
            assert not f"{one}/".startswith(f"{other}/")
            assert not f"{other}/".startswith(f"{one}/")


@pytest.mark.parametrize(
    ("release", "purl"),
    [
        ('JAVA_VERSION="17.0.15"\n', "pkg:generic/oracle/openjdk@17.0.15"),
        (
            'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_RUNTIME_VERSION="21.0.4+7-LTS"\n',
            "pkg:generic/oracle/openjdk@21.0.4%2B7-LTS",
        ),
        (
            'IMPLEMENTOR="Azul Systems, Inc."\nJAVA_VERSION="17.0.1"\n',
            "pkg:generic/azul/zulu@17.0.1",
        ),
        (
            'IMPLEMENTOR="Oracle Corporation"\nIMAGE_TYPE="JRE"\nJAVA_VERSION="1.8.0_422"\n',
            "pkg:generic/oracle/jre@1.8.0_422",
        ),
        ("no line of it", "pkg:generic/oracle/openjdk"),
        ("x" * (jdk.MAX_RELEASE + 1), "pkg:generic/oracle/openjdk"),
    ],
)
def test_the_jdk_is_called_as_scanners_call_it(release: str, purl: str) -> None:
    process = JavaProcess(JDK)
    process.files.files[f"{HOME}/release"] = release.encode()
    found = joined(process, boot("java/lang/Object"))
    assert [one.purl for one in found.packages] == [purl]


def test_a_jdk_without_a_release_file_is_reported_without_a_version() -> None:
    process = JavaProcess(JDK)
    del process.files.files[f"{HOME}/release"]
    (package,) = joined(process, boot("java/lang/Object")).packages
    assert (package.version, package.identity) == (None, "")


def test_parts_of_two_carriers_are_two() -> None:
    files = {**JDK, "/shade-1.jar": SHADED, "/more-1.jar": jar("m/M", pom="m:more:1 g:part:1")}
    found = joined(JavaProcess(files, "/shade-1.jar:/more-1.jar"), loader("shop/Main", "m/M"))
    assert purls(found) == ["m/more@1", "shop/shade@1"]
    assert {one.inside for one in packages(found) if one.inside} == {
        "pkg:maven/shop/shade@1",
        "pkg:maven/m/more@1",
    }
