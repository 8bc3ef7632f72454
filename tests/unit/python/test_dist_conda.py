"""Packages that only conda's own records know, over trees in memory."""

from __future__ import annotations

import orjson

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import Tree, TreeProcess

INNER = "lib/python3.11/site-packages"
SITE = f"/opt/env/{INNER}"


def environment(count: int = 1) -> Tree:
    files: dict[str, str | bytes] = {
        f"{SITE}/six.py": "",
        f"{SITE}/six-1.dist-info/METADATA": "Name: six\nVersion: 1\n",
        f"{SITE}/six-1.dist-info/RECORD": "six.py,,\n",
    }
    for number in range(count):
        name = f"vtk{number}"
        files[f"{SITE}/{name}/__init__.py"] = ""
        files[f"/opt/env/conda-meta/{name}-9.3-py311_2.json"] = orjson.dumps(
            {
                "name": name,
                "version": "9.3",
                "build": "py311_2",
                "subdir": "linux-64",
                "channel": "https://conda.anaconda.org/conda-forge/linux-64",
                "files": [f"{INNER}/{name}/__init__.py", "bin/vtk", 7],
            }
        )
    files["/opt/env/conda-meta/history"] = "x"
    return Tree(files)


def look(tree: Tree, modules: dict[str, str], cache: FileCache, seconds: float = 60) -> Joined:
    ticks = iter(range(1_000_000))
    budget = Budget(tree.meter, seconds=seconds, clock=lambda: 0.1 * next(ticks))
    named = tuple(Module(name, f"{SITE}/{path}") for name, path in modules.items())
    imported = Imported(named, "3.11", "/opt/env/lib/python3.11")
    return join(TreeProcess(tree), imported, cache, budget)


VTK = {"vtk0": "vtk0/__init__.py"}
PURL = "pkg:conda/vtk0@9.3?build=py311_2&channel=conda-forge&subdir=linux-64"


def test_a_package_without_python_metadata() -> None:
    found = look(environment(), VTK, FileCache())
    (package,) = found.packages
    assert (package.purl, package.name, package.version) == (PURL, "vtk0", "9.3")
    assert package.evidence[0].detail == "vtk0, by conda-meta of vtk0-9.3"
    assert found.gaps == ()


def test_conda_is_not_asked_for_what_has_metadata() -> None:
    tree = environment()
    found = look(tree, {"six": "six.py"}, FileCache())
    assert [p.purl for p in found.packages] == ["pkg:pypi/six@1"]
    assert not [path for path in tree.opened if "conda-meta" in path]


def test_what_conda_does_not_know_either_stays_a_gap() -> None:
    tree = environment()
    tree.files[f"{SITE}/mine.py"] = b""
    found = look(tree, {"mine": "mine.py"}, FileCache())
    assert [gap.detail for gap in found.gaps] == [f"{SITE}: mine"]


def test_slices_and_the_second_process() -> None:
    tree, cache, slices = environment(30), FileCache(), 1
    while look(tree, VTK, cache, 0.15).more:
        slices += 1
    assert slices == 4
    records = [path for path in tree.opened if "conda-meta" in path]
    assert len(records) == len(set(records)) == 30
    tree.forget()
    assert [p.purl for p in look(tree, VTK, cache).packages] == [PURL]
    assert tree.opened == []


def test_damage_is_a_gap() -> None:
    tree = environment()
    tree.files["/opt/env/conda-meta/bad-1-0.json"] = b"{"
    found = look(tree, VTK, FileCache())
    assert [p.purl for p in found.packages] == [PURL]
    assert [gap.reason for gap in found.gaps] == ["record of conda not read"]
