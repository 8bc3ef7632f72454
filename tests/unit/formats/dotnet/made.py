"""Made-up .NET files: assemblies with a version resource, bundles, dependency manifests."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensor.formats.clrtables import ASSEMBLY, Sizes
from sensor.formats.netbundle import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CODE, RESOURCES = 0x2000, 0x8000
# Offsets of the sections in the file.
CODE_AT, RESOURCES_AT = 0x200, 0x4200
CODE_SIZE = 0x4000
CLI_SIZE = 72


Four = tuple[int, int, int, int]


@dataclass(frozen=True)
class Options:
    """What else a file has: `rows` are counts of rows in other tables, which are zeros.

    `heaps` is HeapSizes; the file is PE32, or PE32+ when `wide`.
    """

    culture: str = ""
    file: Four | None = None
    product: str = ""
    rows: Mapping[int, int] = field(default_factory=dict)
    heaps: int = 0
    wide: bool = False
    machine_code: bool = False


def assembly(name: str = "Some.Name", version: Four = (1, 2, 3, 4), **options: Any) -> bytes:  # noqa: ANN401 - the fields of Options
    """A file of an assembly."""
    wanted = Options(**options)
    root = metadata(name, version, wanted)
    cli = struct.pack("<L2H2L", CLI_SIZE, 2, 5, CODE + CLI_SIZE, len(root))
    native = struct.pack("<2L", 64 if wanted.machine_code else 0, 0)
    cli = cli.ljust(CLI_SIZE - len(native), b"\0") + native
    said = wanted.file or wanted.product
    resource = resources(wanted.file, wanted.product) if said else b""
    directories = [(0, 0)] * 16
    directories[2] = (RESOURCES, len(resource)) if resource else (0, 0)
    directories[14] = (CODE, CLI_SIZE)
    return image(directories, {CODE: cli + root, RESOURCES: resource}, wide=wanted.wide)


def image(
    directories: Sequence[tuple[int, int]], parts: Mapping[int, bytes], *, wide: bool = False
) -> bytes:
    """A PE file with these data directories, and these two sections by address."""
    optional = struct.pack("<H", 0x20B if wide else 0x10B).ljust(108 if wide else 92, b"\0")
    optional += struct.pack("<L", len(directories))
    optional += b"".join(struct.pack("<2L", *each) for each in directories)
    header = struct.pack("<4s2H3L2H", b"PE\0\0", 0x14C, len(parts), 0, 0, 0, len(optional), 0x2102)
    places = {CODE: (CODE_SIZE, CODE_AT), RESOURCES: (0x1000, RESOURCES_AT)}
    sections = b"".join(
        struct.pack("<8s4L16x", b".some", len(parts[at]), at, *places[at]) for at in parts
    )
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<L", 0x80)
    data = (head.ljust(0x80, b"\0") + header + optional + sections).ljust(CODE_AT, b"\0")
    for at in parts:
        assert len(data) <= places[at][1]
        data = data.ljust(places[at][1], b"\0") + parts[at]
    return data.ljust(RESOURCES_AT + 0x1000, b"\0")


def metadata(name: str, version: Four, wanted: Options) -> bytes:
    """A metadata root with the tables and the strings."""
    strings = b"\0" + name.encode() + b"\0" + wanted.culture.encode() + b"\0"
    tables = _tables(version, wanted, 1, 2 + len(name.encode()) if wanted.culture else 0)
    names = (b"#~\0\0", b"#Strings\0\0\0\0")
    text = b"v4.0.30319\0\0"
    head = struct.pack("<4s2H2L", b"BSJB", 1, 1, 0, len(text)) + text + struct.pack("<2H", 0, 2)
    first = len(head) + 8 * 2 + sum(map(len, names))
    places = ((first, len(tables)), (first + len(tables), len(strings)))
    streams = b"".join(
        struct.pack("<2L", *where) + label for where, label in zip(places, names, strict=True)
    )
    return head + streams + tables + strings


def _tables(version: Four, wanted: Options, name: int, culture: int) -> bytes:
    """The #~ stream: rows of zeros in the tables given, and one assembly."""
    rows, heaps = wanted.rows, wanted.heaps
    counts = {**rows, ASSEMBLY: 1} if ASSEMBLY not in rows else dict(rows)
    valid = sum(1 << table for table in counts)
    head = struct.pack("<L4B2Q", 0, 2, 0, heaps, 1, valid, 0)
    head += b"".join(struct.pack("<L", counts[table]) for table in sorted(counts))
    head += bytes(4) if heaps & 0x40 else b""
    before = bytes(min(Sizes(counts, heaps).before_assembly(), CODE_SIZE))
    string, blob = ("<L" if heaps & 1 else "<H"), ("<L" if heaps & 4 else "<H")
    row = struct.pack("<L4HL", 0x8004, *version, 0) + struct.pack(blob, 0)
    row += struct.pack(string, name) + struct.pack(string, culture)
    return head + before + row


