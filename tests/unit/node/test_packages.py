"""Which package a module belongs to, in every layout; what is not known is told."""

from __future__ import annotations

import pytest

from sensor.model.finding import Depth, State
from sensor.resolvers.node.places import Place, place, usable
from sensor.resolvers.node.words import ADDON, CJS, ESM, Module
from tests.support.tree import Tree, zipped
from tests.unit.node.mapping import APP, MODULES, found_in, gaps, known, look, package

EXPRESS = f"{MODULES}/express"
SHOP = package(APP, "shop", "0.1.0", private=True)


def test_a_package_by_its_own_package_json() -> None:
    files = package(EXPRESS, "express", "4.18.2") | {f"{EXPRESS}/lib/router/index.js": ""}
    found = found_in(files, f"{EXPRESS}/lib/router/index.js", f"{EXPRESS}/index.js")
    (one,) = found.packages
    assert (one.purl, one.state, one.depth) == (
        "pkg:npm/express@4.18.2",
        State.LOADED,
        Depth.LOADED,
    )
    assert found.gaps == ()
    assert [(e.kind, e.source, e.path, e.detail) for e in one.evidence] == [
        ("Module._cache", "memory", f"{EXPRESS}/index.js", f"by {EXPRESS}/package.json"),
        ("Module._cache", "memory", f"{EXPRESS}/lib/router/index.js", f"by {EXPRESS}/package.json"),
    ]


def test_evidence_says_how_and_where_and_code_before_data() -> None:
    files = package(EXPRESS, "express", "4.18.2") | {f"{EXPRESS}/{n}.mjs": "" for n in "abc"}
    modules = [Module(f"{EXPRESS}/{n}.mjs", ESM, worker=n == "b") for n in "abc"]
    (one,) = found_in(files, Module(f"{EXPRESS}/package.json", CJS), *modules).packages
    assert [(e.kind, e.path[-5:], "worker" in e.detail) for e in one.evidence] == [
        ("ES module", "a.mjs", False),
        ("ES module", "b.mjs", True),
        ("ES module", "c.mjs", False),
    ]


def test_scopes_aliases_and_two_versions_side_by_side() -> None:
    files = (
        package(f"{MODULES}/@nestjs/core", "@nestjs/core", "10.0.0")
        | package(f"{MODULES}/debug", "debug", "4.3.4")
        | package(f"{EXPRESS}/node_modules/debug", "debug", "2.6.9")
        | package(f"{MODULES}/my-lodash", "lodash", "4.17.21")
    )
    paths = [path for path in files if path.endswith(".js")]
    assert known(found_in(files, *paths)) == [
        ("pkg:npm/%40nestjs/core@10.0.0", None),
        ("pkg:npm/debug@2.6.9", None),
        ("pkg:npm/debug@4.3.4", None),
        ("pkg:npm/lodash@4.17.21", None),
    ]


def test_the_same_package_in_two_places_is_one_fact() -> None:
    files = package(f"{MODULES}/ms", "ms", "2.1.3") | package(
        f"{EXPRESS}/node_modules/ms", "ms", "2.1.3"
    )
    (one,) = found_in(files, *(path for path in files if path.endswith(".js"))).packages
    assert len(one.evidence) == 2


@pytest.mark.parametrize(
    "stub",
    [
        '{"type": "module"}',
        '{"name": "rxjs/operators"}',
        '{"name": "dist", "version": "1.0.0", "private": true}',
        '{"name": "express-esm"}',
        "{}",
        '{"name": "express", "version": "4.18.2"}',
    ],
)
def test_a_package_json_below_that_is_no_package(stub: str) -> None:
    files = package(EXPRESS, "express", "4.18.2")
    files |= {f"{EXPRESS}/dist/package.json": stub, f"{EXPRESS}/dist/a/index.js": ""}
    found = found_in(files, f"{EXPRESS}/dist/a/index.js")
    assert known(found) == [("pkg:npm/express@4.18.2", None)]
    assert found.gaps == ()


