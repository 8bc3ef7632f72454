"""From modules to packages, over trees in memory: names, owners, evidence."""

from __future__ import annotations

from sensor.model.finding import State
from tests.support.disttrees import SITE, STDLIB, how, look, names, wheel
from tests.support.tree import NOW, Tree


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
    alias = {
        "requests": f"{SITE}/requests/__init__.py",
        "aliased.idna.core": f"{SITE}/idna/core.py",
    }
    wanted = {"pkg:pypi/idna@3": None, "pkg:pypi/requests@2": None}
    assert names(look(tree, alias)) == wanted
    # Where it has its own name too, that comes first.
    (idna, _) = look(tree, alias | {"idna.core": f"{SITE}/idna/core.py"}).packages
    assert [item.detail.partition(",")[0] for item in idna.evidence] == [
        "idna.core",
        "aliased.idna.core",
    ]


def test_two_roots_stay_apart() -> None:
    tree = Tree(wheel("a", "1", "a.py") | wheel("a", "2", "a.py", "b.py", site="/target"))
    found = look(tree, {"a": f"{SITE}/a.py", "b": "/target/b.py"})
    assert names(found) == {"pkg:pypi/a@1": None, "pkg:pypi/a@2": None}


def test_two_descriptions_of_one_distribution_are_one() -> None:
    egg: dict[str, str | bytes] = {
        f"{SITE}/{entry}/{file}": text
        for entry in ("a-1.egg-info", "z.egg-info")
        for file, text in (("PKG-INFO", "Name: A\nVersion: 1\n"), ("SOURCES.txt", "a.py\n"))
    }
    found = look(Tree(wheel("a", "1", "a.py") | egg), {"a": f"{SITE}/a.py"})
    assert [p.state for p in found.packages] == [State.LOADED]
    assert how(found) == {"pkg:pypi/a@1": ["RECORD of a-1.dist-info"]}
