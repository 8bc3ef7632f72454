"""What cannot be learned is told, over trees in memory."""

from __future__ import annotations

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.python.distributions import join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.disttrees import SITE, look, names, reasons, wheel
from tests.support.tree import Tree, TreeProcess


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


def test_a_directory_that_cannot_be_listed_is_a_gap() -> None:
    tree = Tree({f"{SITE}/a.py": ""})
    tree.refused[SITE] = "not permitted"
    found = look(tree, {"a": f"{SITE}/a.py"})
    assert [(g.reason, g.detail) for g in found.gaps] == [
        ("import root not read", f"{SITE}: not permitted"),
        ("module owned by no distribution", f"{SITE}: a"),
    ]
