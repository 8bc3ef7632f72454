"""What is kept of archives: once for each content, small, in slices, bounded."""

from __future__ import annotations

import gc
import hashlib
import io
import random
import struct
import tracemalloc
import zipfile

import pytest

from sensor.formats import jar as jar_format
from sensor.host.cache import FileCache
from sensor.model.budget import Meter
from sensor.model.file import FileId
from sensor.resolvers.java import index, proof
from sensor.resolvers.java.archive import Place
from sensor.resolvers.java.archivereasons import Reason
from tests.support.jarmade import (
    HOME,
    JDK,
    WEB,
    JavaProcess,
    JsonCache,
    gaps,
    jar,
    joined,
    loader,
    packages,
    purls,
)
from tests.support.tree import TreeFile, zipped

# The largest program that was measured: Spark 3.5.
ARCHIVES, CLASSES = 252, 128_000
# A node's index of it may take so much memory.
RESIDENT = 8 << 20


def file(data: bytes, number: int = 1) -> TreeFile:
    return TreeFile("/x.jar", FileId(number, len(data), 1, 1, 1), data, Meter())


def directory(names: list[str]) -> bytes:
    """An archive that is nothing but a directory of classes (PKWARE APPNOTE 4.3.12, 4.3.16)."""
    head = struct.Struct("<4s6H3L5H2L")
    data = b"".join(
        head.pack(*(b"PK\x01\x02", 20, 20, 0, 8, 0, 0), *(0, 9, 9, len(n) + 6, 0, 0, 0, 0, 0, 0))
        + f"{n}.class".encode()
        for n in names
    )
    end = (b"PK\x05\x06", 0, 0, len(names), len(names), len(data), 0, 0)
    return data + struct.pack("<4s4H2LH", *end)


def noise(size: int) -> bytes:
    """Bytes that no packing makes smaller."""
    return random.Random(1).randbytes(size)  # noqa: S311 - not for secrets


def never() -> bool:
    return False


def test_252_archives_with_128000_classes_take_less_than_8_mb() -> None:
    each = CLASSES // ARCHIVES
    cache = FileCache()
    names = [
        [f"org/lib{lib}/part{n % 30}/Class{n}" for n in range(each)] for lib in range(ARCHIVES)
    ]
    files = [file(directory(listed), number) for number, listed in enumerate(names)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for one in files:
            assert index.read(one, cache, never)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert used < RESIDENT
    # As JSON, which is what the cache counts.
    assert cache.bytes < 2 << 20
    assert {s.evicted for s in cache.statistics.values()} == {0}


def test_what_is_kept_survives_json_and_holds_every_class() -> None:
    cache = JsonCache()
    names = [f"org/x/C{number}" for number in range(1000)]
    one = file(jar(*names, "org/x/C1", pom="g:a:1"))
    assert index.read(one, cache, never)
    (held,) = index.held(cache, one.id) or []
    assert set(index.hashes(held.entry)) == set(index.hashed(map(str.encode, names)))
    assert held.entry["top"] == "org/x"


def test_a_second_container_reads_nothing_of_it() -> None:
    files = {**JDK, "/lib/a.jar": jar("org/a/A", pom="org.a:a:1")}
    process, cache = JavaProcess(files, "/lib/a.jar"), JsonCache()
    first = joined(process, loader("org/a/A"), cache=cache)
    process.files.forget()
    second = joined(process, loader("org/a/A"), cache=cache)
    assert second == first
    # These two are opened to know which they are; nothing of them is read.
    assert process.files.opened == [f"{HOME}/lib/modules", f"{HOME}/release"]


def test_a_look_in_the_smallest_slices_says_the_same() -> None:
    nested = {f"BOOT-INF/lib/n{n}.jar": jar(f"n{n}/N", pom=f"n:n{n}:1") for n in range(5)}
    files = {
        **JDK,
        "/fat.jar": jar("l/L", pom="shop:shop:1", more={**nested}),
        **{f"/lib/j{n}.jar": jar(f"j{n}/J", pom=f"j:j{n}:1") for n in range(5)},
    }
    path = ":".join(["/fat.jar", *(f"/lib/j{n}.jar" for n in range(5))])
    app = loader("l/L", *(f"j{n}/J" for n in range(5)))
    own = loader(*(f"n{n}/N" for n in range(5)), kind="boot/Loader", address=2)
    whole = joined(JavaProcess(files, path), app, own)
    assert len(purls(whole)) == 11
    assert joined(JavaProcess(files, path), app, own, seconds=0.0005) == whole


def test_an_archive_nested_too_deep_is_said() -> None:
    data = jar("deep/Deep")
    for _ in range(index.MAX_DEPTH + 2):
        data = zipped({"lib/x.jar": data})
    found = joined(JavaProcess({**JDK, "/x.jar": data}, "/x.jar"), loader("deep/Deep"))
    assert purls(found) == []
    assert any(index.TOO_DEEP in detail for detail in gaps(found)[Reason.PARTLY])
    assert not found.complete


def test_more_nested_archives_than_the_bound_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jar_format, "MAX_NESTED", 3)
    data = zipped({f"lib/{n}.jar": jar(f"n{n}/N", pom=f"n:n{n}:1") for n in range(5)})
    process = JavaProcess({**JDK, "/x.war": data}, open_files=["/x.war"])
    found = joined(process, loader("n0/N", kind=WEB))
    assert purls(found) == ["n/n0@1"]
    assert gaps(found)[Reason.PARTLY] == [f"/x.war: {index.TOO_MANY}"]


