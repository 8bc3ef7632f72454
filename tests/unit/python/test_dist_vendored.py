"""Copies inside other distributions, over trees in memory."""

from __future__ import annotations

import orjson

from sensor.model.finding import Package
from tests.support.disttrees import SITE, look, names, wheel
from tests.support.tree import Tree


def vendoring() -> dict[str, str | bytes]:
    inner = {"pip/_vendor/idna/core.py": "", "pip/_vendor/vendor.txt": "idna==3.4\nrich==13.0\n"}
    return wheel("pip", "23", "pip/__init__.py", *inner) | {
        f"{SITE}/{path}": text for path, text in inner.items()
    }


def test_vendored_by_a_list_of_pins() -> None:
    modules = {
        "pip": f"{SITE}/pip/__init__.py",
        "pip._vendor.idna.core": f"{SITE}/pip/_vendor/idna/core.py",
    }
    assert names(look(Tree(vendoring()), modules)) == {
        "pkg:pypi/pip@23": None,
        "pkg:pypi/idna@3.4": "pkg:pypi/pip@23",
    }


def test_vendored_by_nested_metadata_under_both_names() -> None:
    place = f"{SITE}/setuptools/_vendor"
    tree = Tree(
        wheel("setuptools", "75", "setuptools/__init__.py", "setuptools/_vendor/packaging/tags.py")
        | wheel("packaging", "24.2", "packaging/__init__.py", "packaging/tags.py", site=place)
    )
    whole = {"setuptools._vendor.packaging.tags": f"{place}/packaging/tags.py"}
    short = {"packaging.tags": f"{place}/packaging/tags.py"}
    wanted = {"pkg:pypi/packaging@24.2": "pkg:pypi/setuptools@75"}
    assert names(look(tree, short)) == wanted
    assert names(look(tree, whole)) == wanted | {"pkg:pypi/setuptools@75": None}
    both = look(tree, whole | short)
    assert names(both) == wanted | {"pkg:pypi/setuptools@75": None}
    (inner,) = (package for package in both.packages if package.inside)
    assert [item.detail.partition(",")[0] for item in inner.evidence] == [*short, *whole]


def test_copies_inside_copies_are_those_of_the_innermost_list() -> None:
    deep = "pip/_vendor/urllib3/packages"
    files = vendoring() | {
        f"{SITE}/{deep}/six.py": "",
        f"{SITE}/{deep}/vendor.txt": "six==1.12.0\n",
        f"{SITE}/pip/_vendor/vendor.txt": "urllib3==1.26.16\n",
    }
    files[f"{SITE}/pip-23.dist-info/RECORD"] = "pip/__init__.py,,\n"
    found = look(Tree(files), {f"{deep}/six".replace("/", "."): f"{SITE}/{deep}/six.py"})
    assert names(found) == {
        "pkg:pypi/pip@23": None,
        "pkg:pypi/six@1.12.0": "pkg:pypi/pip@23",
    }


def test_a_venv_inside_a_project_is_not_vendored() -> None:
    site = "/proj/venv/lib/python3.11/site-packages"
    tree = Tree(
        wheel("a", "1", "a.py", site=site)
        | {
            "/proj/proj.egg-info/PKG-INFO": "Name: proj\nVersion: 1\n",
            "/proj/proj.egg-info/top_level.txt": "proj\n",
            "/proj/proj/__init__.py": "",
        }
    )
    found = look(tree, {"a": f"{site}/a.py", "proj": "/proj/proj/__init__.py"})
    assert names(found) == {"pkg:pypi/a@1": None, "pkg:pypi/proj@1": None}


def test_packages_survive_json() -> None:
    tree = Tree(vendoring())
    found = look(tree, {"pip._vendor.idna.core": f"{SITE}/pip/_vendor/idna/core.py"})
    for package in found.packages:
        assert Package.from_plain(orjson.loads(orjson.dumps(package))) == package
