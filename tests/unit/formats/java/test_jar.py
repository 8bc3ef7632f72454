"""What is in a JAR, against Python's zipfile and against archives made to harm."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import jar, zipdir
from sensor.formats.source import Bytes, Part
from tests.support.tree import zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sensor.formats.source import Range

FILES: dict[str, str | bytes] = {
    "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n",
    "META-INF/maven/g/a/pom.properties": "groupId=g\nartifactId=a\nversion=1\n",
    "META-INF/versions/11/org/x/Newer.class": "",
    "META-INF/versions/x/org/x/Not.class": "",
    "META-INF/services/org.x.Y": "",
    "org/x/A.class": "",
    "org/x/A$B.class": "",
    "WEB-INF/classes/shop/Web.class": "",
    "BOOT-INF/classes/shop/Boot.class": "",
    "BOOT-INF/classpath.idx": '- "BOOT-INF/lib/i.jar"\n',
    "BOOT-INF/lib/i.jar": zipped({"in/Side.class": b"x" * 1000}),
}


def contents(data: bytes) -> jar.Contents:
    return jar.contents(Bytes(data))


def names(data: bytes) -> list[str]:
    return [name.decode() for name in contents(data).classes]


def stored(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return buffer.getvalue()


def test_names_are_those_that_loaders_ask_for() -> None:
    found = contents(zipped(FILES))
    assert sorted(found.classes) == sorted(
        [b"org/x/A", b"org/x/A$B", b"org/x/Newer", b"shop/Boot", b"shop/Web"]
    )
    assert list(found.nested) == ["BOOT-INF/lib/i.jar"]
    assert list(found.poms) == ["META-INF/maven/g/a/pom.properties"]
    assert found.manifest is not None
    assert found.order is not None
    assert not found.truncated


def test_the_directory_alone_is_read() -> None:
    data = zipped({"a/A.class": b"\0" * 1_000_000, "META-INF/MANIFEST.MF": "A: b\n"})
    read: list[Range] = []

    class Counting(Bytes):
        def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
            read.extend(ranges)
            return super().read(ranges)

    assert jar.contents(Counting(data)).classes == [b"a/A"]
    # The end record with the longest comment that one may have, then the directory itself.
    assert len(read) == 2
    assert read[1][1] < 200


def test_all_names_are_those_of_zipfile() -> None:
    data = zipped({f"p{number}/C{number}.class": b"" for number in range(3000)})
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert names(data) == sorted(n.removesuffix(".class") for n in theirs.namelist())


def test_a_line_break_in_a_name_makes_no_further_name() -> None:
    written = ["a/B\nc/D", "e/F"]
    assert names(zipped({f"{name}.class": "" for name in written})) == written


@pytest.mark.parametrize("make", [zipped, stored])
def test_an_archive_in_an_archive(make: Callable[[dict[str, str | bytes]], bytes]) -> None:
    inner = zipped({"in/Side.class": b"x" * 1000})
    data = make({"lib/i.jar": inner})
    (member,) = contents(data).nested.values()
    source = jar.nested(Bytes(data), member)
    assert jar.contents(source).classes == [b"in/Side"]
    assert source.size == len(inner)
    # A stored one is read in place.
    assert isinstance(source, Part) == (make is stored)


def test_a_stored_archive_is_not_read_past_its_end() -> None:
    inner = zipped({"a.class": b""})
    data = stored({"i.jar": inner, "behind": b"secret"})
    (member,) = contents(data).nested.values()
    source = jar.nested(Bytes(data), member)
    assert source.read([(0, len(inner)), (0, len(inner) + 1), (-1, 2), (len(inner), 0)]) == [
        inner,
        None,
        None,
        b"",
    ]


def test_a_part_that_leaves_its_source_is_refused() -> None:
    with pytest.raises(Malformed):
        Part(Bytes(b"abc"), 1, 3)


def test_a_manifest_that_inflates_without_end_is_refused() -> None:
    data = zipped({"META-INF/MANIFEST.MF": b"A: " + b"x" * (50 << 20)})
    member = contents(data).manifest
    assert member is not None
    with pytest.raises(Malformed):
        jar.metadata(Bytes(data), member)


def test_a_nested_archive_that_says_it_is_small_is_cut() -> None:
    data = bytearray(zipped({"i.jar": b"\0" * (70 << 20)}))
    struct.pack_into("<L", data, data.find(b"PK\x01\x02") + 24, 1000)
    (member,) = contents(bytes(data)).nested.values()
    with pytest.raises(Malformed):
        jar.nested(Bytes(bytes(data)), member)


def test_more_nested_archives_than_the_bound() -> None:
    found = contents(stored({f"{number}.jar": b"" for number in range(jar.MAX_NESTED + 1)}))
    assert len(found.nested) == jar.MAX_NESTED
    assert found.truncated


def test_more_entries_than_the_bound() -> None:
    data = bytearray(stored({"a.class": b""}))
    end = data.rfind(b"PK\x05\x06")
    struct.pack_into("<2H", data, end + 8, 0xFFFF, 0xFFFF)
    with pytest.raises(Malformed):
        contents(bytes(data))


@given(st.data())
def test_a_damaged_archive_is_malformed_or_read(data: st.DataObject) -> None:
    raw = bytearray(zipped(FILES))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        found = contents(damaged)
        for member in (*found.poms.values(), *found.nested.values()):
            jar.nested(Bytes(damaged), member)
            jar.metadata(Bytes(damaged), member)
    except Malformed:
        return
    assert all(isinstance(name, bytes) for name in found.classes)


@given(st.binary(max_size=300), st.integers(0, 20))
def test_a_directory_of_noise(noise: bytes, count: int) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(noise), 0, 0)
    try:
        found = contents(noise + end)
    except Malformed:
        return
    assert len(found.classes) <= count
    assert zipdir.directory(Bytes(noise + end)).entries == count


def test_a_class_is_found_by_the_name_that_loaders_use() -> None:
    data = zipped({**FILES, "x/org/x/A.class": "", "org/x/A.class.bak": "", "lib/Main.class": ""})
    found = zipdir.directory(Bytes(data))
    for name in names(data):
        assert jar.has_class(found, name)
    for name in ("x/A", "A", "org/x/Not", "org/x/A$", "Main", "", "x" * 100_000):
        assert not jar.has_class(found, name)


@given(st.lists(st.text("abM/-INFversions1BOT.", max_size=12), max_size=6))
def test_a_class_is_found_if_and_only_if_it_is_listed(written: list[str]) -> None:
    data = zipped({f"{name}.class": "" for name in written})
    found, classes = zipdir.directory(Bytes(data)), set(names(data))
    for name in {*written, *(name.partition("/")[2] for name in written), *classes}:
        assert jar.has_class(found, name) == (name in classes), name
