"""Sinks of our own facts: what is written, with which mode, and never half of a report."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.report import linesink
from sensor.report.linesink import FileSink, FileUnusable, StreamSink
from sensor.report.sink import Retry
from tests.support import schema
from tests.support.batches import batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def decoded(data: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in data.splitlines()]


def test_a_stream_gets_whole_reports() -> None:
    stream = io.BytesIO()
    sink = StreamSink(stream)
    sink.send(batch())
    sink.send(batch())
    sink.close()
    lines = decoded(stream.getvalue())
    for line in lines:
        schema.check(line)
    assert [line["type"] for line in lines].count("report") == 2
    assert lines[-1]["type"] == "report"


def test_a_report_of_many_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, blocks = io.BytesIO(), io.BytesIO()
    StreamSink(whole).send(batch())
    monkeypatch.setattr(linesink, "BLOCK", 100)
    StreamSink(blocks).send(batch())
    assert whole.getvalue() == blocks.getvalue()


def test_a_stream_that_is_full_is_tried_again() -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(Retry, match="No space"):  # noqa: PTH123
        StreamSink(full).send(batch())


def test_a_reader_that_went_away_is_told_as_such() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as pipe, pytest.raises(BrokenPipeError):
        StreamSink(pipe).send(batch())


def test_a_file_is_ours_alone_and_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    for _ in range(2):
        sink = FileSink(path)
        sink.send(batch())
        sink.close()
        sink.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line["type"] for line in decoded(path.read_bytes())].count("report") == 2


def test_a_large_file_makes_room_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    sink = FileSink(path, max_bytes=1000)
    for _ in range(5):
        sink.send(batch())
    sink.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["facts", "facts.1"]
    assert [line["type"] for line in decoded(path.read_bytes())].count("report") == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_of_a_report_that_does_not_fit_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "facts"
    sink = FileSink(path)
    sink.send(batch())
    before = path.read_bytes()
    monkeypatch.setattr(linesink, "BLOCK", 100)
    monkeypatch.setattr(os, "write", failing_after(3, os.write))
    with pytest.raises(Retry, match="No space left"):
        sink.send(batch())
    assert path.read_bytes() == before
    monkeypatch.undo()
    sink.send(batch())
    assert path.read_bytes() == before * 2
    sink.close()


def failing_after(times: int, real: Callable[[int, memoryview], int]) -> Callable[..., int]:
    """Write a few bytes so often, then as a full disk."""
    left = [times]

    def write(handle: int, data: memoryview) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, os.strerror(28))
        return real(handle, data[:10])

    return write


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="No such file") as caught:
        FileSink(tmp_path / "no" / "facts")
    assert "--sink file:PATH" in caught.value.help
    with pytest.raises(FileUnusable):
        FileSink(tmp_path)


def test_links_and_pipes_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(FileUnusable):
            FileSink(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_cannot_be_renewed_is_tried_again(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    sink = FileSink(room / "facts", max_bytes=10)
    sink.send(batch())
    (room / "facts").unlink()
    room.rmdir()
    with pytest.raises(Retry):
        sink.send(batch())
    room.mkdir()
    sink.send(batch())
    assert decoded((room / "facts").read_bytes())[-1]["type"] == "report"
    sink.close()
