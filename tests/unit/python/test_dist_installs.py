"""Every way to install that leaves other traces, over trees in memory."""

from __future__ import annotations

import orjson
import pytest

from sensor.host.cache import FileCache
from sensor.resolvers.python import folder
from sensor.resolvers.python.distributions import Joined
from tests.support.disttrees import SITE, how, look, names, reasons, wheel
from tests.support.tree import Tree, zipped


def test_egg_info_of_every_kind() -> None:
    tree = Tree(
        {
            f"{SITE}/old-1.egg-info/PKG-INFO": "Name: old\nVersion: 1\n",
            f"{SITE}/old-1.egg-info/installed-files.txt": "../old_pkg/__init__.py\nPKG-INFO\n",
            f"{SITE}/old_pkg/__init__.py": "",
            f"{SITE}/dev.egg-info/PKG-INFO": "Name: dev\nVersion: 2\n",
            f"{SITE}/dev.egg-info/top_level.txt": "dev\n",
            f"{SITE}/dev.egg-info/SOURCES.txt": "setup.py\nsrc/dev/__init__.py\ntests/x.py\n",
            f"{SITE}/dev/__init__.py": "",
            f"{SITE}/top-3.egg-info/PKG-INFO": "Name: top\nVersion: 3\n",
            f"{SITE}/top-3.egg-info/top_level.txt": "other\n",
            f"{SITE}/other.py": "",
            f"{SITE}/flat_name-4.egg-info": "Name: flat-name\nVersion: 4\n",
            f"{SITE}/flat_name/__init__.py": "",
        }
    )
    modules = {
        "old_pkg": f"{SITE}/old_pkg/__init__.py",
        "dev": f"{SITE}/dev/__init__.py",
        "other": f"{SITE}/other.py",
        "flat_name": f"{SITE}/flat_name/__init__.py",
    }
    assert how(look(tree, modules)) == {
        "pkg:pypi/old@1": ["installed-files.txt of old-1.egg-info"],
        "pkg:pypi/dev@2": ["SOURCES.txt of dev.egg-info"],
        "pkg:pypi/top@3": ["top_level.txt of top-3.egg-info"],
        "pkg:pypi/flat-name@4": ["name of flat_name-4.egg-info"],
    }


def test_a_top_level_name_of_two_is_nobodys() -> None:
    tree = Tree(
        {
            f"{SITE}/{name}-1.egg-info/{file}": text
            for name in ("x", "y")
            for file, text in (("PKG-INFO", f"Name: {name}\nVersion: 1\n"), ("top_level.txt", "z"))
        }
        | {f"{SITE}/z.py": ""}
    )
    found = look(tree, {"z": f"{SITE}/z.py"})
    assert found.packages == ()
    assert reasons(found) == ["module owned by no distribution"]


def test_an_egg_directory() -> None:
    egg = "/venv/lib/foo-1.0-py3.11.egg"
    tree = Tree(
        {
            f"{egg}/EGG-INFO/PKG-INFO": "Name: foo\nVersion: 1.0\n",
            f"{egg}/EGG-INFO/top_level.txt": "foo\n",
            f"{egg}/foo/__init__.py": "",
        }
    )
    assert names(look(tree, {"foo": f"{egg}/foo/__init__.py"})) == {"pkg:pypi/foo@1.0": None}


def editable(tops: str | None, pth: str | None) -> Tree:
    info = f"{SITE}/proj-5.dist-info"
    rows = "proj-5.dist-info/direct_url.json,,\n" + ("__editable__.proj.pth,,\n" if pth else "")
    files: dict[str, str | bytes] = {
        f"{info}/METADATA": "Name: proj\nVersion: 5\n",
        f"{info}/RECORD": rows,
        f"{info}/direct_url.json": orjson.dumps(
            {"url": "file:///home/me/proj", "dir_info": {"editable": True}}
        ),
        "/home/me/proj/src/code/__init__.py": "",
        "/home/me/proj/tests/conftest.py": "",
    }
    if tops:
        files[f"{info}/top_level.txt"] = tops
    if pth:
        files[f"{SITE}/__editable__.proj.pth"] = pth
    return Tree(files)


EDITABLE = {
    "code": "/home/me/proj/src/code/__init__.py",
    "conftest": "/home/me/proj/tests/conftest.py",
}


def test_an_editable_install_by_its_top_level_names() -> None:
    found = look(editable("code\n", None), EDITABLE, paths=(SITE,))
    (package,) = found.packages
    assert package.purl == "pkg:pypi/proj@5"
    assert package.evidence[0].detail == "code, by direct_url.json of proj-5.dist-info"
    assert found.application == 1