def test_what_would_have_to_be_unpacked_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_UNPACKED", 2000)
    one = jar("n/N", pom="n:n:1", more={"noise": noise(1500)})
    data = zipped({f"lib/{n}.jar": one for n in range(4)})
    process = JavaProcess({**JDK, "/x.war": data}, open_files=["/x.war"])
    found = joined(process, loader("n/N", kind=WEB))
    assert any(index.TOO_LARGE in detail for detail in gaps(found)[Reason.PARTLY])


def test_200_packed_archives_of_100_mb_each_cost_little() -> None:
    inner = zipped({"a/A.class": b"\0" * (20 << 20)})
    data = zipped({f"BOOT-INF/lib/{n}.jar": inner for n in range(200)})
    one, cache = file(data), FileCache()
    assert index.read(one, cache, never)
    assert len(index.held(cache, one.id) or []) == 201
    assert cache.bytes < 200_000


def test_a_member_that_is_encrypted_is_no_archive() -> None:
    data = bytearray(zipped({"lib/a.jar": jar("a/A")}))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    one, cache = file(bytes(data)), FileCache()
    assert index.read(one, cache, never)
    assert [held.inside for held in index.held(cache, one.id) or []] == [""]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("groupId=g\nartifactId=a\nversion=1\n", [["g", "a", "1", ""]]),
        ("groupId=g\nartifactId=a\n", [["g", "a", "", ""]]),
        ("artifactId=a\nversion=1\n", []),
        ("groupId=g\nartifactId=/\nversion=1\n", []),
        ("groupId=g/../x\nartifactId=a\nversion=1\n", []),
        ("groupId=g\nartifactId=a b\nversion=1\n", []),
        ("groupId=g\nartifactId=a\nversion=1@x\n", []),
        ("groupId=g\nartifactId=a\nversion=${project.version}\n", []),
        ("groupId=" + "g" * 100_000 + "\nartifactId=a\nversion=1\n", [["g" * 1000, "a", "1", ""]]),
        ("x" * 300_000, []),
    ],
)
def test_what_a_pom_may_say(text: str, kept: list[list[str]]) -> None:
    one, cache = file(zipped({"META-INF/maven/g/a/pom.properties": text})), FileCache()
    assert index.read(one, cache, never)
    (held,) = index.held(cache, one.id) or []
    assert held.entry["poms"] == kept


