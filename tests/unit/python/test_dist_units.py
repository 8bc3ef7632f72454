"""Units answer like the full lists of files: by example, and against the naive way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.resolvers.python.units import Units, claims, cut, joined, overlaps, plain


def owners(lists: dict[int, list[str]], path: str) -> set[int]:
    """Who claims a path, by units made as `site` makes them."""
    cuts = {number: cut(files) for number, files in lists.items()}
    shared = overlaps(cuts)
    tops = tuple(shared)
    units: Units = {
        unit: [(number, None)]
        for number, mine in cuts.items()
        for unit in mine
        if not unit.startswith(tops)
    }
    numbers = set().union(*shared.values())
    full = {n: {f: None for f in lists[n] if f.startswith(tops)} for n in numbers}
    found = claims(plain(units | joined(full)), path, {})
    return {number for number, _ in found}


def test_a_regular_package_is_one_unit() -> None:
    assert cut(["flask/__init__.py", "flask/json/__init__.py", "flask/app.py", "six.py"]) == [
        "flask/",
        "six.py",
    ]


def test_a_namespace_is_no_unit() -> None:
    assert cut(["google/auth/__init__.py", "google/auth/x.py", "google/one.py"]) == [
        "google/auth/",
        "google/one.py",
    ]


def test_an_init_that_is_compiled_counts() -> None:
    assert cut(["fast/__init__.cpython-311-x86_64-linux-gnu.so", "fast/a.py"]) == ["fast/"]


def test_a_plugin_in_another_one_is_told_apart() -> None:
    lists = {
        0: ["airflow/__init__.py", "airflow/models.py", "airflow/providers/__init__.py"],
        1: ["airflow/providers/http/__init__.py", "airflow/providers/http/hook.py"],
    }
    assert owners(lists, "airflow/models.py") == {0}
    assert owners(lists, "airflow/providers/http/hook.py") == {1}
    assert owners(lists, "airflow/providers/http/generated.py") == {1}
    assert owners(lists, "airflow/generated.py") == set()


def test_a_namespace_of_the_old_kind_is_claimed_by_all() -> None:
    lists = {
        0: ["zope/__init__.py", "zope/interface/__init__.py"],
        1: ["zope/__init__.py", "zope/event/__init__.py"],
    }
    assert owners(lists, "zope/__init__.py") == {0, 1}
    assert owners(lists, "zope/event/__init__.py") == {1}


def test_a_file_in_a_namespace_that_nobody_lists_is_nobodys() -> None:
    lists = {0: ["google/auth/__init__.py"]}
    assert owners(lists, "google/mine/code.py") == set()


def test_compiled_in_place_belongs_to_the_listed_source() -> None:
    assert owners({0: ["six.py"]}, "six.pyc") == {0}


NAMES = st.sampled_from(["a", "b", "__init__"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py")
LISTS = st.dictionaries(
    st.integers(0, 3), st.lists(PATHS, max_size=8, unique=True), min_size=1, max_size=4
)


@given(LISTS)
def test_every_listed_file_is_claimed_by_those_who_list_it(lists: dict[int, list[str]]) -> None:
    for path in {path for files in lists.values() for path in files}:
        assert owners(lists, path) == {n for n, files in lists.items() if path in files}


@given(LISTS, PATHS)
def test_a_file_that_nobody_lists_is_claimed_only_through_a_package_of_one(
    lists: dict[int, list[str]], path: str
) -> None:
    found = owners(lists, path)
    if any(path in files for files in lists.values()) or not found:
        return
    (number,) = found
    above = [path[:at] for at, letter in enumerate(path) if letter == "/"]
    own = {place for place in above if f"{place}/__init__.py" in lists[number]}
    others = [file for n, files in lists.items() if n != number for file in files]
    assert any(not any(o.startswith(place + "/") for o in others) for place in own)
