"""Trees and modules that a hostile process could show: the mapping ends, and says no nonsense."""

from __future__ import annotations

import time

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.host.cache import FileCache
from sensor.model.finding import State
from sensor.resolvers.node.words import ADDON, CJS, ESM, Module
from tests.support.tree import Tree, zipped
from tests.unit.node.mapping import APP, MODULES, JsonCache, look

NOISE = st.sampled_from([b"", b"\xff\0\n", b"[" * 3000, b"null", b'{"name": "../../etc"}'])
ZIP = f"{APP}/.yarn/cache/a-npm-1.0.0-0123456789-0123456789.zip"
VIRTUAL = f"{APP}/.yarn/__virtual__/a-virtual-0a/0/cache/{ZIP.rpartition('/')[2]}"


def mostly(*contents: bytes) -> st.SearchStrategy[bytes]:
    """One of the contents that a real file of this kind has, sometimes another thing."""
    real = st.sampled_from(contents)
    return st.one_of(real, real, real, NOISE)


MANIFEST = mostly(
    b'{"name": "a", "version": "1.0.0"}',
    b'{"name": "@s/b", "version": "2.0.0-\x1b[0m"}',
    b'{"name": "c"}',
    b'{"version": "3.0.0"}',
    b'{"type": "module"}',
    b'{"name": "d", "version": "v4.0.0", "private": true}',
)
CODE = mostly(
    b"",
    b"__webpack_require__\n//# sourceMappingURL=a.js.map",
    b"// node_modules/a/i.js\n",
    b"__webpack_require__\n  !*** ../node_modules/.pnpm/a@1.0.0/node_modules/a/i.js ***!\n",
)
WHERE = ("", "/src", "/node_modules/a", "/node_modules/a/lib", "/node_modules/@s/b/node_modules/c")
FOLDERS = [APP + where for where in WHERE]
INNER = {
    "node_modules/a/package.json": b'{"name": "a", "version": "1.0.0"}',
    "node_modules/a/a.js": b"",
}
OPTIONAL = (
    {f"{folder}/package.json": MANIFEST for folder in FOLDERS}
    | {f"{folder}/a.js": CODE for folder in FOLDERS}
    | {f"{folder}/a.js.map": mostly(b'{"sources": ["node_modules/a/b.js"]}') for folder in FOLDERS}
    | {ZIP: mostly(zipped(INNER), zipped(INNER)[:-40], zipped({}))}
    | {f"{MODULES}/a/x.node": mostly(b"\x7fELF")}
)
PATHS = [
    *(f"{folder}/a.js" for folder in FOLDERS),
    *(f"{place}/node_modules/a/{name}" for place in (ZIP, VIRTUAL) for name in ("a.js", "b/c.js")),
    f"{ZIP}/a.js",
    f"{MODULES}/a/none.js",
    f"{MODULES}/lone.js",
    f"{MODULES}/@s/lone.js",
    *("", "/", "a.js", "/a\0", "/\udcff", "/../a.js", "/node_modules/", "//"),
]
ONE = st.builds(Module, st.sampled_from(PATHS), st.sampled_from([CJS, ESM, ADDON]), st.booleans())


@settings(max_examples=300)
@given(
    st.fixed_dictionaries({}, optional=OPTIONAL),
    st.lists(ONE, max_size=10),
    st.lists(st.sampled_from([f"{MODULES}/a/x.node", "/gone.node", "/lib/x.so"]), max_size=3),
)
def test_any_tree_is_mapped_alike_with_and_without_cache_and_in_slices(
    files: dict[str, bytes], modules: list[Module], mapped: list[str]
) -> None:
    tree, cache = Tree(files), JsonCache()
    first, _ = look(tree, modules, cache, mapped)
    assert look(tree, modules, cache, mapped)[0] == first
    assert look(tree, modules, FileCache(), mapped, seconds=0)[0] == first
    orjson.dumps((first.packages, first.gaps))
    # A module may be loaded though its file is gone.
    known = {*files, *(module.path for module in modules)}
    for package in first.packages:
        assert package.version is None or "\x1b" not in package.version
        assert package.state is State.LOADED or package.reason in {"bundled", "contained"}
        for item in package.evidence:
            assert item.path in known or item.path.startswith(f"{ZIP}/")


def test_paths_made_to_cost() -> None:
    deep = "/" + "/".join(f"d{n}" for n in range(98))
    paths = [f"/{n}{deep}/a.js" for n in range(3000)]
    paths += [f"{APP}/x.zip/{n}/a.js" for n in range(3000)]
    paths += [f"/{'node_modules/' * 200}{n}.js" for n in range(3000)]
    paths += [f"/{'__virtual__/0a/0/' * 200}{n}.js" for n in range(3000)]
    begin = time.process_time()
    found, _ = look(Tree({f"{APP}/x.zip": b"PK"}), paths)
    # Measured: 0.6 s: what is below is bounded before it is made.
    assert time.process_time() - begin < 20
    assert found.packages == ()
    assert "more modules than are mapped" in {gap.reason for gap in found.gaps}
    assert sum(len(gap.detail) for gap in found.gaps) < 20_000