def test_a_copy_of_another_package_is_inside_its_carrier() -> None:
    copy = f"{EXPRESS}/vendor/qs"
    files = package(EXPRESS, "express", "4.18.2") | package(copy, "qs", "6.0.0")
    assert known(found_in(files, f"{copy}/index.js")) == [
        ("pkg:npm/express@4.18.2", None),
        ("pkg:npm/qs@6.0.0", "pkg:npm/express@4.18.2"),
    ]


def test_a_copy_that_does_not_say_its_version_is_unknown() -> None:
    copy = f"{EXPRESS}/compiled/ws"
    files = package(EXPRESS, "express", "4.18.2") | package(copy, "ws", None, license="MIT")
    found = found_in(files, f"{copy}/index.js")
    assert known(found) == [
        ("pkg:npm/express@4.18.2", None),
        ("pkg:npm/ws", "pkg:npm/express@4.18.2"),
    ]
    assert (found.packages[1].state, found.packages[1].reason) == (State.UNKNOWN, "contained")
    assert found.gaps == ()


def test_the_search_never_goes_above_the_package() -> None:
    files = SHOP | {f"{EXPRESS}/lib/index.js": "", f"{MODULES}/lone.js": ""}
    found = found_in(files, f"{EXPRESS}/lib/index.js", f"{MODULES}/lone.js")
    assert found.packages == ()
    assert gaps(found) == {"module of no package": f"{EXPRESS}, {MODULES}/lone.js"}


def test_a_nested_one_where_the_package_itself_says_nothing() -> None:
    files = package(f"{EXPRESS}/client", "express-client", "1.0.0") | {
        f"{EXPRESS}/package.json": '{"type": "module"}'
    }
    assert known(found_in(files, f"{EXPRESS}/client/index.js")) == [
        ("pkg:npm/express-client@1.0.0", None)
    ]


@pytest.mark.parametrize("name", [".prisma/client", "prisma-client-1f2e3d"])
def test_what_tools_generate_into_node_modules_is_no_package(name: str) -> None:
    folder = f"{MODULES}/.prisma/client"
    found = found_in(package(folder, name, "6.0.0"), f"{folder}/index.js")
    assert (found.packages, found.gaps) == ((), ())


def test_a_name_without_version_is_reported_without_one() -> None:
    found = found_in(package(EXPRESS, "express", None), f"{EXPRESS}/index.js")
    assert known(found) == [("pkg:npm/express", None)]
    assert gaps(found) == {"version not in package.json": "express"}


def test_a_package_json_without_a_name() -> None:
    files = {f"{EXPRESS}/package.json": '{"version": "1.0.0"}', f"{EXPRESS}/index.js": ""}
    found = found_in(files, f"{EXPRESS}/index.js")
    assert found.packages == ()
    assert gaps(found) == {"package.json without a name": EXPRESS}


def test_the_application_is_reported_as_scanners_do() -> None:
    files = SHOP | {f"{APP}/src/server/main.js": ""}
    (one,) = found_in(files, f"{APP}/src/server/main.js").packages
    assert one.purl == "pkg:npm/shop@0.1.0"
    assert one.evidence[0].detail == f"by {APP}/package.json, which lies in no node_modules"


def test_an_application_without_version_or_package_json_is_no_package() -> None:
    files = package(APP, "shop", None) | {"/opt/job.js": "", "/package.json": "{}"}
    found = found_in(files, f"{APP}/index.js", "/opt/job.js")
    assert (found.packages, found.gaps) == ((), ())


def test_the_nearest_named_one_decides_in_a_workspace() -> None:
    files = SHOP | package(f"{APP}/packages/ui", "@shop/ui", "2.0.0")
    files |= package(f"{APP}/packages/web", "web", None)
    files |= {f"{APP}/packages/ui/dist/package.json": '{"type": "module"}'}
    files |= {f"{APP}/packages/ui/dist/b.js": ""}
    found = found_in(files, f"{APP}/packages/ui/dist/b.js", f"{APP}/packages/web/index.js")
    assert known(found) == [("pkg:npm/%40shop/ui@2.0.0", None)]