def test_an_editable_install_by_its_path_file() -> None:
    found = look(editable(None, "/home/me/proj/src\n"), EDITABLE, paths=(SITE,))
    assert names(found) == {"pkg:pypi/proj@5": None}
    assert found.application == 1


def test_the_innermost_of_two_editable_projects() -> None:
    tree = editable("code\n", None)
    info = f"{SITE}/inner-6.dist-info"
    tree.files |= {
        f"{info}/METADATA": b"Name: inner\nVersion: 6\n",
        f"{info}/RECORD": b"inner-6.dist-info/direct_url.json,,\n",
        f"{info}/top_level.txt": b"code\n",
        f"{info}/direct_url.json": orjson.dumps(
            {"url": "file:///home/me/proj/src", "dir_info": {"editable": True}}
        ),
    }
    assert names(look(tree, EDITABLE, paths=(SITE,))) == {"pkg:pypi/inner@6": None}


def test_code_beside_an_editable_install_is_not_it() -> None:
    found = look(editable(None, None), EDITABLE, paths=(SITE,))
    assert names(found) == {}
    assert found.application == 2


@pytest.mark.parametrize("name", ["__editable___proj_5_0_finder", "_virtualenv"])
def test_the_machinery_of_installers_is_no_package(name: str) -> None:
    found = look(Tree(wheel("proj", "5", f"{name}.py")), {name: f"{SITE}/{name}.py"})
    assert found == Joined()


def test_a_zipapp() -> None:
    files = {
        "__main__.py": "",
        "six.py": "",
        "six-1.dist-info/METADATA": "Name: six\nVersion: 1\n",
        "six-1.dist-info/RECORD": "six.py,,\n",
        "nested/foo.whl/foo/__init__.py": "",
        "nested/foo.whl/foo-2.dist-info/METADATA": "Name: foo\nVersion: 2\n",
        "nested/foo.whl/foo-2.dist-info/RECORD": "foo/__init__.py,,\n",
    }
    tree = Tree({"/opt/app": zipped(files, b"#!/usr/bin/python3\n")})
    modules = {
        "__main__": "/opt/app/__main__.py",
        "six": "/opt/app/six.py",
        "foo": "/opt/app/nested/foo.whl/foo/__init__.py",
    }
    cache = FileCache()
    for _ in range(2):
        found = look(tree, modules, cache)
        assert names(found) == {"pkg:pypi/six@1": None, "pkg:pypi/foo@2": None}
        assert found.gaps == ()
    assert tree.opened == ["/opt/app"]


def test_metadata_of_a_zip_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_UNPACKED", 100)
    files = {
        "a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
        "a-1.dist-info/RECORD": "a.py,,\n" * 10,
        "b-2.dist-info/METADATA": "Name: b\nVersion: 2\n" + "\n" * 50,
    }
    found = look(Tree({"/opt/app.zip": zipped(files)}), {"a": "/opt/app.zip/a.py"})
    assert reasons(found) == ["claimed file is not there", "metadata of a distribution damaged"]
    assert found.gaps[1].detail.startswith("/opt/app.zip: b-2.dist-info: member of")


def test_a_module_that_a_zip_file_does_not_have() -> None:
    files = {
        "six-1.dist-info/METADATA": "Name: six\nVersion: 1\n",
        "six-1.dist-info/RECORD": "six.py,,\n",
    }
    found = look(Tree({"/opt/app.zip": zipped(files)}), {"six": "/opt/app.zip/six.py"})
    assert found.packages == ()
    assert reasons(found) == ["claimed file is not there"]


def test_a_frozen_program_names_what_it_cannot_explain() -> None:
    root = "/opt/app/_internal"
    tree = Tree(
        {
            f"{root}/base_library.zip": zipped({}),
            f"{root}/six-1.dist-info/METADATA": "Name: six\nVersion: 1\n",
            f"{root}/six-1.dist-info/RECORD": "six.py,,\n",
        }
    )
    # As PyInstaller 6 has it: one directory for all, and relative names for what starts it.
    modules = {
        "struct": "struct.py",
        "pyimod02_importers": "pyimod02_importers.py",
        "os": f"{root}/os.pyc",
        "json.decoder": f"{root}/json/decoder.py",
        "six": f"{root}/six.py",
        "yaml": f"{root}/yaml/__init__.py",
    }
    found = look(tree, modules, frozen=root)
    assert names(found) == {"pkg:pypi/six@1": None}
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("frozen program: distributions and versions are not known", "yaml")
    ]
    assert found.application == 1
