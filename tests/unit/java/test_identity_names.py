"""What an archive is, by names that real archives have: each of these was read wrong once."""

from __future__ import annotations

import pytest

from sensor.resolvers.java.identity import FILE_NAME, POM, identify

LANG3 = {
    "bundle-symbolicname": "org.apache.commons.lang3",
    "bundle-version": "3.17.0",
    "implementation-title": "Apache Commons Lang",
}
LANG3_POM = ["org.apache.commons", "commons-lang3", "3.17.0", ""]


@pytest.mark.parametrize(
    ("file", "artifact", "version"),
    [
        ("chill_2.12-0.10.0.jar", "chill_2.12", "0.10.0"),
        ("json4s-ast_2.13-3.7.0-M11.jar", "json4s-ast_2.13", "3.7.0-M11"),
        ("cats-core_3-2.10.0.jar", "cats-core_3", "2.10.0"),
        ("guava-33.4.8-jre.jar", "guava", "33.4.8-jre"),
    ],
)
def test_the_version_of_scala_is_a_part_of_the_artifact(
    file: str, artifact: str, version: str
) -> None:
    found = identify(file, {"manifest": {}, "poms": [], "top": ""})
    assert found is not None
    assert (found.artifact, found.version, found.by) == (artifact, version, FILE_NAME)


@pytest.mark.parametrize("file", ["bundle.jar", "beside.jar"])
def test_the_only_pom_names_a_renamed_archive_if_the_manifest_states_its_version(file: str) -> None:
    found = identify(file, {"manifest": LANG3, "poms": [LANG3_POM], "top": "org/apache"})
    assert found is not None
    assert (found.group, found.artifact, found.by) == ("org.apache.commons", "commons-lang3", POM)
    assert found.others == ()


def test_the_only_pom_of_another_version_is_of_something_inside() -> None:
    pom = ["jline", "jline", "2.14.6", ""]
    found = identify("bundle.jar", {"manifest": LANG3, "poms": [pom], "top": "org/apache"})
    assert found is not None
    assert found.artifact == "org.apache.commons.lang3"
    assert found.others == (pom,)


def test_an_artifact_that_begins_as_its_group_does() -> None:
    pom = ["org.apache.felix", "org.apache.felix.main", "7.0.5", ""]
    entry = {"manifest": {}, "poms": [pom], "top": "org/apache/felix"}
    found = identify("org.apache.felix.main-7.0.5.jar", entry)
    assert found is not None
    assert (found.group, found.artifact, found.by) == (*pom[:2], POM)


@pytest.mark.parametrize(
    ("file", "top", "group", "artifact"),
    [
        ("org.apache.kafka.kafka-clients-3.9.1.jar", "org/apache/kafka", "org.apache.kafka", ""),
        ("io.zipkin.zipkin2.zipkin-2.27.1.jar", "zipkin2", "io.zipkin.zipkin2", ""),
        (
            "org.apache.kafka-kafka-clients-3.9.1.jar",
            "org/apache/kafka",
            "org.apache.kafka",
            "kafka-clients",
        ),
        # A name with dots is most often the artifact's own.
        ("org.apache.felix.main-7.0.5.jar", "org/apache/felix", None, "org.apache.felix.main"),
    ],
)
def test_a_group_before_the_name_is_known_by_the_table(
    file: str, top: str, group: str | None, artifact: str
) -> None:
    found = identify(file, {"manifest": {}, "poms": [], "top": top})
    assert found is not None
    named = file.removeprefix(f"{group}.").rpartition("-")[0]
    assert found.artifact == (artifact or named)
    assert group in {None, found.group}
    assert found.inferred


def test_a_file_whose_group_is_called_as_its_artifact() -> None:
    pom = ["commons-codec", "commons-codec", "1.17.1", ""]
    found = identify("commons-codec-commons-codec-1.17.1.jar", {"manifest": {}, "poms": [pom]})
    assert found is not None
    assert (found.artifact, found.version, found.by) == ("commons-codec", "1.17.1", POM)


@pytest.mark.parametrize(
    ("file", "manifest", "group", "artifact"),
    [
        # It says again what the group says.
        ("org.maker.thing-thing-core-1.0.jar", {}, "org.maker.thing", "thing-core"),
        ("org.maker-run.thing-run-1.0.jar", {}, "org.maker-run.thing", "run"),
        ("thing-thing-1.0.jar", {}, "thing", "thing"),
        # The archive calls itself so.
        ("org.x-y-z-1.0.jar", {"implementation-title": "y-z"}, "org.x", "y-z"),
        ("org.x-y_2.13-1.0.jar", {"implementation-title": "y"}, "org.x", "y_2.13"),
        ("org.x-y-z-1.0.jar", {"bundle-symbolicname": "org.x.y-z;s:=1"}, "org.x", "y-z"),
        # Nothing says that there is a group.
        ("javax.servlet-api-4.0.1.jar", {}, None, "javax.servlet-api"),
        ("org.x-y-z-1.0.jar", {"implementation-title": "z"}, None, "org.x-y-z"),
        ("org.x-x-1.0.jar", {"bundle-symbolicname": "org.x-x"}, None, "org.x-x"),
        ("y-z-1.0.jar", {"implementation-title": "z"}, None, "y-z"),
    ],
)
def test_a_group_before_the_name_as_maven_has_it_in_an_ear(
    file: str, manifest: dict[str, str], group: str | None, artifact: str
) -> None:
    found = identify(file, {"manifest": manifest, "poms": [], "top": ""})
    assert found is not None
    assert (found.group, found.artifact) == (group, artifact)
    assert file.endswith(f"-{found.version}.jar")
    assert found.inferred == (group is not None)


def test_a_file_with_the_group_before_it() -> None:
    pom = ["org.eclipse.jetty", "jetty-util", "9.4.58", ""]
    found = identify("org.eclipse.jetty.jetty-util-9.4.58.jar", {"manifest": {}, "poms": [pom]})
    assert found is not None
    assert (found.group, found.artifact) == ("org.eclipse.jetty", "jetty-util")
