"""The packed paths of an image: what goes in comes out, whatever the paths are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.resolvers.ospkg.owners import Owner, Owners, packed, unpacked

LINES = st.text("ab/.\n", min_size=1, max_size=4).map(lambda text: "/" + text.replace("\n", "c"))
PACKAGES = st.lists(st.sets(LINES, min_size=1, max_size=5), max_size=6)


def made(packages: list[set[str]]) -> Owners:
    lists = [[f"p{number}", "1", "all", ""] for number in range(len(packages))]
    rows = packed({path.encode() for path in paths} for paths in packages)
    return Owners({"lists": lists, "rows": rows, "merged": {}, "odd": []})


@given(PACKAGES)
def test_each_path_has_the_packages_that_have_it(packages: list[set[str]]) -> None:
    every = {path for paths in packages for path in paths} | {"/a", "/", "", "\n", "/a\n/b"}
    truth = {
        path: [Owner(f"p{n}", "1", "all", "") for n, paths in enumerate(packages) if path in paths]
        for path in every
    }
    assert made(packages).of(every) == {path: owned for path, owned in truth.items() if owned}


@given(PACKAGES)
def test_packing_can_be_undone(packages: list[set[str]]) -> None:
    paragraphs = [{path.encode() for path in paths} for paths in packages]
    assert unpacked(packed(paragraphs)) == paragraphs
