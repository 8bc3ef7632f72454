"""Bundles: named parts, exact versions, and contents that are not known; never a wrong fact."""

from __future__ import annotations

import json

import pytest

from sensor.model.finding import Depth, State
from sensor.resolvers.node.sources import Part, part_of
from tests.support.tree import Tree
from tests.unit.node.mapping import APP, JsonCache, found_in, gaps, known, look, package

SHOP = package(APP, "shop", "0.1.0")
SELF = "pkg:npm/shop@0.1.0"
MAIN = f"{APP}/dist/main.js"
WEBPACK = "__webpack_require__(1);\n"
NAMED = WEBPACK + "  !*** ./node_modules/ms/index.js ***!\n"
MAPPED = WEBPACK + "//# sourceMappingURL=main.js.map\n"
PNPM = "webpack://shop/node_modules/.pnpm/@nestjs+core@10.3.0_rxjs@7.8.1/node_modules/@nestjs/core/x.js"


def source_map(*sources: str) -> str:
    return json.dumps({"version": 3, "sources": sources})


def test_what_a_bundle_does_not_say_is_told() -> None:
    found = found_in(SHOP | {MAIN: WEBPACK}, MAIN)
    assert known(found) == [(SELF, None)]
    assert gaps(found) == {"bundled code: its packages are not known": f"{MAIN} (webpack)"}


def test_a_bundle_that_names_its_modules() -> None:
    found = found_in(SHOP | {MAIN: NAMED}, MAIN)
    assert known(found) == [("pkg:npm/ms", SELF), (SELF, None)]
    one = found.packages[0]
    assert (one.state, one.reason, one.version) == (State.UNKNOWN, "bundled", None)
    assert [(e.kind, e.path, e.detail) for e in one.evidence] == [
        ("bundle", MAIN, "./node_modules/ms/index.js")
    ]
    assert found.gaps == ()


def test_a_source_map_names_them_all() -> None:
    files = {
        MAIN: MAPPED,
        f"{MAIN}.map": source_map("webpack://shop/./src/a.ts", "../node_modules/ms/i.js"),
    }
    found = found_in(SHOP | files, MAIN)
    assert known(found) == [("pkg:npm/ms", SELF), (SELF, None)]
    assert found.packages[0].evidence[0].path == f"{MAIN}.map"
    assert found.gaps == ()


def test_a_version_that_the_path_has_is_exact() -> None:
    found = found_in(SHOP | {MAIN: MAPPED, f"{MAIN}.map": source_map(PNPM)}, MAIN)
    one = found.packages[0]
    assert (one.purl, one.inside) == ("pkg:npm/%40nestjs/core@10.3.0", SELF)
    assert (one.state, one.depth) == (State.LOADED, Depth.OPENED)


@pytest.mark.parametrize("damaged", [None, "", "{}", "[]"])
def test_a_source_map_that_says_nothing(damaged: str | None) -> None:
    files = SHOP | {MAIN: MAPPED} | ({} if damaged is None else {f"{MAIN}.map": damaged})
    found = found_in(files, MAIN)
    assert known(found) == [(SELF, None)]
    assert gaps(found).keys() == {"bundled code: its packages are not known"}


def test_an_application_without_a_name_carries_nothing() -> None:
    assert known(found_in({MAIN: NAMED}, MAIN)) == [("pkg:npm/ms", None)]


def test_what_is_loaded_from_node_modules_too_is_loaded() -> None:
    files = {
        MAIN: MAPPED,
        f"{MAIN}.map": source_map("node_modules/.pnpm/ms@2.1.3/node_modules/ms/i.js"),
    }
    files |= package(f"{APP}/node_modules/ms", "ms", "2.1.3")
    found = found_in(files, MAIN, f"{APP}/node_modules/ms/index.js")
    assert [(one.purl, one.depth) for one in found.packages] == [("pkg:npm/ms@2.1.3", Depth.LOADED)]


@pytest.mark.parametrize(
    "path", [f"{APP}/.next/server/chunks/1.js", f"{APP}/.output/server/chunks/nitro.mjs"]
)
def test_what_frameworks_build_is_a_bundle_by_its_place(path: str) -> None:
    found = found_in(SHOP | {path: "export default 1"}, path)
    assert gaps(found) == {"bundled code: its packages are not known": f"{path} (built)"}


def test_bundles_inside_packages_are_their_own_code() -> None:
    folder = f"{APP}/node_modules/qs"
    files = package(folder, "qs", "6.0.0") | {f"{folder}/dist/qs.js": NAMED}
    found = found_in(files, f"{folder}/dist/qs.js")
    assert (known(found), found.gaps) == ([("pkg:npm/qs@6.0.0", None)], ())


def test_a_file_too_large_to_look_into_is_told() -> None:
    found = found_in(SHOP | {MAIN: b" " * (9 << 20)}, MAIN)
    (detail,) = gaps(found).values()
    assert detail.startswith(f"{MAIN} (9437184 bytes, more than")


def test_each_file_is_read_once() -> None:
    tree, cache = Tree(SHOP | {MAIN: MAPPED, f"{MAIN}.map": source_map(PNPM)}), JsonCache()
    first, _ = look(tree, [MAIN], cache)
    tree.forget()
    again, _ = look(tree, [MAIN], cache)
    assert again == first
    assert tree.opened == []


@pytest.mark.parametrize(
    ("source", "name", "version"),
    [
        ("node_modules/ms/index.js", "ms", None),
        ("../../node_modules/@a/b/c/d.js", "@a/b", None),
        ("webpack://shop/./node_modules/ms/index.js?1a2b", "ms", None),
        ("node_modules/a/node_modules/b/index.js", "b", None),
        ("node_modules/.pnpm/ms@2.1.3/node_modules/ms/index.js", "ms", "2.1.3"),
        ("/r/node_modules/.pnpm/a@1.0.0(b@2.0.0)/node_modules/a/i.js", "a", "1.0.0"),
        ("node_modules/.pnpm/@a+b@1.0.0-rc.1_c@2.0.0/node_modules/@a/b/i.js", "@a/b", "1.0.0-rc.1"),
        # A dependency, linked into the folder of another package.
        ("node_modules/.pnpm/ms@2.1.3/node_modules/other/index.js", "other", None),
        (
            "../.yarn/cache/ms-npm-2.1.3-81ff3cfac1-aa92de6080.zip/node_modules/ms/i.js",
            "ms",
            "2.1.3",
        ),
        (
            ".yarn/cache/@a-b-npm-1.0.0-81ff3cfac1-aa92de6080.zip/node_modules/@a/b/i.js",
            "@a/b",
            "1.0.0",
        ),
    ],
)
def test_sources_of_packages(source: str, name: str, version: str | None) -> None:
    assert part_of(source) == Part(name, version, source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "src/index.ts",
        "my_node_modules/a/b.js",
        "node_modules/../a.js",
        "node_modules/.pnpm/a.js",
    ],
)
def test_sources_of_no_package(source: str) -> None:
    assert part_of(source) is None
