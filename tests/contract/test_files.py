"""What every Process says about files."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from sensor.errors import FileMissing, FileRefused
from tests.support.child import Child, started

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.host.seam import Process
    from sensor.model.process import Mapping
    from tests.contract.conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one of each kind."""
    made = tmp_path / "folder"
    made.mkdir()
    (made / "file").write_bytes(b"0123456789")
    (made / "empty").write_bytes(b"")
    (made / "link").symlink_to("file")
    (made / "loop").symlink_to("loop")
    os.mkfifo(made / "fifo")
    return made


def test_reads_exact_ranges_of_a_file(run: Run, child: Child, folder: Path) -> None:
    def ask(process: Process, _: Child) -> None:
        with process.files.open(f"{folder}/link") as file:
            assert file.path == f"{folder}/link"
            assert file.size == 10
            ranges = [(8, 2), (0, 3), (0, 10), (8, 3), (-1, 2), (0, -1), (11, 0), (10, 0)]
            expected = [b"89", b"012", b"0123456789", None, None, None, None, b""]
            assert file.read(ranges) == expected
        with process.files.open(f"{folder}/empty") as file:
            assert (file.size, file.read([(0, 0), (0, 1)])) == (0, [b"", None])

    run(ask, child)


def test_identity_is_of_the_file_not_of_its_name(run: Run, child: Child, folder: Path) -> None:
    def ask(process: Process, _: Child) -> None:
        by_link, by_name, missing, of_folder, fifo = process.files.stat_many(
            [f"{folder}/{name}" for name in ("link", "file", "nope", ".", "fifo")]
        )
        found = (folder / "file").stat()
        assert by_link == by_name
        assert by_name is not None
        assert (by_name.ino, by_name.size) == (found.st_ino, 10)
        assert (by_name.mtime_ns, by_name.ctime_ns) == (found.st_mtime_ns, found.st_ctime_ns)
        assert missing is fifo is None
        assert of_folder is not None
        with process.files.open(f"{folder}/file") as file:
            assert file.id == by_name

    run(ask, child)


@pytest.mark.parametrize("name", ["nope", "nope/file", "file/below", "file/", ""])
def test_what_is_missing(run: Run, child: Child, folder: Path, name: str) -> None:
    def ask(process: Process, _: Child) -> None:
        kind: type[FileRefused] = FileMissing if name else FileRefused
        with pytest.raises(kind) as error:
            process.files.open(f"{folder}/{name}")
        assert error.value.path == f"{folder}/{name}"

    run(ask, child)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("{}/fifo", "not a regular file"),
        ("{}", "not a regular file"),
        ("/dev/null", "not a regular file"),
        ("{}/loop", "too many links"),
        ("{}/" + "n" * 256, "name too long"),
        ("/proc/version", "pseudo file system"),
        ("relative", "not an absolute path"),
        ("{}/file\0", "not a path"),
        ("{}/\ud800", "not a path"),
    ],
)
def test_what_is_refused(run: Run, child: Child, folder: Path, path: str, reason: str) -> None:
    def ask(process: Process, _: Child) -> None:
        with pytest.raises(FileRefused) as error:
            process.files.open(path.format(folder))
        assert error.value.reason == reason

    run(ask, child)


def test_lists_a_folder(run: Run, child: Child, folder: Path) -> None:
    (folder / os.fsdecode(b"latin-\xe9")).write_bytes(b"")

    def ask(process: Process, _: Child) -> None:
        identity, names = process.files.list_dir(str(folder))
        assert names == ["empty", "fifo", "file", "latin-\uefe9", "link", "loop"]
        assert [identity] == process.files.stat_many([str(folder)])
        with process.files.open(f"{folder}/latin-\uefe9") as file:
            assert file.size == 0
        with pytest.raises(FileRefused, match="not a directory"):
            process.files.list_dir(f"{folder}/file")
        with pytest.raises(FileMissing):
            process.files.list_dir(f"{folder}/nope")

    run(ask, child)


def test_reads_links_without_following(run: Run, child: Child, folder: Path) -> None:
    def ask(process: Process, _: Child) -> None:
        assert process.files.read_link(f"{folder}/link") == "file"
        assert process.files.read_link(f"{folder}/loop") == "loop"
        assert process.files.read_link(f"{folder}/file") is None
        with pytest.raises(FileMissing):
            process.files.read_link(f"{folder}/nope")

    run(ask, child)


def test_opens_the_very_file_that_is_mapped(run: Run, folder: Path) -> None:
    """A file with a newline, one that is deleted and one that is replaced while mapped."""
    for name in ("new\nline", "deleted", "replaced"):
        (folder / name).write_text(name)
    with started(*(f"{folder}/{name}" for name in ("new\nline", "deleted", "replaced"))) as child:
        (folder / "deleted").unlink()
        (folder / "other").write_text("other")
        (folder / "other").rename(folder / "replaced")

        def ask(process: Process, _: Child) -> None:
            with process.files.open_mapped(_mapping(process, f"{folder}/new\nline")) as file:
                assert file.path == f"{folder}/new\nline"
                assert file.read([(0, 8)]) == [b"new\nline"]
            for name in ("deleted", "replaced"):
                mapping = _mapping(process, f"{folder}/{name}")
                assert mapping.deleted
                _same_or_refused(process, mapping, name)
            with pytest.raises(FileRefused, match="not a file"):
                process.files.open_mapped(_mapping(process, "[stack]"))

        run(ask, child)


def _mapping(process: Process, path: str) -> Mapping:
    return next(mapping for mapping in process.maps() if mapping.path == path)


def _same_or_refused(process: Process, mapping: Mapping, content: str) -> None:
    """With the right to use map_files the deleted file can be had, else it is refused."""
    with (
        contextlib.suppress(FileRefused),
        process.files.open_mapped(mapping) as file,
    ):
        assert file.read([(0, len(content))]) == [content.encode()]


def test_cost_of_files_is_counted(run: Run, child: Child, folder: Path) -> None:
    def ask(process: Process, _: Child) -> None:
        calls, size = process.meter.calls, process.meter.bytes
        with process.files.open(f"{folder}/file") as file:
            file.read([(0, 10)])
        assert process.meter.calls > calls
        assert process.meter.bytes >= size + 10

    run(ask, child)