def test_what_proved_it_in_one_process_does_not_make_it_less_in_the_next() -> None:
    files = {**JDK, "/lib/a.jar": jar("org/a/A", "org/a/B", pom="org.a:a:1")}
    process, cache = JavaProcess(files, "/lib/a.jar"), JsonCache()
    only_loaded = loader("org/a/A", initialized=False)
    first = joined(process, only_loaded, cache=cache)
    ran = loader("org/a/B", address=2, kind="x/Own")
    second = joined(process, only_loaded, ran, cache=cache)
    depths = [one.depth for found in (first, second) for one in packages(found)]
    assert depths == ["loaded", "initialized"]


def test_the_sha1_is_that_of_the_file_and_of_the_nested_archive() -> None:
    inner = jar("n/N", pom="n:n:1")
    outer = jar("o/O", pom="o:o:1", more={"lib/n.jar": inner})
    process = JavaProcess({**JDK, "/o.jar": outer}, "/o.jar")
    found = joined(process, loader("o/O"), loader("n/N", kind="x/Own", address=2))
    hashes = {one.name: one.sha1 for one in packages(found)}
    assert hashes == {"n": sha1(inner), "o": sha1(outer)}


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def test_a_hash_is_taken_in_steps_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "STEP", 1000)
    data = jar("a/A", more={"noise": noise(10_000)})
    process, cache = JavaProcess({"/a.jar": data}), FileCache()
    with process.files.open("/a.jar") as one:
        assert index.read(one, cache, never)
        place = Place("/a.jar", one.id)
    answers: list[proof.Proof | None] = []
    turns = iter([False, False, True] * 1000)
    while not answers or answers[-1] is None:
        answers.append(proof.prove(process.files, place, ["a/A"], cache, lambda: next(turns)))
    assert len(answers) > 3
    assert answers[-1] == proof.Proof("a/A", sha1(data))


def test_a_file_too_large_to_hash_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MAX_HASHED", 10)
    process = JavaProcess({**JDK, "/a.jar": jar("a/A", pom="a:a:1")}, "/a.jar")
    found = joined(process, loader("a/A"))
    assert [one.sha1 for one in packages(found)] == [None]
    assert gaps(found) == {Reason.NOT_HASHED: ["/a.jar"]}
    assert found.complete


def test_a_hash_that_lies_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the names of two classes had one hash: a name is looked for in the archive itself.
    process = JavaProcess({**JDK, "/a.jar": jar("a/A", pom="a:a:1")}, "/a.jar")
    monkeypatch.setattr(index, "hash", len, raising=False)
    monkeypatch.setattr("sensor.resolvers.java.join.hash", len, raising=False)
    found = joined(process, loader("b/B"))
    assert purls(found) == []
    assert gaps(found) == {Reason.UNPROVEN: ["/a.jar"]}
    assert not found.complete


def test_a_file_that_is_replaced_while_we_look_is_a_gap() -> None:
    process = JavaProcess({**JDK, "/a.jar": jar("a/A", pom="a:a:1")}, "/a.jar")
    cache = JsonCache()
    opened = process.files.open

    def replaced(path: str) -> TreeFile:
        if path == "/a.jar" and cache.get(index.KIND, process.files.stat_many([path])[0]):  # type: ignore[arg-type]
            process.files.files[path] = jar("a/A", pom="a:a:2")
        return opened(path)

    process.files.open = replaced  # type: ignore[method-assign]
    found = joined(process, loader("a/A"), cache=cache)
    assert purls(found) == []
    assert list(gaps(found)) == [Reason.REFUSED]


def test_names_of_a_directory_are_read_as_they_lie() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name in ("z.jar", "a.jar", "m.jar"):
            out.writestr(f"lib/{name}", jar("x/X"))
    one, cache = file(buffer.getvalue()), FileCache()
    assert index.read(one, cache, never)
    found = [held.inside for held in index.held(cache, one.id) or []]
    assert found == ["", "lib/z.jar", "lib/a.jar", "lib/m.jar"]
