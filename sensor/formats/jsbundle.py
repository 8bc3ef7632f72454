"""JavaScript files that bundlers made: who made it, and which files it says that it is made of.

Recognised by the code that each bundler puts around modules; sources are read where a bundler
writes them, not out of strings of the program:
webpack 4, 5 (lib/javascript/JavascriptModulesPlugin.js, lib/EvalDevToolModuleTemplatePlugin.js,
lib/optimize/ConcatenatedModule.js), ncc, esbuild (internal/runtime/runtime.go, and the comments of
internal/linker), Rollup's CommonJS plugin, Parcel, Turbopack, Bun.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from sensor.errors import Malformed

# A server with all its packages has 0.1 to 5 MB. Searching takes 2 ms for each MB, of hostile ones
# ten times that.
MAX_BYTES = 8 << 20
MAX_SOURCES = 50_000

_MARKS = (
    (b"__nccwpck_require__", "ncc"),
    (b"__webpack_require__", "webpack"),
    (b"webpackChunk", "webpack"),
    (b"webpackJsonp", "webpack"),
    (b".LICENSE.txt */", "webpack"),
    (b"parcelRequire", "Parcel"),
    (b"__turbopack_", "Turbopack"),
    (b"TURBOPACK", "Turbopack"),
    (b"// @bun", "Bun"),
    (b"__commonJS(", "esbuild"),
    (b"Bundled license information:", "esbuild"),
    (b"getDefaultExportFromCjs", "Rollup"),
    (b"createCommonjsModule", "Rollup"),
)
# Minified, the names are gone but not the shape: looked for around this text.
_MODULE = b"exports:{}}"
_AROUND = 120
_MOST_PLACES = 100
_SHAPES = (
    (re.compile(rb"=[\w$]+\[[\w$]+\]=\{(?:id:[\w$]+,)?(?:loaded:!1,)?exports:\{\}\}"), "webpack"),
    (re.compile(rb"\(\([\w$]+=\{exports:\{\}\}\)\.exports,[\w$]+\)"), "esbuild"),
)
# Each begins with fixed text: that is found at the speed of memory.
# esbuild, Bun: "// node_modules/ajv/lib/ajv.js" above each module; webpack writes such a line, with
# ";" before it, only above some.
_LINE = re.compile(rb"\n;?// (?:CONCATENATED MODULE: )?([^\s\"'`*]{1,1000})(?=\n)")
_ALL = (
    # webpack: "!*** ./node_modules/ajv/lib/ajv.js ***!", with "+ 2 modules" before its end.
    re.compile(rb"\n  !\*\*\* ([^\s\"'`*]{1,1000}) "),
    # webpack with eval: "//# sourceURL=webpack://shop/./node_modules/ajv/lib/ajv.js?".
    re.compile(rb"//# sourceURL=webpack://([^\s\"'`?*]{1,1000})\?"),
)
_NAMES_EACH = frozenset(("esbuild", "Bun"))
_SUFFIXES = (b".js", b".cjs", b".mjs", b".jsx", b".ts", b".cts", b".mts", b".tsx", b".json")
_MAP = re.compile(rb"\n//[#@] sourceMappingURL=([^\s\"'/:]{1,255})\s*\Z")
# The line of the source map stands at the end.
_TAIL = 1024


class Bundle(NamedTuple):
    """What a bundle says of itself.

    `sources` are file names as written in it; `complete` is that it names all of them. `map` is the
    name of its source map, a file beside it, or "".
    """

    maker: str
    sources: list[str]
    complete: bool
    map: str


def parse(data: bytes) -> Bundle | None:
    """What a JavaScript file says; None when nothing shows that a bundler made it.

    A file may still be one: what is minified without any of these shapes is not recognised.
    Raises Malformed when it is larger than MAX_BYTES.
    """
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes, more than {MAX_BYTES}")
    text = b"\n" + data
    lines = [name for name in _found(text, _LINE) if b"node_modules/" in name]
    maker = _maker(data) or ("esbuild" if lines else "")
    if not maker:
        return None
    named = [name for pattern in _ALL for name in _found(text, pattern)]
    complete = bool(named) or (bool(lines) and maker in _NAMES_EACH)
    sources = [name.decode("utf-8", "replace") for name in dict.fromkeys(named + lines)]
    found = _MAP.search(data[-_TAIL:])
    return Bundle(maker, sources, complete, found[1].decode("ascii", "replace") if found else "")


def _maker(data: bytes) -> str:
    for mark, maker in _MARKS:
        if mark in data:
            return maker
    at = data.find(_MODULE)
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        part = data[max(0, at - _AROUND) : at + _AROUND]
        for shape, maker in _SHAPES:
            if shape.search(part):
                return maker
        at = data.find(_MODULE, at + 1)
    return ""


def _found(text: bytes, pattern: re.Pattern[bytes]) -> list[bytes]:
    """File names where a bundler writes them, at most MAX_SOURCES."""
    matches = islice(pattern.finditer(text), MAX_SOURCES)
    return [match[1] for match in matches if match[1].endswith(_SUFFIXES) and b"/" in match[1]]
