"""A fixture that anybody has tampered with is read or refused: no other error."""

from __future__ import annotations

import contextlib
import lzma
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import FileRefused, FixtureError
from sensor.host import fixturefile
from sensor.host.recorded import RecordedOpener
from sensor.host.recording import Recording
from sensor.model.process import Arguments, Mapping, ProcessKey

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 1 << 63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def made() -> Recording:
    mapping = Mapping(4096, 8192, "r--p", 0, "fe:00", 7, "/usr/bin/cat")
    recording = Recording(ProcessKey(1, 2), 3.0, "/usr/bin/cat", Arguments("cat"), None, [mapping])
    recording.memory.learn([(4096, 4), (5000, 4)], [b"abcd", None])
    recording.searches[b"x", ((4096, 4096),), 3] = [4100]
    recording.opened["/x"] = {"value": [1, 2, 3, 4, 5, ""]}
    recording.listed["/"] = {"value": [[1, 2, 3, 4, 5, ""], ["x"]]}
    recording.links["/x"] = {"missing": True}
    recording.stats["/x"] = [1, 2, 3, 4, 5, ""]
    return recording


def places(plain: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return the ways to all values inside some JSON."""
    if isinstance(plain, dict):
        inner = list(plain.items())
    elif isinstance(plain, list):
        inner = list(enumerate(plain))
    else:
        inner = []
    return [place for key, value in inner for place in [(*way, key), *places(value, (*way, key))]]


@given(drawn=st.data())
def test_one_value_replaced(drawn: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fixture")
    fixturefile.write(made(), {}, folder)
    answers = orjson.loads(lzma.decompress((folder / "answers.json.xz").read_bytes()))
    *way, last = drawn.draw(st.sampled_from(places(answers)))
    here = answers
    for key in way:
        here = here[key]
    here[last] = drawn.draw(junk)
    (folder / "answers.json.xz").write_bytes(lzma.compress(orjson.dumps(answers)))
    with contextlib.suppress(FixtureError):
        ask_everything(folder)


@given(data=st.binary(max_size=200), name=st.sampled_from(["answers.json.xz", "bytes.xz"]))
def test_any_bytes(data: bytes, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fixture")
    fixturefile.write(made(), {}, folder)
    (folder / name).write_bytes(data)
    with contextlib.suppress(FixtureError):
        ask_everything(folder)
        raise AssertionError("these bytes are no xz file")


def ask_everything(folder: Path) -> None:
    """Ask what the recording of `made` knows."""
    opener = RecordedOpener(fixturefile.read(folder))
    with opener.open_process(opener.only) as process:
        process.read([(4096, 4), (5000, 4)])
        process.find(b"x", [(4096, 4096)], limit=3)
        process.files.stat_many(["/x"])
        for ask in (process.files.open, process.files.list_dir, process.files.read_link):
            with contextlib.suppress(FileRefused):
                ask("/x" if ask != process.files.list_dir else "/")
