"""An application that was deployed anew: what is there now is not told of the loader before it."""

from __future__ import annotations

import pytest

from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.words import Machine
from tests.support.jarmade import JDK, WEB, JavaProcess, gaps, jar, joined, loader, purls

LIB = "/srv/shop/WEB-INF/lib"
FILES = {
    **JDK,
    f"{LIB}/shop.jar": jar("shop/Shop", pom="shop:shop:2.0"),
    f"{LIB}/a.jar": jar("org/a/A", "org/a/B", pom="org.a:a:2.0"),
    "/opt/plugins/b.jar": jar("org/b/B", pom="org.b:b:1.0"),
}
BEGAN = Machine(began=1_500_000)
LATER = loader("shop/Shop", "org/a/B", kind=WEB, address=2)
BEFORE = loader("shop/Shop", "org/a/A", "org/b/B", kind=WEB, address=1)


def process(*fresh: str) -> JavaProcess:
    made = JavaProcess(FILES, "/srv/server.jar", open_files=sorted(FILES.keys() - JDK.keys()))
    made.files.changed |= dict.fromkeys(FILES, 1_000) | dict.fromkeys(fresh, 2_000)
    return made


def test_what_was_replaced_is_not_told_of_the_loader_before() -> None:
    fresh = (f"{LIB}/shop.jar", f"{LIB}/a.jar")
    found = joined(process(*fresh), LATER, BEFORE, machine=BEGAN)
    assert gaps(found) == {Reason.EARLIER: ["1 of org/a", "1 of shop"]}
    assert not found.complete
    # The later loader's own are told, and what the earlier one has from elsewhere.
    assert purls(found) == ["org.a/a@2.0", "org.b/b@1.0", "shop/shop@2.0"]
    alone = joined(process(*fresh), loader("shop/Shop", kind=WEB, address=2), BEFORE, machine=BEGAN)
    assert purls(alone) == ["org.b/b@1.0", "shop/shop@2.0"]


@pytest.mark.parametrize(
    ("fresh", "machine"),
    [((), BEGAN), ((f"{LIB}/a.jar",), BEGAN), ((f"{LIB}/shop.jar", f"{LIB}/a.jar"), Machine())],
    ids=["old", "only what one loader has a class of", "nobody knows when it began"],
)
def test_two_loaders_of_one_archive_are_no_question(
    fresh: tuple[str, ...], machine: Machine
) -> None:
    found = joined(process(*fresh), LATER, BEFORE, machine=machine)
    assert found.complete
    assert purls(found) == ["org.a/a@2.0", "org.b/b@1.0", "shop/shop@2.0"]


def test_a_later_loader_of_other_classes_is_no_question() -> None:
    fresh = (f"{LIB}/shop.jar", f"{LIB}/a.jar")
    other = loader("org/a/B", kind=WEB, address=2)
    found = joined(process(*fresh), other, BEFORE, machine=BEGAN)
    assert found.complete


def test_two_applications_with_one_library_each_are_no_question() -> None:
    one = {"shop/A": ("org/a/A",), "bank/A": ("org/a/A",)}
    files = {f"/srv/{name[:4]}/lib/{n}.jar": jar(*held) for name, held in one.items() for n in "a"}
    own = {f"/srv/{name[:4]}/lib/own.jar": jar(name) for name in one}
    made = JavaProcess({**JDK, **files, **own}, "/srv/server.jar", open_files=[*files, *own])
    made.files.changed |= dict.fromkeys([*files, *own], 2_000)
    loaders = [loader(n, "org/a/A", kind=WEB, address=at) for at, n in enumerate(one, start=1)]
    found = joined(made, *loaders, machine=BEGAN)
    assert Reason.EARLIER not in gaps(found)
