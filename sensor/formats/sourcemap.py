"""Source maps: the names of the files that were put into a bundle.

ECMA-426 (source map format, version 3): `sources`, `sourceRoot`, and `sections` of maps. Mappings
and contents are not looked at.
"""

from __future__ import annotations

from typing import Any

import orjson

from sensor.errors import Malformed

# Decoding takes 5 ms for each MiB. Server bundles of a hundred packages have maps of 1 to 5 MiB.
MAX_BYTES = 8 << 20
MAX_SOURCES = 50_000
MAX_SECTIONS = 1_000
MAX_NAME = 4096


def sources(data: bytes) -> list[str]:
    """The names of all sources, as written, the root before each. Raises Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"source map of {len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"source map: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("source map is no object")
    found = [name for part in _parts(value) for name in _names(part)]
    if len(found) > MAX_SOURCES:
        raise Malformed(f"source map of {len(found)} sources, more than {MAX_SOURCES}")
    return found


def _parts(value: dict[str, Any]) -> list[dict[str, Any]]:
    sections = value.get("sections")
    if not isinstance(sections, list):
        return [value]
    if len(sections) > MAX_SECTIONS:
        raise Malformed(f"source map of {len(sections)} sections, more than {MAX_SECTIONS}")
    maps = (section.get("map") for section in sections if isinstance(section, dict))
    return [part for part in maps if isinstance(part, dict)]


def _names(part: dict[str, Any]) -> list[str]:
    names, root = part.get("sources"), part.get("sourceRoot")
    if not isinstance(names, list):
        raise Malformed("source map without sources")
    begin = f"{root.rstrip('/')}/" if isinstance(root, str) and 0 < len(root) <= MAX_NAME else ""
    return [begin + name for name in names if isinstance(name, str) and len(name) <= MAX_NAME]
