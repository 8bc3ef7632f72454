"""Damaged and lying .NET files: only Malformed, in little time, with bounded reads."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import clrmetadata, depsjson, netbundle, peversion
from sensor.formats.pe import Pe
from sensor.formats.source import Bytes
from tests.unit.formats.dotnet import made
from tests.unit.formats.elf.sources import Sparse

REAL = made.assembly(culture="de", file=(1, 2, 3, 4), product="1.2.3", rows={0: 1, 1: 9, 12: 9})
BUNDLE, HEADER = made.bundle({"A.dll": (1, b"MZ"), "B.dll": (1, b"MZ")}, start=0)
MANIFEST = made.manifest(("A", "1", "package", {"runtime": {"lib/A.dll": {"fileVersion": "1"}}}))
# Where the headers, the metadata and the version resource are.
PLACES = st.one_of(
    st.integers(0, 0x1FF),
    st.integers(made.CODE_AT, made.CODE_AT + 0x300),
    st.integers(made.RESOURCES_AT, made.RESOURCES_AT + 0x200),
)


def ask_everything(found: Pe) -> None:
    """Ask all that can be asked; each question may fail for itself."""
    for question in (clrmetadata.assembly, peversion.version):
        with suppress(Malformed):
            question(found)


@settings(max_examples=500)
@given(st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=12), st.integers(0, len(REAL)))
def test_a_damaged_assembly_is_malformed_and_nothing_else(
    changes: list[tuple[int, int]], end: int
) -> None:
    damaged = bytearray(REAL)
    for at, value in changes:
        damaged[at] = value
    for data in (bytes(damaged), bytes(damaged[:end])):
        with suppress(Malformed):
            ask_everything(Pe(Bytes(data)))


@settings(max_examples=200)
@given(st.lists(st.tuples(PLACES, st.binary(min_size=4, max_size=4)), max_size=6))
def test_of_a_lying_assembly_of_any_size_little_is_read(changes: list[tuple[int, bytes]]) -> None:
    damaged = bytearray(REAL)
    for at, value in changes:
        damaged[at : at + 4] = value
    source = Sparse(bytes(damaged), 10 << 30)
    with suppress(Malformed):
        ask_everything(Pe(source))
    assert source.bytes < 1 << 20


@given(st.binary(max_size=300))
def test_any_bytes_are_malformed_at_most(data: bytes) -> None:
    for read in (lambda: Pe(Bytes(b"MZ" + data)), lambda: depsjson.files(data)):
        with suppress(Malformed):
            read()


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(HEADER, len(BUNDLE) - 1), st.integers(0, 255)), max_size=8),
    st.integers(HEADER + 1, len(BUNDLE)),
)
def test_a_damaged_bundle_is_malformed_and_nothing_else(
    changes: list[tuple[int, int]], end: int
) -> None:
    damaged = bytearray(BUNDLE)
    for at, value in changes:
        damaged[at] = value
    source = Bytes(bytes(damaged[:end]))
    with suppress(Malformed):
        for entry in netbundle.read(source, HEADER).entries:
            assert 0 <= entry.offset <= entry.offset + (entry.packed or entry.size) <= source.size


@given(st.lists(st.tuples(st.integers(0, len(MANIFEST) - 1), st.integers(0, 255)), max_size=6))
def test_a_damaged_manifest_is_malformed_and_nothing_else(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(MANIFEST)
    for at, value in changes:
        damaged[at] = value
    with suppress(Malformed):
        depsjson.files(bytes(damaged))


def values(depth: int) -> st.SearchStrategy[object]:
    """Any JSON, with the words of a manifest as names."""
    words = st.sampled_from(
        (
            "targets",
            "runtimeTarget",
            "name",
            "libraries",
            "runtime",
            "resources",
            "A/1",
            "t",
            "type",
        )
    )
    leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), words)
    if not depth:
        return leaves
    inner = values(depth - 1)
    return st.one_of(leaves, st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=4))


@given(values(5))
def test_any_json_is_malformed_at_most(document: object) -> None:
    with suppress(Malformed):
        depsjson.files(json.dumps(document).encode())
