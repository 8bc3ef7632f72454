"""The packages of an archive against a plain count of each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.resolvers.java.packages import MOST, Packages

# Characters that sort before and after the slash, and beyond ASCII.
NAMES = st.lists(
    st.lists(st.sampled_from(["a", "b", "a-", "a0", "a$", "ä"]), min_size=1, max_size=4).map(
        "/".join
    ),
    max_size=12,
)


def above(name: str) -> list[str]:
    """All packages that a class lies in or below, shortest first."""
    parts = name.split("/")[:-1]
    return ["/".join(parts[: size + 1]) for size in range(len(parts))]


@given(NAMES)
def test_the_top_is_the_longest_package_that_most_classes_lie_in(names: list[str]) -> None:
    counts = {p: sum(p in above(name) for name in names) for name in names for p in above(name)}
    wide = [package for package, count in counts.items() if count >= MOST * len(names)]
    expected = max(wide, key=len, default="")
    assert Packages(sorted(name.encode() for name in names)).top() == expected


@given(NAMES, NAMES)
def test_a_package_is_there_when_a_class_lies_in_or_below_it(
    names: list[str], asked: list[str]
) -> None:
    packages = Packages(sorted(name.encode() for name in names))
    there = {package for name in names for package in above(name)}
    for package in [*asked, *there]:
        assert (package in packages) == (package in there)


def test_an_archive_without_classes_has_none() -> None:
    assert Packages([]).top() == ""
    assert "a" not in Packages([])


def test_a_name_that_is_no_text_is_no_failure() -> None:
    assert Packages([b"a/\xff/B", b"a/\xff/C"]).top() == "a/�"
