"""Records of conda, and what damage does."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import condameta

GOOD = {"name": "a", "version": "1!2.0", "build": "0", "subdir": "noarch", "files": ["x.py"]}


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("https://conda.anaconda.org/conda-forge/noarch", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("defaults", "defaults"),
        ("<unknown>", ""),
        (None, ""),
        (7, "7"),
    ],
)
def test_record(channel: object, name: str) -> None:
    found = condameta.record(orjson.dumps(GOOD | {"channel": channel}))
    assert found == ("a", "1!2.0", "0", "noarch", name, ["x.py"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 5000,
        orjson.dumps(GOOD | {"name": "a b"}),
        orjson.dumps(GOOD | {"version": None}),
        orjson.dumps(GOOD | {"files": "x.py"}),
        b" " * (condameta.MAX_BYTES + 1),
    ],
)
def test_damage(data: bytes) -> None:
    with pytest.raises(Malformed):
        condameta.record(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "channel"]), JSON))
def test_any_json_is_malformed_or_read(fields: dict[str, object]) -> None:
    try:
        found = condameta.record(orjson.dumps(fields))
    except Malformed:
        return
    assert all(isinstance(path, str) for path in found.files)