def test_debian_keeps_packages_outside_of_node_modules() -> None:
    files = package("/usr/share/nodejs/acorn", "acorn", "8.8.1")
    assert known(found_in(files, "/usr/share/nodejs/acorn/index.js")) == [
        ("pkg:npm/acorn@8.8.1", None)
    ]


def test_the_root_folder_itself() -> None:
    files = {"/package.json": '{"name": "shop", "version": "1.0.0"}', "/server.js": ""}
    assert known(found_in(files, "/server.js")) == [("pkg:npm/shop@1.0.0", None)]


def test_pnpm() -> None:
    folder = f"{MODULES}/.pnpm/ajv-keywords@3.5.2_ajv@6.12.6/node_modules/ajv-keywords"
    files = package(folder, "ajv-keywords", "3.5.2")
    assert known(found_in(files, f"{folder}/index.js")) == [("pkg:npm/ajv-keywords@3.5.2", None)]


ZIP = f"{APP}/.yarn/cache/ms-npm-2.1.3-81ff3cfac1-aa92de6080.zip"
INNER = "node_modules/ms"
MS = zipped(
    {f"{INNER}/package.json": '{"name": "ms", "version": "2.1.3"}', f"{INNER}/index.js": "1"}
)


def test_yarn_reads_package_json_out_of_the_zip_file() -> None:
    found = found_in({ZIP: MS}, f"{ZIP}/{INNER}/index.js")
    assert known(found) == [("pkg:npm/ms@2.1.3", None)]
    assert found.packages[0].evidence[0].path == f"{ZIP}/{INNER}/index.js"


@pytest.mark.parametrize(
    "virtual",
    [
        f"{APP}/.yarn/__virtual__/ms-virtual-a4165a04ad/0/cache",
        f"{APP}/.yarn/$$virtual/a4165a04ad/0/cache",
        f"{APP}/.yarn/unplugged/__virtual__/ms-virtual-a4165a04ad/1/cache",
        f"{APP}/x/y/z/__virtual__/ms-virtual-a4165a04ad/3/.yarn/cache",
        f"/z/__virtual__/ms-virtual-a4165a04ad/9/{APP[1:]}/.yarn/cache",
    ],
)
def test_yarn_virtual_folders_are_of_the_real_package(virtual: str) -> None:
    name = ZIP.rpartition("/")[2]
    assert usable(f"{virtual}/{name}/{INNER}/index.js") == f"{ZIP}/{INNER}/index.js"
    assert known(found_in({ZIP: MS}, f"{virtual}/{name}/{INNER}/index.js")) == [
        ("pkg:npm/ms@2.1.3", None)
    ]


def test_a_folder_that_is_called_like_a_zip_file() -> None:
    folder = f"{APP}/old.zip/node_modules/ms"
    files = package(folder, "ms", "2.0.0") | {f"{folder}/lib/a.js": ""}
    found = found_in(files, f"{folder}/lib/a.js")
    assert known(found) == [("pkg:npm/ms@2.0.0", None)]
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "zip file of a package not read"),
        (b"no zip file", "zip file of a package not read"),
        (MS[:-30], "zip file of a package not read"),
        (MS.replace(b"PK\x03\x04", b"PK55"), "package.json damaged"),
        (zipped({f"{INNER}/package.json": "{"}), "package.json damaged"),
        (zipped({f"{INNER}/index.js": ""}), "module of no package"),
    ],
)
def test_a_damaged_zip_file(data: bytes, reason: str) -> None:
    found = found_in({ZIP: data}, f"{ZIP}/{INNER}/index.js")
    assert found.packages == ()
    assert gaps(found).keys() == {reason}


def test_a_zip_file_that_is_refused() -> None:
    tree = Tree({ZIP: MS})
    tree.refused[ZIP] = "not permitted"
    found, _ = look(tree, [f"{ZIP}/{INNER}/index.js"])
    assert gaps(found) == {"module of no package": f"{ZIP}/{INNER}"}


