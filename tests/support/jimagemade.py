"""A made-up image of a JDK (jimage), as jlink writes it."""

from __future__ import annotations

import struct

ENTRIES = (
    ("java.base", "java/lang", "Object", "class"),
    ("java.base", "java/lang", "String", "class"),
    ("java.base", "java/util", "Map", "class"),
    ("java.base", "sun/util", "names", "properties"),
    ("java.base", "", "module-info", "class"),
    ("java.sql", "java/sql", "Driver", "class"),
)


def image(
    entries: tuple[tuple[str, str, str, str], ...] = ENTRIES,
    order: str = "<",
    kinds: tuple[int, ...] = (1, 2, 3, 4),
) -> bytes:
    """Write as jdk.tools.jlink.internal does: offsets of strings, attributes of locations."""
    strings = b"\0"
    offsets: dict[str, int] = {"": 0}
    for text in (word for entry in entries for word in entry):
        if text not in offsets:
            offsets[text] = len(strings)
            strings += text.encode() + b"\0"
    locations, places = b"\0", []
    for entry in entries:
        places.append(len(locations))
        for kind in kinds:
            value = offsets[entry[kind - 1]]
            size = max(1, (value.bit_length() + 7) // 8)
            if value:
                locations += bytes([kind << 3 | (size - 1)]) + value.to_bytes(size, "big")
        locations += bytes([5 << 3]) + b"\x07" + b"\0"
    head = (0xCAFEDADA, 1 << 16, 0, len(entries), len(entries), len(locations), len(strings))
    count = len(entries)
    tables = struct.pack(f"{order}{2 * count}L", *([0] * count), *places)
    return struct.pack(f"{order}7L", *head) + tables + locations + strings
