"""A recording on disk: manifest.json, answers.json.xz, bytes.xz.

A fixture holds memory of a process, so only its owner may read it; it may come from a stranger, so
it is read with bounds.
"""

from __future__ import annotations

import lzma
import os
from typing import TYPE_CHECKING, Any, Final

import orjson

from sensor.errors import FixtureError
from sensor.host.recordingplain import from_plain, to_plain

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.host.recording import Recording

# Of the layout described here; another number is another layout.
FORMAT: Final = 1
# All files together: a fixture is kept in a repository and sent by mail.
MAX_PACKED: Final = 1_500_000
# After unpacking: what an honest look reads (10.7 MB at 11,000 modules), with room.
MAX_BYTES: Final = 64 << 20
MAX_ANSWERS: Final = 32 << 20
# Memory of the unpacker: preset 6 needs 9 MiB.
_MAX_UNPACKER: Final = 64 << 20
_MANIFEST, _ANSWERS, _BYTES = "manifest.json", "answers.json.xz", "bytes.xz"


def write(recording: Recording, manifest: dict[str, Any], directory: Path) -> None:
    """Write a fixture into a directory that is new or empty, readable for the owner only.

    Raises FixtureError when it would be too large or the directory has something in it. The same
    answers give the same files.
    """
    plain, data = to_plain(recording)
    files = {
        _MANIFEST: orjson.dumps({"format": FORMAT, **manifest}, option=orjson.OPT_INDENT_2) + b"\n",
        _ANSWERS: _pack(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)),
        _BYTES: _pack(data),
    }
    size = sum(map(len, files.values()))
    if size > MAX_PACKED:
        raise FixtureError(f"the fixture would have {size} bytes, more than {MAX_PACKED}")
    _require_empty(directory)
    for name, content in files.items():
        _write_new(directory / name, content)


def remove(directory: Path) -> None:
    """Take away what `write` wrote, and the directory if nothing else is in it."""
    for name in (_MANIFEST, _ANSWERS, _BYTES):
        (directory / name).unlink(missing_ok=True)
    if not any(directory.iterdir()):
        directory.rmdir()


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a fixture. Raises FixtureError."""
    found = _json(_bounded(directory / _MANIFEST), _MANIFEST)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FixtureError(f"{directory} is no fixture of format {FORMAT}")
    return found


def read(directory: Path) -> Recording:
    """The recording of a fixture. Raises FixtureError when it is damaged or too large."""
    read_manifest(directory)
    plain = _json(_unpack(_bounded(directory / _ANSWERS), MAX_ANSWERS, _ANSWERS), _ANSWERS)
    data = _unpack(_bounded(directory / _BYTES), MAX_BYTES, _BYTES)
    try:
        return from_plain(plain, data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FixtureError(f"{directory} is damaged: {type(error).__name__}: {error}") from error


def _pack(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=6)


def _unpack(data: bytes, limit: int, name: str) -> bytes:
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_UNPACKER)
        unpacked = unpacker.decompress(data, max_length=limit + 1)
    except lzma.LZMAError as error:
        raise FixtureError(f"{name} is damaged: {error}") from error
    if len(unpacked) > limit:
        raise FixtureError(f"{name} holds more than {limit} bytes")
    if not unpacker.eof:
        raise FixtureError(f"{name} is cut off")
    return unpacked


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PACKED + 1)
    except OSError as error:
        raise FixtureError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_PACKED:
        raise FixtureError(f"{path} has more than {MAX_PACKED} bytes")
    return data


def _json(data: bytes, name: str) -> Any:  # noqa: ANN401 - whatever a stranger wrote
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FixtureError(f"{name} is damaged: {error}") from error


def _require_empty(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise FixtureError(f"{directory} is not empty")
        directory.chmod(0o700)
    except OSError as error:
        raise FixtureError(f"{directory}: {error.strerror}") from error


def _write_new(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
