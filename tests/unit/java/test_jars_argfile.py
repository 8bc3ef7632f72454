"""The class path out of a file that the launcher was told to read."""

from __future__ import annotations

import pytest

from sensor.resolvers.java.argfile import MAX_BYTES, class_path
from tests.support.jarmade import JDK, JavaProcess, jar, joined, loader, purls
from tests.support.tree import Tree

A = jar("org/a/A", pom="org.a:a:1.0")
OTHER_A = jar("org/a/A", pom="org.a:a:2.0")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/lib/a.jar:/lib/b.jar", "/lib/a.jar:/lib/b.jar"),
        ("\n  /lib/a.jar\n-Dpassword=secret\n", "/lib/a.jar"),
        ("# all of it\n/lib/a.jar", "/lib/a.jar"),
        ('"/a b/x.jar" -Dpassword=secret', "/a b/x.jar"),
        ("'/a b/x.jar'", "/a b/x.jar"),
        (r'"/a\\b/x.jar"', r"/a\b/x.jar"),
        ('"/never ended', "/never ended"),
        ("", ""),
        ("# nothing", ""),
        ("x" * (MAX_BYTES + 1), ""),
        ("\xff\x00", "\xff\x00"),
    ],
)
def test_the_first_word_is_the_class_path(text: str, path: str) -> None:
    assert class_path(Tree({"/list": text}), "/list") == path


def test_a_file_that_is_not_there_holds_nothing() -> None:
    assert class_path(Tree({}), "/list") == ""


@pytest.mark.parametrize("first", ["/lib/a.jar", "/lib/b.jar"])
def test_the_order_of_the_file_is_that_of_the_class_path(first: str) -> None:
    rest = {"/lib/a.jar": "/lib/b.jar", "/lib/b.jar": "/lib/a.jar"}[first]
    files = {**JDK, "/lib/a.jar": A, "/lib/b.jar": OTHER_A, "/shop/list": f"{first}:{rest}"}
    found = joined(JavaProcess(files, "@list"), loader("org/a/A"))
    assert purls(found) == [{"/lib/a.jar": "org.a/a@1.0", "/lib/b.jar": "org.a/a@2.0"}[first]]
