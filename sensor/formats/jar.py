"""What is in a JAR, WAR or EAR: the names of its classes, its metadata, the archives in it.

Only the directory is read, in one pass. What loaders cut off from names is cut off here: Spring
Boot's `BOOT-INF/classes/` (its manual, "The Executable Jar Format"), a servlet container's
`WEB-INF/classes/` (Servlet 4.0, 10.5), and `META-INF/versions/N/` of a multi-release JAR (JEP 238,
JAR File Specification). Other classes below META-INF are loaded by nobody.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_left
from typing import NamedTuple

from sensor.errors import Malformed
from sensor.formats import zipdir
from sensor.formats.source import Bytes, Part, Source

# One metadata file: the largest manifests, with a digest of each class, have some megabytes; what
# we read of them stands in their first lines.
MAX_METADATA = 256 << 10
# The largest shaded JARs seen have 83.
MAX_POMS = 400
# The largest fat JARs seen have some 600.
MAX_NESTED = 2000
# A packed archive in an archive is unpacked in memory.
MAX_INFLATED = 64 << 20

MANIFEST = "META-INF/MANIFEST.MF"
# Spring Boot 2.3 and later: the order of the nested JARs.
ORDER = "BOOT-INF/classpath.idx"

_NESTED = (".jar", ".war", ".rar")
_CLASSES = (b"WEB-INF/classes/", b"BOOT-INF/classes/")
# What is below these is cut off or asked for by nobody: other names are as they are.
_PREFIXES = (*_CLASSES, b"META-INF/")
_VERSION_END = re.compile(rb"META-INF/versions/[1-9][0-9]{0,3}/\Z")
_VERSION_SIZE = len(b"META-INF/versions/1234/")
_VERSIONED = re.compile(rb"META-INF/versions/[1-9][0-9]{0,3}/(.+)", re.DOTALL)
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
# PKWARE APPNOTE 6.3.10, 4.3.12: the lengths of name, extra field and comment in a header.
_LENGTHS = struct.Struct("<28x3H12x").unpack_from
_HEADER = 46
_MAGIC = b"PK\x01\x02"


class Contents(NamedTuple):
    """Class names in internal form (UTF-8), sorted, and members by name as the archive has them.

    `truncated` says that there are more poms or nested archives than we keep.
    """

    classes: list[bytes]
    manifest: zipdir.Member | None
    order: zipdir.Member | None
    poms: dict[str, zipdir.Member]
    nested: dict[str, zipdir.Member]
    truncated: bool


def contents(source: Source) -> Contents:
    """Read the directory of an archive. Raises Malformed."""
    found = zipdir.directory(source)
    classes, others = _names(found)
    members: dict[str, zipdir.Member] = {}
    for position, raw in others:
        if _wanted(raw.decode("utf-8", "replace")):
            name, member, _ = zipdir.entry(found, position)
            if name is not None:
                members[name] = member
    return _sorted_out(_asked(classes), members)


def _names(found: zipdir.Directory) -> tuple[list[bytes], list[tuple[int, bytes]]]:
    """Names of classes as they stand; of other files too, each with the place of its entry.

    This loop runs once for each entry of all archives: it does no more than it must. So headers are
    counted, not checked one by one: who uses an entry checks it (`has_class`, `zipdir.entry`).
    """
    classes, others = [], []
    position, data = 0, found.data
    if data.count(_MAGIC) < found.entries:
        raise Malformed("the directory of an archive is damaged")
    try:
        for _ in range(found.entries):
            name_size, extra, comment = _LENGTHS(data, position)
            start = position + _HEADER
            position = start + name_size
            if data[position - 6 : position] == b".class":
                classes.append(data[start : position - 6])
            elif data[position - 1 : position] != b"/":
                others.append((start - _HEADER, data[start:position]))
            position += extra + comment
    except struct.error:
        raise Malformed("the directory of an archive is cut off") from None
    if position > len(data):
        raise Malformed("the directory of an archive is cut off")
    return classes, others


def has_class(found: zipdir.Directory, name: str) -> bool:
    """Whether the directory of an archive has the class that a loader calls so; reads no more."""
    raw = name.encode(errors="replace")
    if _class(raw) != raw or not raw:
        return False
    tail = raw + b".class"
    at = found.data.find(tail)
    while at >= 0:
        for before in (b"", *_CLASSES, *_version_before(found.data, at)):
            if _is_name(found.data, at - len(before), before + tail):
                return True
        at = found.data.find(tail, at + 1)
    return False


def nested(source: Source, member: zipdir.Member) -> Source:
    """An archive in an archive: read in place if stored, else unpacked. Raises Malformed."""
    if member.method == zipdir.STORED:
        return Part(source, zipdir.data_start(source, member), member.packed)
    return Bytes(zipdir.read_member(source, member, MAX_INFLATED))


def metadata(source: Source, member: zipdir.Member) -> bytes:
    """The first bytes of a metadata file. Raises Malformed for more than our bound."""
    return zipdir.read_member(source, member, MAX_METADATA)


def _version_before(data: bytes, at: int) -> list[bytes]:
    """What stands before the name of a versioned class."""
    versioned = _VERSION_END.search(data, max(0, at - _VERSION_SIZE), at)
    return [versioned[0]] if versioned else []


def _is_name(data: bytes, start: int, name: bytes) -> bool:
    """Whether an entry has just this name, which starts there."""
    header = start - _HEADER
    if header < 0 or data[header : header + 4] != _MAGIC or data[start : start + len(name)] != name:
        return False
    return bool(_LENGTHS(data, header)[0] == len(name))


def _wanted(name: str) -> bool:
    if name.startswith("META-INF/"):
        return name == MANIFEST or _POM.fullmatch(name) is not None or name.endswith(_NESTED)
    return name.lower().endswith(_NESTED) or name == ORDER


def _asked(names: list[bytes]) -> list[bytes]:
    """The names that loaders ask for, sorted. Nearly all archives have only such."""
    names.sort()
    for prefix in _PREFIXES:
        start = bisect_left(names, prefix)
        if names[start : start + 1] and names[start].startswith(prefix):
            return sorted(filter(None, map(_class, names)))
    return names if all(names[:1]) else list(filter(None, names))


def _class(name: bytes) -> bytes | None:
    """The name that a loader asks for; None where no loader looks."""
    if name.startswith(_CLASSES):
        return name.split(b"/", 2)[2]
    if name.startswith(b"META-INF/"):
        versioned = _VERSIONED.fullmatch(name)
        return versioned[1] if versioned else None
    return name


def _sorted_out(classes: list[bytes], others: dict[str, zipdir.Member]) -> Contents:
    manifest, order = others.pop(MANIFEST, None), others.pop(ORDER, None)
    poms = [name for name in others if _POM.fullmatch(name)]
    archives = [name for name in others if not _POM.fullmatch(name)]
    return Contents(
        classes,
        manifest,
        order,
        {name: others[name] for name in poms[:MAX_POMS]},
        {name: others[name] for name in archives[:MAX_NESTED]},
        len(poms) > MAX_POMS or len(archives) > MAX_NESTED,
    )
