"""Findings, memos and cache values survive JSON: a resolver may run in another process."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from sensor.host.cache import FileCache
from sensor.model.file import FileId
from sensor.model.finding import (
    NOT_MINE,
    Coverage,
    Depth,
    Evidence,
    Finding,
    Gap,
    Package,
    Plain,
    State,
)

# Any text but lone surrogates, which JSON does not have: `formats.pathtext` keeps them out.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
times = st.floats(allow_nan=False, allow_infinity=False)
# What orjson takes: 64 bits, signed or not.
integers = st.integers(-(1 << 63), (1 << 64) - 1)
plains: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | integers | times | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
evidences = st.builds(Evidence, texts, texts, texts, texts, times)
seen = st.lists(evidences, min_size=1, max_size=3).map(tuple)
gaps = st.builds(Gap, texts, texts, texts)
coverages = st.builds(Coverage, texts, st.booleans(), times, texts)
files = st.builds(FileId, integers, integers, integers, integers, integers, st.just("") | texts)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Return a package that holds the rules of truth."""
    state = draw(st.sampled_from(State))
    unknown = state is State.UNKNOWN
    return Package(
        purl=draw(texts),
        name=draw(texts),
        version=draw(st.none() | texts),
        runtime=draw(texts),
        state=state,
        depth=draw(st.sampled_from(Depth)) if state is State.LOADED else None,
        evidence=() if unknown else draw(seen),
        reason=draw(texts.filter(bool)) if unknown else None,
        inside=draw(st.none() | texts),
        subpaths=draw(st.none() | st.lists(texts, max_size=3).map(tuple)),
        aliases=draw(st.lists(texts, max_size=2).map(tuple)),
        identity=draw(texts),
        inferred=draw(st.lists(texts, max_size=2).map(tuple)),
        sha1=draw(st.none() | texts),
    )


findings = st.builds(
    Finding,
    packages=st.lists(packages(), max_size=3).map(tuple),
    gaps=st.lists(gaps, max_size=3).map(tuple),
    coverage=st.none() | coverages,
    memo=plains,
    more=st.booleans(),
)


@given(findings)
def test_a_finding_comes_back_equal(finding: Finding) -> None:
    assert Finding.from_plain(orjson.loads(orjson.dumps(finding))) == finding


@given(packages())
def test_a_package_comes_back_equal(package: Package) -> None:
    assert Package.from_plain(orjson.loads(orjson.dumps(package))) == package


@given(gaps, coverages)
def test_gaps_and_coverage_come_back_equal(gap: Gap, coverage: Coverage) -> None:
    assert Gap(**orjson.loads(orjson.dumps(gap))) == gap
    assert Coverage(**orjson.loads(orjson.dumps(coverage))) == coverage


def test_not_mine_comes_back_as_not_mine() -> None:
    assert Finding.from_plain(orjson.loads(orjson.dumps(NOT_MINE))) == NOT_MINE


@given(files, plains.filter(lambda value: value is not None))
def test_a_cache_value_comes_back_equal(file: FileId, value: Plain) -> None:
    cache = FileCache()
    cache.put("kind", file, value)
    assert orjson.loads(orjson.dumps(cache.get("kind", file))) == value
    assert cache.bytes == len(orjson.dumps(value))


@given(files, files)
def test_tokens_are_equal_only_for_equal_files(one: FileId, other: FileId) -> None:
    assert (one.token() == other.token()) == (one == other)
