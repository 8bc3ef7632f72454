"""Fixtures come from strangers: a damaged, huge or foreign one is an error within its bound."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.errors import FixtureError
from sensor.host import fixturefile
from sensor.host.recording import Recording
from sensor.host.recordingplain import to_plain
from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("manifest.json", "answers.json.xz", "bytes.xz")


def recording() -> Recording:
    """Return a small recording with something of each kind."""
    made = Recording(
        key=ProcessKey(42, 1000),
        at=1_700_000_000.5,
        exe="/usr/bin/cat",
        arguments=Arguments("cat", "", "a.jar", ""),
        memory_gap=None,
        maps=[Mapping(4096, 8192, "r--p", 0, "fe:00", 7, "/usr/bin/cat")],
        descriptors=[Descriptor(0, "/dev/null")],
    )
    made.memory.learn([(4096, 4), (5000, 4), (4100, 4)], [b"abcd", None, b"efgh"])
    made.searches[b"\xff", ((4096, 4096),), 3] = [4100]
    made.opened["/x"] = {"value": [1, 2, 3, 4, 5, ""]}
    made.stats["/y"] = None
    made.contents["5.1.2.3.4"] = type(made.memory)()
    made.contents["5.1.2.3.4"].learn([(0, 2)], [b"hi"])
    return made


def packed(data: Any) -> bytes:  # noqa: ANN401 - any JSON
    return lzma.compress(orjson.dumps(data))


@pytest.fixture
def fixture(tmp_path: Path) -> Path:
    """Return a fixture on disk."""
    fixturefile.write(recording(), {"kernel": "6.1"}, tmp_path / "fixture")
    return tmp_path / "fixture"


def test_what_is_written_is_read(fixture: Path) -> None:
    assert fixturefile.read_manifest(fixture) == {"format": 1, "kernel": "6.1"}
    plain, data = to_plain(fixturefile.read(fixture))
    expected, expected_data = to_plain(recording())
    assert orjson.dumps(plain) == orjson.dumps(expected)
    assert data == expected_data == b"abcdefghhi"


def test_only_the_owner_may_read_it_and_the_same_answers_are_the_same_bytes(
    fixture: Path, tmp_path: Path
) -> None:
    assert fixture.stat().st_mode & 0o777 == 0o700
    fixturefile.write(recording(), {"kernel": "6.1"}, tmp_path / "again")
    for name in NAMES:
        assert (fixture / name).stat().st_mode & 0o777 == 0o600
        assert (fixture / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_directory_with_something_in_it_is_left_alone(fixture: Path) -> None:
    with pytest.raises(FixtureError, match="not empty"):
        fixturefile.write(recording(), {}, fixture)
    fixturefile.remove(fixture)
    assert not fixture.exists()


def test_a_large_fixture_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixturefile, "MAX_PACKED", 100)
    with pytest.raises(FixtureError, match="more than 100"):
        fixturefile.write(recording(), {}, tmp_path / "fixture")
    assert not (tmp_path / "fixture").exists()


def test_what_is_no_fixture(tmp_path: Path) -> None:
    with pytest.raises(FixtureError, match="No such file"):
        fixturefile.read(tmp_path)
    for manifest in (b"{}", b"[]", b'{"format": 2}', b"{", b"\xff"):
        (tmp_path / "manifest.json").write_bytes(manifest)
        with pytest.raises(FixtureError):
            fixturefile.read(tmp_path)


@pytest.mark.parametrize("name", NAMES[1:])
@pytest.mark.parametrize("cut", [0, 1, 20, -1])
def test_a_file_that_is_cut_off(fixture: Path, name: str, cut: int) -> None:
    data = (fixture / name).read_bytes()
    (fixture / name).write_bytes(data[:cut])
    with pytest.raises(FixtureError):
        fixturefile.read(fixture)


def test_a_bomb_is_not_unpacked(fixture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixturefile, "MAX_BYTES", 1 << 20)
    (fixture / "bytes.xz").write_bytes(lzma.compress(bytes(64 << 20)))
    with pytest.raises(FixtureError, match="more than 1048576"):
        fixturefile.read(fixture)
    (fixture / "bytes.xz").write_bytes(lzma.compress(b"needs 65 MiB", preset=9))
    with pytest.raises(FixtureError, match="Memory usage limit"):
        fixturefile.read(fixture)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("process",), {}),
        (("process", "maps"), [[1, 2]]),
        (("process", "arguments"), {"secret": "x"}),
        (("process", "descriptors"), [1]),
        (("memory", "known"), [[0, 1 << 60]]),
        (("memory", "known"), [[0, -1]]),
        (("memory", "known"), [[0, 4]]),
        (("memory", "absent"), [1]),
        (("searches",), [{"pattern": "zz", "ranges": [], "limit": 1, "hits": []}]),
        (("contents",), []),
        (("stats",), 3),
        (("stats", "/y"), [1, 2, 3]),
        (("opened", "/x"), 3),
        (("opened", "/x"), {"value": ["1", 2, 3, 4, 5, ""]}),
        (("opened", "/x"), {"value": "/x"}),
        (("opened", "/x"), {"refused": 7}),
        (("links", "/x"), {"value": 7}),
        (("listed", "/x"), {"value": [[1, 2, 3, 4, 5, ""], [7]]}),
        (("listed", "/x"), {"other": 7}),
    ],
)
def test_damaged_answers(fixture: Path, path: tuple[str, ...], value: object) -> None:
    answers = orjson.loads(lzma.decompress((fixture / "answers.json.xz").read_bytes()))
    here = answers
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = value
    (fixture / "answers.json.xz").write_bytes(packed(answers))
    with pytest.raises(FixtureError, match="damaged"):
        fixturefile.read(fixture)


@pytest.mark.parametrize("answers", [[], 1, "x", None, {}])
def test_answers_of_another_kind(fixture: Path, answers: object) -> None:
    (fixture / "answers.json.xz").write_bytes(packed(answers))
    with pytest.raises(FixtureError, match="damaged"):
        fixturefile.read(fixture)
