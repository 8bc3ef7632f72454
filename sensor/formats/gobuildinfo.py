"""The build information that the Go linker leaves in a program: Go version, modules, settings.

Layouts: Go's debug/buildinfo (pointers up to 1.17, inline strings since 1.18) and the text that
runtime/debug.ParseBuildInfo reads. Of the build settings only harmless ones are kept: `-ldflags`
and the CGO flags can hold what a person wrote on a command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sensor.errors import Malformed
from sensor.formats.elf_layout import PF_W
from sensor.formats.source import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensor.formats.elf import Elf

SECTION = ".go.buildinfo"
MAGIC = b"\xff Go buildinf:"
# debug/buildinfo: the header is 32 bytes and stands at a multiple of 16.
ALIGN = 16
HEADER_SIZE = 32
FLAG_BIG_ENDIAN, FLAG_INLINE = 1, 2
# Without section headers the data segments are searched; the linker writes it near their start.
MAX_SEARCH = 16 << 20
# "go1.26.8 X:nodwarf5" and the like; the largest module text seen has 60 KB.
MAX_VERSION = 4096
MAX_MODULE_TEXT = 4 << 20
MAX_LINES = 100_000
MAX_FIELD = 4096
# The linker wraps the text in two marks of 16 bytes (cmd/go/internal/modload: ModInfoData).
MARK_SIZE = 16
MAX_VARINT = 10
KEPT_SETTINGS = (
    *("-buildmode", "-compiler", "-trimpath", "CGO_ENABLED", "GOARCH", "GOOS"),
    *("vcs", "vcs.revision", "vcs.time", "vcs.modified"),
)


@dataclass(frozen=True, slots=True)
class Module:
    """A module as the build recorded it; `replacement` is what was built in its place.

    `version` is "(devel)" or empty where the build knew none, so also for a local replacement.
    """

    path: str
    version: str
    replacement: Module | None = None


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What one program was built from. Without module support only `version` is known.

    `version` is as written ("go1.26.8", "devel go1.27-…"); `path` is the import path of package
    main; `main` is its module, None for a build from files or without modules.
    """

    version: str
    path: str = ""
    main: Module | None = None
    modules: tuple[Module, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)


def read(elf: Elf) -> BuildInfo | None:
    """The build information of a program; None when there is none. Raises Malformed."""
    at = _find(elf)
    if at is None:
        return None
    header = elf.read(at, HEADER_SIZE)
    if header[15] & FLAG_INLINE:
        version, text = _inline(elf, at + HEADER_SIZE)
    else:
        version, text = _pointed(elf, header)
    return parse(version.decode("utf-8", "replace"), _unmarked(text))


def present(elf: Elf) -> bool:
    """Whether there is build information, without reading it. Raises Malformed."""
    return _find(elf) is not None


def parse(version: str, text: bytes) -> BuildInfo:
    """The build information of a Go version and a module text. Raises Malformed for bounds."""
    lines = text.decode("utf-8", "replace").split("\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        raise Malformed(f"more than {MAX_LINES} lines of module information")
    path, mains, modules, settings = "", list[Module](), list[Module](), dict[str, str]()
    last: list[Module] = modules
    for line in lines:
        kind, _, rest = line.partition("\t")
        if len(rest) > MAX_FIELD and kind != "build":
            raise Malformed(f"a line of {len(rest)} bytes in the module information")
        if kind == "path":
            path = rest
        elif kind in {"mod", "dep"}:
            last = mains if kind == "mod" else modules
            last.append(_module(rest))
        elif kind == "=>" and last:
            last[-1] = Module(last[-1].path, last[-1].version, _module(rest))
        elif kind == "build":
            _keep(rest, settings)
    return BuildInfo(version, path, mains[0] if mains else None, tuple(modules), settings)


def _module(rest: str) -> Module:
    path, _, tail = rest.partition("\t")
    return Module(path, tail.partition("\t")[0])


def _keep(setting: str, settings: dict[str, str]) -> None:
    key, _, value = setting.partition("=")
    if key in KEPT_SETTINGS:
        settings[key] = value[:MAX_FIELD].strip('"`')


def _find(elf: Elf) -> int | None:
    """The offset of the header in the file."""
    section = elf.section(SECTION)
    if section is not None:
        places = [(section.offset, section.file_size)]
    else:
        places = [(s.offset, s.file_size) for s in elf.loads if s.flags & PF_W]
    return next((at for place in places for at in _search(elf, *place)), None)


def _search(elf: Elf, start: int, size: int) -> Iterator[int]:
    for step in range(0, min(size, MAX_SEARCH), CHUNK):
        data = elf.read(start + step, min(CHUNK + HEADER_SIZE, size - step))
        at = data.find(MAGIC)
        while at >= 0:
            if at % ALIGN == 0 and at + HEADER_SIZE <= len(data):
                yield start + step + at
            at = data.find(MAGIC, at + 1)


def _inline(elf: Elf, at: int) -> tuple[bytes, bytes]:
    """Two strings, each after its length as a varint (Go 1.18 and later)."""
    version, at = _counted(elf, at, MAX_VERSION)
    text, _ = _counted(elf, at, MAX_MODULE_TEXT)
    return version, text


def _counted(elf: Elf, at: int, limit: int) -> tuple[bytes, int]:
    head = elf.read(at, min(MAX_VARINT, elf.source.size - at))
    size = shift = 0
    for index, byte in enumerate(head):
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint has no high bit
            start = at + index + 1
            return _bounded(elf.read, start, size, limit), start + size
    raise Malformed("a length without an end in the build information")


def _pointed(elf: Elf, header: bytes) -> tuple[bytes, bytes]:
    """Two pointers to Go strings, each of them address and length (up to Go 1.17)."""
    word = header[14]
    if word not in {4, 8}:
        raise Malformed(f"pointers of {word} bytes in the build information")
    order: Literal["big", "little"] = "big" if header[15] & FLAG_BIG_ENDIAN else "little"

    def number(data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + word], order)

    def string(at: int, limit: int) -> bytes:
        pointer = number(header, at)
        if pointer == 0 or _zeroed(elf, pointer):
            return b""
        pair = elf.read_vaddr(pointer, 2 * word)
        return _bounded(elf.read_vaddr, number(pair, 0), number(pair, word), limit)

    return string(16, MAX_VERSION), string(16 + word, MAX_MODULE_TEXT)


def _zeroed(elf: Elf, vaddr: int) -> bool:
    """Whether an address is in memory that is not in the file: an unset variable."""
    return any(s.file_size <= vaddr - s.vaddr < s.memory_size for s in elf.loads)


def _bounded(read: Callable[[int, int], bytes], at: int, size: int, limit: int) -> bytes:
    if size > limit:
        raise Malformed(f"a string of {size} bytes in the build information, more than {limit}")
    return read(at, size) if size else b""


def _unmarked(text: bytes) -> bytes:
    """The text without its marks; empty when it lacks them, as runtime/debug does."""
    if len(text) <= 2 * MARK_SIZE or text[-MARK_SIZE - 1 : -MARK_SIZE] != b"\n":
        return b""
    return text[MARK_SIZE:-MARK_SIZE]
