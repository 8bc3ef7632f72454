"""Build information of Go programs: both layouts, the text, and lies."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import gobuildinfo
from sensor.formats.elf import Elf
from sensor.formats.gobuildinfo import BuildInfo, Module
from sensor.formats.source import Bytes
from tests.unit.formats.go.made import (
    BASE,
    KINDS,
    LITTLE,
    Kind,
    build_info,
    elf,
    pointed_build_info,
    varint,
)

TEXT = b"""path\texample.test/app/cmd/app
mod\texample.test/app\t(devel)\t
dep\texample.test/used\tv1.2.3\th1:sum=
dep\texample.test/old\tv1.0.0
=>\texample.test/fork\tv1.1.0\th1:sum=
dep\texample.test/local\tv0.1.0
=>\t../local\t\t
build\t-ldflags="-X main.token=hunter2"
build\tCGO_LDFLAGS=-L/secret
build\t-buildmode=pie
build\tvcs.revision=0123abcd
"""
EXPECTED = BuildInfo(
    "go1.26.8",
    "example.test/app/cmd/app",
    Module("example.test/app", "(devel)"),
    (
        Module("example.test/used", "v1.2.3"),
        Module("example.test/old", "v1.0.0", Module("example.test/fork", "v1.1.0")),
        Module("example.test/local", "v0.1.0", Module("../local", "")),
    ),
    {"-buildmode": "pie", "vcs.revision": "0123abcd"},
)


def read(data: bytes) -> BuildInfo | None:
    return gobuildinfo.read(Elf(Bytes(data)))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("sections", [True, False])
def test_the_inline_layout_is_read_with_and_without_section_headers(
    kind: Kind, *, sections: bool
) -> None:
    parts = [(".go.buildinfo", build_info(b"go1.26.8", TEXT))]
    assert read(elf(parts, kind, sections=sections)) == EXPECTED


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_layout_of_pointers_is_read(kind: Kind) -> None:
    data = pointed_build_info(b"go1.26.8", TEXT, BASE + 4096, kind)
    assert read(elf([(".go.buildinfo", data)], kind)) == EXPECTED


def test_a_command_line_that_was_recorded_is_not_kept() -> None:
    info = read(elf([(".go.buildinfo", build_info(b"go1.26.8", TEXT))]))
    assert "hunter2" not in repr(info)
    assert "secret" not in repr(info)


def test_a_build_without_modules_has_a_version_only() -> None:
    assert read(elf([(".go.buildinfo", build_info(b"go1.19.8", b""))])) == BuildInfo("go1.19.8")


def test_the_mark_counts_only_where_the_linker_would_put_it() -> None:
    assert read(elf([(".data", b"12345678" + build_info(b"go1.26.8", TEXT))])) is None
    assert read(elf([(".text", b"nothing")], sections=False)) is None


def inline(tail: bytes) -> bytes:
    return elf([(".go.buildinfo", b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + tail)])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (inline(varint(1 << 60)), "more than 4096"),
        (inline(varint(4097) + b"g" * 4097), "more than 4096"),
        (inline(b"\x80" * 20), "without an end"),
        (inline(varint(2) + b"go" + varint(1 << 40)), "more than 4194304"),
        (inline(varint(2) + b"go" + varint(1 << 20)), "no 1048576 bytes"),
        (elf([(".go.buildinfo", b"\xff Go buildinf:\x07\x00".ljust(64, b"\0"))]), "of 7 bytes"),
        (
            elf([(".go.buildinfo", pointed_build_info(b"go", TEXT, 1 << 60, LITTLE))]),
            "at address",
        ),
    ],
)
def test_lies_about_sizes_are_malformed(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read(data)


def test_more_lines_or_longer_ones_than_go_writes_are_malformed() -> None:
    with pytest.raises(Malformed, match="lines"):
        gobuildinfo.parse("go1.26", b"dep\ta\tv1\n" * 100_001)
    with pytest.raises(Malformed, match="a line of"):
        gobuildinfo.parse("go1.26", b"dep\t" + b"a" * 5000 + b"\tv1\n")


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_mark_are_malformed_at_most(data: bytes) -> None:
    with suppress(Malformed):
        read(elf([(".go.buildinfo", b"\xff Go buildinf:" + data)]))


@given(st.text(alphabet="pathmodepbuil\t=>\n.v1/\x00é", max_size=200))
def test_any_text_is_parsed(text: str) -> None:
    info = gobuildinfo.parse("go1.26", text.encode())
    assert len(info.modules) <= text.count("dep")
