"""Bundles as the bundlers write them; real ones are built in tests/live/node."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats.jsbundle import MAX_BYTES, parse

WEBPACK = b"""/******/ (() => { // webpackBootstrap
/******/ var __webpack_modules__ = ({
/***/ "./node_modules/ajv/lib/ajv.js"
/*!**************************************!*\\
  !*** ./node_modules/ajv/lib/ajv.js ***!
  \\**************************************/
(module) => {},
/*!************************************!*\\
  !*** ./src/index.js + 2 modules ***!
  \\************************************/
});
__webpack_require__("./src/index.js");
//# sourceMappingURL=main.js.map
"""
EVAL = (
    b'__webpack_require__;eval("module.exports = 1;\\n\\n'
    b'//# sourceURL=webpack://shop/./node_modules/ms/index.js?");'
)
ESBUILD = b"""var __commonJS = (cb, mod) => function __require() {};
// node_modules/ms/index.js
// node_modules/debug/src/index.js
var require_ms = __commonJS({});
// see node_modules/other/README.md
// node_modules/x is not a file
"""
MINIFIED = {
    "webpack": b"var r={};function t(a){var s=r[a];if(void 0!==s)return s.exports;"
    b"const o=r[a]={exports:{}};return e[a].call(o.exports,o,o.exports,t),o.exports}",
    "esbuild": b"var I=(a,e)=>()=>(e||a((e={exports:{}}).exports,e),e.exports);",
}


def test_webpack_names_each_module() -> None:
    found = parse(WEBPACK)
    assert found is not None
    assert (found.maker, found.complete, found.map) == ("webpack", True, "main.js.map")
    assert found.sources == ["./node_modules/ajv/lib/ajv.js", "./src/index.js"]


def test_webpack_with_eval() -> None:
    found = parse(EVAL)
    assert found is not None
    assert (found.sources, found.complete) == (["shop/./node_modules/ms/index.js"], True)


def test_webpack_that_names_some_modules_only() -> None:
    found = parse(b"__webpack_require__\n;// ./node_modules/rxjs/index.js\n/***/ 17:\n")
    assert found is not None
    assert (found.sources, found.complete) == (["./node_modules/rxjs/index.js"], False)


def test_esbuild_names_each_module() -> None:
    found = parse(ESBUILD)
    assert found is not None
    assert (found.maker, found.complete) == ("esbuild", True)
    assert found.sources == ["node_modules/ms/index.js", "node_modules/debug/src/index.js"]


def test_esbuild_of_es_modules_has_nothing_but_the_comments() -> None:
    found = parse(b"// node_modules/nanoid/index.js\nvar a = 1;\n")
    assert found is not None
    assert (found.maker, found.sources) == ("esbuild", ["node_modules/nanoid/index.js"])


@pytest.mark.parametrize("maker", MINIFIED)
def test_minified_code_is_told_by_its_shape(maker: str) -> None:
    found = parse(b"'use strict';" + MINIFIED[maker])
    assert found is not None
    assert (found.maker, found.sources, found.complete) == (maker, [], False)


@pytest.mark.parametrize(
    "mark",
    [b"__nccwpck_require__(1)", b"parcelRequire", b"// @bun\n", b"getDefaultExportFromCjs(x)"],
)
def test_other_bundlers(mark: bytes) -> None:
    found = parse(mark)
    assert found is not None
    assert not found.complete


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"const x = require('node_modules/a/b.js');\n",
        b"// we look into node_modules/a/b.js here\n",
        b"module.exports = {exports:{}};",
        b"\xff\0",
    ],
)
def test_ordinary_files_are_no_bundles(code: bytes) -> None:
    assert parse(code) is None


@pytest.mark.parametrize(
    "line",
    [
        b"//# sourceMappingURL=../other.map",
        b"//# sourceMappingURL=data:application/json;base64,e30=",
        b"//# sourceMappingURL=a.map\nmore();",
    ],
)
def test_a_map_is_a_file_beside_it_named_last(line: bytes) -> None:
    found = parse(b"__webpack_require__;\n" + line)
    assert found is not None
    assert found.map == ""


def test_bounds() -> None:
    with pytest.raises(Malformed, match="bytes, more than"):
        parse(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "piece",
    [
        b"\n// ",
        b"\n// node_modules/a.js",
        b"\n  !*** ",
        b"//# sourceURL=webpack://",
        b"exports:{}}",
    ],
)
def test_a_hostile_file_takes_no_long_time(piece: bytes) -> None:
    data = piece * (MAX_BYTES // len(piece))
    begin = time.process_time()
    parse(data)
    # Measured: 0.25 s at most; a pattern that goes back takes minutes.
    assert time.process_time() - begin < 5


@given(st.lists(st.sampled_from([WEBPACK, EVAL, ESBUILD, b"\n", b"// ", b"a", b"\xff"])))
def test_any_mixture(parts: list[bytes]) -> None:
    found = parse(b"".join(parts))
    assert found is None or (found.maker and all("/" in name for name in found.sources))