def resources(file: Four | None, product: str) -> bytes:
    """A resource section with one version resource."""
    data = version_info(file, product)
    where = 3 * 24
    levels = [(16, 24 | 1 << 31), (1, 48 | 1 << 31), (0, where)]
    directory = b"".join(struct.pack("<12x2H2L", 0, 1, *entry) for entry in levels)
    return directory + struct.pack("<4L", RESOURCES + where + 16, len(data), 0, 0) + data


def version_info(file: Four | None, product: str) -> bytes:
    """VS_VERSIONINFO with the fixed part, a table of strings, and what some tools add."""
    fixed = b""
    if file:
        major, minor, build, private = file
        numbers = struct.pack("<4H", minor, major, private, build)
        fixed = (struct.pack("<2L", 0xFEEF04BD, 0x10000) + numbers).ljust(52, b"\0")
    strings = [
        _node("FileDescription", "words".encode("utf-16-le") + b"\0\0", text=True),
        _node("ProductVersion", product.encode("utf-16-le") + b"\0\0", text=True),
    ]
    table = _node("000004b0", b"", strings, text=True)
    var = _node("VarFileInfo", b"", [_node("Translation", b"\0\0\xb0\4")], text=True)
    return _node("VS_VERSION_INFO", fixed, [var, _node("StringFileInfo", b"", [table], text=True)])


def _node(key: str, value: bytes, children: Sequence[bytes] = (), *, text: bool = False) -> bytes:
    head = _padded(b"\0" * 6 + key.encode("utf-16-le") + b"\0\0")
    body = _padded(head + value) if children else head + value
    for child in children:
        body = _padded(body) + child
    size = len(value) // 2 if text else len(value)
    return struct.pack("<3H", len(body), size, text) + body[6:]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def bundle(
    files: Mapping[str, tuple[int, bytes]],
    version: int = 6,
    *,
    start: int = 0,
    packed: Mapping[str, int] | None = None,
) -> tuple[bytes, int]:
    """What follows a program of `start` bytes: files (kind, content) by path; and its header."""
    data, rows = b"", []
    for path, (kind, content) in files.items():
        data += bytes(-(start + len(data)) % 64)
        row = struct.pack("<2q", start + len(data), len(content))
        row += struct.pack("<q", (packed or {}).get(path, 0)) if version >= 6 else b""
        rows.append(row + bytes([kind]) + name(path))
        data += content
    head = struct.pack("<2Li", version, 0, len(files)) + name("id")
    head += struct.pack("<4qQ", 0, 0, 0, 0, 0) if version > 1 else b""
    return data + head + b"".join(rows), start + len(data)


def name(text: str) -> bytes:
    """A string as .NET's BinaryWriter has it."""
    data, length = text.encode(), b""
    size = len(data)
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return length + bytes([size]) + data


def marked(header: int) -> bytes:
    """The mark in a program's data, behind the place of the header."""
    return struct.pack("<q", header) + MARK


def manifest(*libraries: tuple[str, str, str, Mapping[str, Mapping[str, Any]]]) -> bytes:
    """A deps.json of libraries: name, version, type, and their files by kind."""
    target = ".NETCoreApp,Version=v8.0"
    return json.dumps(
        {
            "runtimeTarget": {"name": target, "signature": ""},
            "targets": {target: {f"{n}/{v}": files for n, v, _, files in libraries}},
            "libraries": {f"{n}/{v}": {"type": kind} for n, v, kind, _ in libraries},
        }
    ).encode()
