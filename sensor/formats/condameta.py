"""conda-meta/NAME-VERSION-BUILD.json: what conda installed into an environment, and its files.

Written by conda and mamba for each package (conda's PrefixRecord). Only what is asked for is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import orjson

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

# The largest seen, of a compiler with 20,000 files, has 9 MB.
MAX_BYTES = 32 << 20
MAX_FILES = 200_000

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!~-]{0,198}")


class Record(NamedTuple):
    """One installed package. `files` are relative to the environment."""

    name: str
    version: str
    build: str
    subdir: str
    channel: str
    files: list[str]


def record(data: bytes) -> Record:
    """Read one file of conda-meta. Raises Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"conda-meta: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("conda-meta is no object")
    files = value.get("files")
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise Malformed("conda-meta without a list of files, or with too many")
    name, version = _word(value, "name"), _word(value, "version")
    if not name or not version:
        raise Malformed("conda-meta without name or version")
    # The channel is a URL or a name; its last part but the platform's is how people call it.
    channel = _word({"channel": _last(value.get("channel"), value.get("subdir"))}, "channel")
    build, subdir = _word(value, "build"), _word(value, "subdir")
    paths = [path for path in files if isinstance(path, str)]
    return Record(name, version, build, subdir, channel, paths)


def _word(value: Mapping[str, object], key: str) -> str:
    """A field that is one plain word; "" when it is anything else."""
    found = value.get(key)
    return found if isinstance(found, str) and _WORD.fullmatch(found) else ""


def _last(channel: object, subdir: object) -> str:
    parts = [part for part in str(channel or "").split("/") if part and part != subdir]
    return parts[-1] if parts else ""
