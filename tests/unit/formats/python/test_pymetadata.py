"""Metadata of distributions, against importlib.metadata, and what damage does."""

from __future__ import annotations

import importlib.metadata

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import pymetadata
from sensor.formats.pymetadata import Identity

DISTRIBUTIONS = [*importlib.metadata.distributions()]


@pytest.mark.parametrize("dist", DISTRIBUTIONS, ids=lambda dist: str(dist.metadata["Name"]))
def test_identity_against_importlib(dist: importlib.metadata.Distribution) -> None:
    text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
    head = text.encode()[: pymetadata.HEAD_BYTES]
    assert pymetadata.is_whole(head)
    assert pymetadata.identity(head) == Identity(dist.metadata["Name"], dist.version)


def test_only_the_head_counts() -> None:
    with pytest.raises(Malformed):
        pymetadata.identity(b"Summary: x\n\nName: foo\nVersion: 1\n")
    assert pymetadata.identity(b"name: foo\r\nVERSION: 1\r\n\r\nName: bar") == Identity("foo", "1")


@pytest.mark.parametrize("version", ["", "1 2", "1\x1b[31m", "$(x)", "-1", "1" * 300])
def test_a_version_that_is_none_is_not_known(version: str) -> None:
    assert pymetadata.identity(f"Name: foo\nVersion: {version}\n".encode()).version is None


@pytest.mark.parametrize("name", ["", "a b", "a\x07", "../x", "a" * 300, ".a"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        pymetadata.identity(f"Name: {name}\nVersion: 1\n".encode())


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        (b"Name: a\nVersion: 1\n", True),
        (b"Name: a\nVersion: 1", False),
        (b"Name: a\nSummary: b\n\n", True),
        (b"Name: a\nSummary: b\n", False),
        (b"", False),
    ],
)
def test_is_whole(head: bytes, whole: bool) -> None:  # noqa: FBT001 - a column of the table
    assert pymetadata.is_whole(head) is whole


def test_editable_project() -> None:
    def direct(**fields: object) -> bytes:
        return orjson.dumps(fields)

    editable = {"editable": True}
    read = pymetadata.editable_project
    assert read(direct(url="file:///home/me/a%20b/", dir_info=editable)) == "/home/me/a b"
    assert read(direct(url="file:///home/me", dir_info={})) is None
    assert read(direct(url="file:///x.whl", archive_info={})) is None
    assert read(direct(url="https://x/y", dir_info=editable)) is None
    assert read(direct(url="file:///%00", dir_info=editable)) is None
    assert read(direct(url=7, dir_info=editable)) is None
    for damaged in (b"", b"[]", b"{", b'"x"', b"[" * 5000):
        with pytest.raises(Malformed):
            read(damaged)


def test_pth_directories() -> None:
    data = b"/proj/src/\n# comment\nimport os; os.system('x')\nrelative\n/\n\n"
    assert pymetadata.pth_directories(data) == ["/proj/src", "/"]


def test_pins() -> None:
    data = (
        b"msgpack==1.0.5\n  # a comment\n    urllib3==1.26.16  # via requests\nbad=1\n"
        b"CacheControl==0.12.11 # x\n"
    )
    assert pymetadata.pins(data) == {
        "msgpack": Identity("msgpack", "1.0.5"),
        "urllib3": Identity("urllib3", "1.26.16"),
        "cachecontrol": Identity("CacheControl", "0.12.11"),
    }


@given(st.binary(max_size=300))
def test_damage_is_malformed(data: bytes) -> None:
    for read in (
        pymetadata.identity,
        pymetadata.editable_project,
        pymetadata.pth_directories,
        pymetadata.pins,
        pymetadata.is_whole,
    ):
        try:
            read(data)
        except Malformed:
            continue


def test_small_files_are_bounded() -> None:
    large = b" " * (pymetadata.MAX_SMALL_BYTES + 1)
    for read in (pymetadata.editable_project, pymetadata.pth_directories, pymetadata.pins):
        with pytest.raises(Malformed):
            read(large)
