"""From modules to packages, over trees in memory: every form of installation we know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.finding import Package, State
from sensor.resolvers.python import folder
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import NOW, Tree, TreeProcess, zipped

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE = "/venv/lib/python3.11/site-packages"
STDLIB = "/usr/lib/python3.11"


def look(
    tree: Tree,
    modules: Mapping[str, str | None],
    cache: FileCache | None = None,
    paths: tuple[str, ...] = (),
    *,
    frozen: bool = False,
) -> Joined:
    """One whole look, without any limit of time."""
    imported = Imported(
        tuple(Module(name, file) for name, file in modules.items()), "3.11.7", STDLIB, frozen, paths
    )
    budget = Budget(tree.meter, seconds=60)
    return join(TreeProcess(tree), imported, cache or FileCache(), budget)


def names(found: Joined) -> dict[str, str | None]:
    """Purl by carrier."""
    return {package.purl: package.inside for package in found.packages}


def wheel(name: str, version: str, *files: str, site: str = SITE) -> dict[str, str | bytes]:
    """An installed distribution with these files."""
    info = f"{site}/{name}-{version}.dist-info"
    found: dict[str, str | bytes] = {f"{site}/{f}": "x" for f in files if not f.startswith("..")}
    return found | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText",
        f"{info}/RECORD": "".join(f"{file},sha256=x,1\n" for file in files),
    }


def how(found: Joined) -> dict[str, list[str]]:
    """By what each piece of evidence was matched."""
    return {
        package.purl: [item.detail.partition(" by ")[2] for item in package.evidence]
        for package in found.packages
    }


def reasons(found: Joined) -> list[str]:
    return [gap.reason for gap in found.gaps]


def test_a_wheel_under_another_name_than_its_module() -> None:
    tree = Tree(wheel("PyYAML", "6.0.1", "yaml/__init__.py", "yaml/loader.py"))
    found = look(
        tree,
        {
            "os": f"{STDLIB}/os.py",
            "sys": None,
            "yaml.loader": f"{SITE}/yaml/loader.py",
            "yaml": f"{SITE}/yaml/__init__.py",
        },
    )
    (package,) = found.packages
    assert (package.purl, package.name, package.version) == (
        "pkg:pypi/pyyaml@6.0.1",
        "PyYAML",
        "6.0.1",
    )
    assert package.state is State.LOADED
    first = package.evidence[0]
    assert (first.kind, first.source, first.at) == ("sys.modules", "memory", NOW)
    assert first.path == f"{SITE}/yaml/__init__.py"
    assert first.detail == "yaml, by RECORD of PyYAML-6.0.1.dist-info"
    assert found.gaps == ()
    assert found.application == 0


def test_only_what_is_loaded_is_reported() -> None:
    tree = Tree(wheel("a", "1", "a.py") | wheel("b", "2", "b.py"))
    assert names(look(tree, {"a": f"{SITE}/a.py"})) == {"pkg:pypi/a@1": None}


def test_evidence_is_three_files_in_order() -> None:
    files = [f"a/m{number}.py" for number in range(9)]
    tree = Tree(wheel("a", "1", "a/__init__.py", *files))
    modules = {f"a.m{number}": f"{SITE}/a/m{number}.py" for number in reversed(range(9))}
    (package,) = look(tree, modules).packages
    assert [item.detail.partition(",")[0] for item in package.evidence] == ["a.m0", "a.m1", "a.m2"]


def test_a_file_that_is_not_there_is_no_package_but_a_gap() -> None:
    tree = Tree(wheel("a", "1", "a.py"))
    del tree.files[f"{SITE}/a.py"]
    found = look(tree, {"a": f"{SITE}/a.py"})
    assert found.packages == ()
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [
        ("claimed file is not there", f"{SITE}/a.py")
    ]


def test_one_file_that_is_there_is_enough() -> None:
    files = [f"a/m{number}.py" for number in range(6)]
    tree = Tree(wheel("a", "1", *files, "a/__init__.py"))
    for number in range(5):
        del tree.files[f"{SITE}/a/m{number}.py"]
    found = look(tree, {f"a.m{n}": f"{SITE}/a/m{n}.py" for n in range(6)})
    assert [item.path for item in found.packages[0].evidence] == [f"{SITE}/a/m5.py"]
    assert reasons(found) == ["claimed file is not there"]


def test_namespace_packages() -> None:
    tree = Tree(
        wheel("azure-core", "1", "azure/core/__init__.py", "azure/core/x.py")
        | wheel("azure-blob", "2", "azure/storage/blob/__init__.py")
        | wheel("zope.event", "3", "zope/__init__.py", "zope/event/__init__.py")
        | wheel("zope.interface", "4", "zope/__init__.py", "zope/interface/__init__.py")
    )
    modules = {
        "azure": None,
        "azure.storage.blob": f"{SITE}/azure/storage/blob/__init__.py",
        "zope": f"{SITE}/zope/__init__.py",
        "zope.event": f"{SITE}/zope/event/__init__.py",
    }
    assert names(look(tree, modules)) == {
        "pkg:pypi/azure-blob@2": None,
        "pkg:pypi/zope-event@3": None,
    }


def test_files_of_two_distributions_are_told_apart_by_size() -> None:
    tree = Tree(wheel("opencv", "1", "cv2/__init__.py") | wheel("opencv-headless", "2", "cv2/a.py"))
    info = f"{SITE}/opencv-headless-2.dist-info/RECORD"
    tree.files[info] = b"cv2/__init__.py,sha256=x,5\ncv2/a.py,sha256=x,1\n"
    tree.files[f"{SITE}/cv2/__init__.py"] = b"12345"
    found = look(tree, {"cv2": f"{SITE}/cv2/__init__.py"})
    assert names(found) == {"pkg:pypi/opencv-headless@2": None}


def test_files_of_two_distributions_alike_are_unknown() -> None:
    tree = Tree(wheel("a", "1", "same.py") | wheel("b", "2", "same.py"))
    found = look(tree, {"same": f"{SITE}/same.py"})
    assert [(p.purl, p.state, p.reason) for p in found.packages] == [
        ("pkg:pypi/a@1", State.UNKNOWN, "its loaded files are recorded by b 2 too"),
        ("pkg:pypi/b@2", State.UNKNOWN, "its loaded files are recorded by a 1 too"),
    ]


def test_alias_modules_belong_to_the_owner_of_their_file() -> None:
    tree = Tree(wheel("requests", "2", "requests/__init__.py") | wheel("idna", "3", "idna/core.py"))
    modules = {
        "requests": f"{SITE}/requests/__init__.py",
        "requests.packages.idna.core": f"{SITE}/idna/core.py",
    }
    assert names(look(tree, modules)) == {"pkg:pypi/idna@3": None, "pkg:pypi/requests@2": None}


def test_two_roots_stay_apart() -> None:
    tree = Tree(wheel("a", "1", "a.py") | wheel("a", "2", "a.py", "b.py", site="/target"))
    found = look(tree, {"a": f"{SITE}/a.py", "b": "/target/b.py"})
    assert names(found) == {"pkg:pypi/a@1": None, "pkg:pypi/a@2": None}


def test_modules_of_no_distribution() -> None:
    tree = Tree(wheel("a", "1", "a.py") | {f"{SITE}/mine/x.py": "", "/app/main.py": ""})
    found = look(
        tree, {"mine.x": f"{SITE}/mine/x.py", "main": "/app/main.py", "__main__": "run.py"}
    )
    assert found.packages == ()
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("module owned by no distribution", f"{SITE}: mine")
    ]
    assert found.application == 1


def test_paths_that_cannot_be_used_are_told() -> None:
    found = look(Tree({"/x": ""}), {"odd": "odd.py", "nul": "/a\0.py"})
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("path of a module not usable", "nul, odd")
    ]


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
    modules = {
        "six": f"{root}/six.pyc",
        "yaml": f"{root}/yaml/__init__.pyc",
        "json": f"{root}/json.pyc",
    }
    found = look(tree, modules, frozen=True)
    assert names(found) == {"pkg:pypi/six@1": None}
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("frozen program: distributions and versions are not known", "yaml")
    ]


def test_damaged_and_refused_metadata_are_gaps() -> None:
    tree = Tree(
        wheel("a", "1", "a.py")
        | {f"{SITE}/bad-1.dist-info/METADATA": "", f"{SITE}/no-1.dist-info/RECORD": "x.py,,\n"}
        | wheel("pipe", "1", "pipe.py")
    )
    tree.refused[f"{SITE}/pipe-1.dist-info/RECORD"] = "no regular file"
    found = look(tree, {"a": f"{SITE}/a.py"})
    assert names(found) == {"pkg:pypi/a@1": None}
    assert [(g.reason, g.detail) for g in found.gaps] == [
        (
            "metadata of a distribution damaged",
            f"{SITE}: bad-1.dist-info: no name of a distribution: ''",
        ),
        ("metadata of a distribution damaged", f"{SITE}: no-1.dist-info: no metadata"),
        ("metadata of a distribution refused", f"{SITE}: pipe-1.dist-info: no regular file"),
    ]


def test_a_version_is_never_guessed() -> None:
    tree = Tree(wheel("a", "1", "a.py"))
    tree.files[f"{SITE}/a-1.dist-info/METADATA"] = b"Name: a\n\n"
    found = look(tree, {"a": f"{SITE}/a.py"})
    assert [(p.purl, p.version) for p in found.packages] == [("pkg:pypi/a", None)]
    assert reasons(found) == ["version not in metadata"]


def test_a_module_that_states_another_version_is_told() -> None:
    tree = Tree(wheel("a", "2", "a.py") | wheel("b", "1.0", "b.py"))
    modules = (Module("a", f"{SITE}/a.py", version="1"), Module("b", f"{SITE}/b.py", version="1"))
    budget = Budget(tree.meter, seconds=60)
    found = join(TreeProcess(tree), Imported(modules, "3.11", None), FileCache(), budget)
    assert names(found) == {"pkg:pypi/a@2": None, "pkg:pypi/b@1.0": None}
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("module and metadata state different versions", "a: 1 in memory, 2")
    ]


def test_left_overs_of_pip_are_passed_over() -> None:
    old = {
        f"{SITE}/~-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
        f"{SITE}/~-1.dist-info/RECORD": "a.py,sha256=x,1\n",
    }
    tree = Tree(wheel("a", "2", "a.py") | old)
    assert names(look(tree, {"a": f"{SITE}/a.py"})) == {"pkg:pypi/a@2": None}


def test_two_descriptions_of_one_distribution_are_one() -> None:
    egg: dict[str, str | bytes] = {
        f"{SITE}/{entry}/{file}": text
        for entry in ("a-1.egg-info", "z.egg-info")
        for file, text in (("PKG-INFO", "Name: A\nVersion: 1\n"), ("SOURCES.txt", "a.py\n"))
    }
    found = look(Tree(wheel("a", "1", "a.py") | egg), {"a": f"{SITE}/a.py"})
    assert [p.state for p in found.packages] == [State.LOADED]
    assert how(found) == {"pkg:pypi/a@1": ["RECORD of a-1.dist-info"]}


def test_a_directory_that_cannot_be_listed_is_a_gap() -> None:
    tree = Tree({f"{SITE}/a.py": ""})
    tree.refused[SITE] = "not permitted"
    found = look(tree, {"a": f"{SITE}/a.py"})
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("import root not read", f"{SITE}: not permitted"),
        ("module owned by no distribution", f"{SITE}: a"),
    ]


def test_packages_survive_json() -> None:
    tree = Tree(vendoring())
    found = look(tree, {"pip._vendor.idna.core": f"{SITE}/pip/_vendor/idna/core.py"})
    for package in found.packages:
        assert Package.from_plain(orjson.loads(orjson.dumps(package))) == package
