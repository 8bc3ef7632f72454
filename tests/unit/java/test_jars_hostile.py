"""Archives, paths and classes that were made to harm: the answer comes, and no fact is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.words import Machine
from tests.support.jarmade import (
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

INNER = jar("in/Side", pom="in:side:1")
FAT = jar(
    "shop/Main",
    "org/x/X",
    pom="shop:fat:1 org.x:x:2",
    manifest="Class-Path: other.jar\nBundle-SymbolicName: shop.fat",
    more={"BOOT-INF/lib/i.jar": INNER, "BOOT-INF/classpath.idx": '- "BOOT-INF/lib/i.jar"\n'},
)
TRUE = {"pkg:maven/shop/fat@1", "pkg:maven/in/side@1", "pkg:maven/org.x/x@2"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_archive_ends_in_an_answer(data: st.DataObject) -> None:
    raw = bytearray(FAT)
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    process = JavaProcess({**JDK, "/fat-1.jar": bytes(raw)}, "/fat-1.jar")
    app, own = loader("shop/Main", "org/x/X"), loader("in/Side", kind="b/L", address=2)
    found = joined(process, boot("java/lang/Object"), app, own)
    # A name in a damaged file is what the file says; what is loaded is proved by a class there.
    for package in packages(found):
        assert package.evidence or package.reason
    assert found.complete or found.gaps


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=60),
    st.text(max_size=60),
    st.text(max_size=200),
    st.lists(st.text(max_size=60), max_size=5),
)
def test_any_text_of_a_process(
    class_path: str, module_path: str, told: str, opened: list[str]
) -> None:
    process = JavaProcess({**JDK, "/fat-1.jar": FAT}, class_path, module_path, opened)
    found = joined(process, loader("shop/Main", kind=WEB), machine=Machine(class_path=told))
    assert {one.purl for one in packages(found)} <= TRUE


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=30), st.text(max_size=30))
def test_any_names_of_classes_and_loaders(names: list[str], kind: str) -> None:
    process = JavaProcess({**JDK, "/fat-1.jar": FAT}, "/fat-1.jar")
    found = joined(process, loader(*names, kind=kind), loader("shop/Main", address=2))
    assert "shop/fat@1" in purls(found)
    assert {one.purl for one in packages(found)} <= TRUE


@pytest.mark.parametrize(
    "text",
    [
        "lib/a.jar " * 30_000,
        "../" * 5000 + "etc/passwd.jar",
        "http:/elsewhere/x.jar file:/fat-1.jar file:///fat-1.jar",
        "\0.jar \x1b[31m.jar",
    ],
)
def test_a_hostile_class_path_of_a_manifest(text: str) -> None:
    lines = "\n ".join(text[at : at + 60] for at in range(0, len(text), 60))
    one = jar("x/X", pom="x:one:1", manifest=f"Class-Path: {lines}")
    process = JavaProcess({**JDK, "/one-1.jar": one, "/fat-1.jar": FAT}, "/one-1.jar")
    assert "x/one@1" in purls(joined(process, loader("x/X")))


def test_two_archives_that_hold_each_other_by_links() -> None:
    process = JavaProcess({**JDK, "/lib/fat-1.jar": FAT}, "/lib/a.jar:/lib/b.jar")
    process.files.links |= {"/lib/a.jar": "/lib/fat-1.jar", "/lib/b.jar": "/lib/fat-1.jar"}
    found = joined(process, loader("shop/Main"))
    assert purls(found) == ["shop/fat@1"]


def test_directories_with_names_of_archives_and_archives_with_names_of_directories() -> None:
    files = {**JDK, "/lib/x.jar/y.jar/z.txt": FAT, "/opt/s/fat": FAT}
    process = JavaProcess(files, "/lib/x.jar:/opt/s/fat")
    found = joined(process, loader("shop/Main"))
    # The launcher takes everything that is no directory for an archive.
    assert purls(found) == ["shop/fat@1"]
    assert gaps(found) == {Reason.REFUSED: ["/lib/x.jar: no regular file"]}
