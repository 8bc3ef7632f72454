"""package.json: name and version as npm takes them, and whatever else a file can hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats.packagejson import MAX_BYTES, PackageJson, parse

NOTHING = PackageJson(None, None, private=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def said(**fields: object) -> PackageJson:
    return parse(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "name", ["express", "@nestjs/core", "JSONStream", "lodash.get", "~a", "_x"]
)
def test_names_that_npm_has(name: str) -> None:
    assert said(name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".hidden",
        "rxjs/operators",
        "a b",
        "@scope",
        "@/x",
        "@a/b/c",
        "../x",
        "a\n",
        "é",
        "x" * 215,
    ],
)
def test_names_that_no_package_has(name: str) -> None:
    assert said(name=name, version="1.0.0").name is None


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        (" =v1.2.3 ", "1.2.3"),
        ("1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5"),
        ("0.0.1beta", "0.0.1beta"),
    ],
)
def test_versions_as_npm_cleans_them(written: str, version: str) -> None:
    assert said(version=written).version == version


@pytest.mark.parametrize(
    "written", ["", "1", "1.2", "latest", "workspace:*", "1.2.3\x1b[0m", "1.2.x"]
)
def test_versions_that_no_package_has(written: str) -> None:
    assert said(version=written).version is None


def test_private_is_true_only() -> None:
    assert said(private=True).private
    assert not said(private="true").private


def test_what_node_passes_over() -> None:
    assert parse(b'\xef\xbb\xbf{"name": "a", "author": "\xe9"}').name == "a"
    assert parse(b'{"name": "a", "name": "b"}').name == "b"


def test_other_types_are_nothing() -> None:
    assert said(name=1, version=["1.0.0"], private=None) == NOTHING


@pytest.mark.parametrize("data", [b"", b"[]", b'"a"', b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def test_a_file_without_end_is_malformed() -> None:
    with pytest.raises(Malformed, match="bytes, more than"):
        parse(b" " * (MAX_BYTES + 1))


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    try:
        found = parse(data)
    except Malformed:
        return
    assert found.name is None or len(found.name) <= 214


@given(st.dictionaries(st.sampled_from(["name", "version", "private"]), JSON))
def test_any_object(value: dict[str, object]) -> None:
    try:
        found = parse(json.dumps(value, allow_nan=False).encode())
    except (Malformed, ValueError):
        return
    assert found.name is None or found.name == value["name"]
    assert found.version is None or found.version in str(value.get("version"))