def test_damaged_and_refused_package_json_files_are_told() -> None:
    tree = Tree(package(EXPRESS, "express", "1.0.0") | package(f"{MODULES}/ms", "ms", "2.0.0"))
    tree.files[f"{EXPRESS}/package.json"] = b"{"
    tree.refused[f"{MODULES}/ms/package.json"] = "not permitted"
    found, _ = look(tree, [f"{EXPRESS}/index.js", f"{MODULES}/ms/index.js"])
    assert found.packages == ()
    told = gaps(found)
    assert told.keys() == {"package.json damaged", "package.json refused"}
    assert told["package.json damaged"].startswith(f"{EXPRESS}/package.json: ")
    assert told["package.json refused"] == f"{MODULES}/ms/package.json: not permitted"


def test_nothing_is_said_above_a_damaged_package_json() -> None:
    files = SHOP | {f"{APP}/web/package.json": "{", f"{APP}/web/a.js": ""}
    found = found_in(files, f"{APP}/web/a.js")
    assert found.packages == ()
    assert gaps(found).keys() == {"package.json damaged"}


def test_what_is_gone_is_no_fact() -> None:
    files = package(EXPRESS, "express", "4.18.2")
    found = found_in(files, f"{EXPRESS}/none.js", f"{MODULES}/gone/index.js")
    assert found.packages == ()
    assert gaps(found) == {
        "claimed file is not there": f"{EXPRESS}/none.js",
        "module of no package": f"{MODULES}/gone",
    }


def test_a_file_of_an_application_that_is_gone_is_told() -> None:
    found = found_in({"/opt/a.js": ""}, "/opt/a.js", "/opt/gone.js", "/opt/data.json")
    assert gaps(found) == {"claimed file is not there": "/opt/data.json, /opt/gone.js"}


def test_one_file_that_is_there_is_enough_wherever_it_stands() -> None:
    files = package(EXPRESS, "express", "4.18.2") | {f"{EXPRESS}/z.js": ""}
    found = found_in(files, *(f"{EXPRESS}/none{n}.js" for n in range(9)), f"{EXPRESS}/z.js")
    (one,) = found.packages
    assert [e.path for e in one.evidence] == [f"{EXPRESS}/z.js"]
    assert "claimed file is not there" in gaps(found)


def test_addons_by_their_mappings() -> None:
    addon = f"{MODULES}/bufferutil/prebuilds/linux-x64/bufferutil.node"
    tree = Tree(package(f"{MODULES}/bufferutil", "bufferutil", "4.0.8") | {addon: b"\x7fELF"})
    for modules in ([], [Module(addon, ADDON)], [Module(addon, CJS)]):
        found, _ = look(tree, modules, mapped=[addon, addon, "/usr/lib/libc.so.6"])
        (one,) = found.packages
        assert [(e.kind, e.source, e.path) for e in one.evidence] == [("mapping", "maps", addon)]


@pytest.mark.parametrize(
    "path",
    [
        "relative.js",
        "",
        "/a\0b.js",
        "/a/../b.js",
        "/a//b.js",
        "/a/./b.js",
        "/\udcff",
        "/" + "a/" * 3000,
    ],
)
def test_paths_that_cannot_be_are_told(path: str) -> None:
    found = found_in(SHOP, path)
    assert found.packages == ()
    assert gaps(found).keys() == {"path of a module not usable"}


def test_a_path_without_end_is_told() -> None:
    found = found_in({}, "/" + "a/" * 200 + "b.js")
    assert gaps(found).keys() == {"path of a module not usable"}


@pytest.mark.parametrize(
    ("folder", "package", "above"),
    [
        ("", "", 1),
        ("/app", "", 2),
        ("/app/node_modules/a", "/app/node_modules/a", 1),
        ("/app/node_modules/@s/a/lib", "/app/node_modules/@s/a", 2),
        ("/app/node_modules/a/node_modules/b", "/app/node_modules/a/node_modules/b", 1),
        ("/app/node_modules", "", 0),
        ("/app/node_modules/@s", "", 0),
        ("/node_modules/a", "/node_modules/a", 1),
        ("/app/my_node_modules/a", "", 4),
    ],
)
def test_places(folder: str, package: str, above: int) -> None:
    found = place(folder)
    assert isinstance(found, Place)
    assert (found.package, len(found.above)) == (package, above)
    if above:
        assert found.above[0] == folder
