"""Modules that dpkg owns, over trees in memory."""

from __future__ import annotations

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import Tree, TreeProcess

PLACE = "/usr/lib/python3/dist-packages"
RELEASE = 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n'


def look(tree: Tree, modules: dict[str, str], cache: FileCache | None = None) -> Joined:
    imported = Imported(
        tuple(Module(name, f"{PLACE}/{file}") for name, file in modules.items()),
        "3.11.2",
        "/usr/lib/python3.11",
    )
    budget = Budget(tree.meter, seconds=60)
    return join(TreeProcess(tree), imported, cache or FileCache(), budget)


def paragraph(name: str, version: str, arch: str = "all") -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\n"
        f"Architecture: {arch}\nVersion: {version}\n\n"
    )


def debian(*packages: tuple[str, str, str, tuple[str, ...]]) -> Tree:
    """An image with these packages: name, version, architecture, paths in dist-packages."""
    files: dict[str, str | bytes] = {"/usr/lib/os-release": RELEASE}
    files["/var/lib/dpkg/status"] = "".join(paragraph(n, v, a) for n, v, a, _ in packages)
    for name, _, _, paths in packages:
        rows = "".join(f"{PLACE}/{path}\n" for path in paths)
        files[f"/var/lib/dpkg/info/{name}.list"] = f"/.\n/usr\n{PLACE}\n{rows}"
        files |= {f"{PLACE}/{path}": "" for path in paths if path.endswith(".py")}
    return Tree(files, {"/etc/os-release": "/usr/lib/os-release"})


YAML = ("python3-yaml", "6.0-3+b2", "amd64", ("yaml/__init__.py", "PyYAML-6.0.dist-info/METADATA"))
YAML_PURL = "pkg:deb/debian/python3-yaml@6.0-3%2Bb2?arch=amd64&distro=debian-12"


def test_dpkg_first_and_the_pypi_name_beside_it() -> None:
    tree = debian(YAML)
    tree.files[f"{PLACE}/PyYAML-6.0.dist-info/METADATA"] = b"Name: PyYAML\nVersion: 6.0\n"
    found = look(tree, {"yaml": "yaml/__init__.py"})
    (package,) = found.packages
    assert package.purl == YAML_PURL
    assert (package.name, package.version) == ("python3-yaml", "6.0-3+b2")
    assert package.aliases == ("pkg:pypi/pyyaml@6.0",)
    assert package.evidence[0].detail == "yaml, by dpkg's list of python3-yaml"
    assert found.gaps == ()


def test_two_packages_of_one_distribution() -> None:
    tree = debian(
        ("python3-setuptools", "66-1", "all", ("setuptools/__init__.py",)),
        ("python3-pkg-resources", "66-1", "all", ("pkg_resources/__init__.py",)),
    )
    info = f"{PLACE}/setuptools-66.egg-info"
    tree.files[f"{info}/PKG-INFO"] = b"Name: setuptools\nVersion: 66\n"
    tree.files[f"{info}/top_level.txt"] = b"pkg_resources\nsetuptools\n"
    found = look(tree, {"pkg_resources": "pkg_resources/__init__.py"})
    assert [(p.name, p.aliases) for p in found.packages] == [
        ("python3-pkg-resources", ("pkg:pypi/setuptools@66",))
    ]


def test_what_pip_put_there_stays_a_distribution() -> None:
    tree = debian(YAML)
    tree.files |= {
        f"{PLACE}/six.py": b"",
        f"{PLACE}/six-1.dist-info/METADATA": b"Name: six\nVersion: 1\n",
        f"{PLACE}/six-1.dist-info/RECORD": b"six.py,,\n",
    }
    found = look(tree, {"six": "six.py", "yaml": "yaml/__init__.py"})
    assert [p.purl for p in found.packages] == [YAML_PURL, "pkg:pypi/six@1"]


def test_packages_that_share_a_namespace() -> None:
    tree = debian(
        ("python3-lazr.uri", "1", "all", ("lazr/__init__.py", "lazr/uri/__init__.py")),
        ("python3-lazr.config", "2", "all", ("lazr/config/__init__.py",)),
    )
    found = look(tree, {"lazr.config": "lazr/config/__init__.py"})
    assert [p.name for p in found.packages] == ["python3-lazr.config"]


def test_an_image_without_dpkg_or_release_keeps_the_distribution() -> None:
    files: dict[str, str | bytes] = {
        f"{PLACE}/six.py": "",
        f"{PLACE}/six-1.dist-info/METADATA": "Name: six\nVersion: 1\n",
        f"{PLACE}/six-1.dist-info/RECORD": "six.py,,\n",
    }
    without_release = files | {"/var/lib/dpkg/status": paragraph("python3-six", "1-1")}
    for tree, gaps in ((Tree(files), []), (Tree(without_release), ["dpkg database not read"])):
        found = look(tree, {"six": "six.py"})
        assert [p.purl for p in found.packages] == ["pkg:pypi/six@1"]
        assert [gap.reason for gap in found.gaps] == gaps


def test_distroless() -> None:
    tree = Tree(
        {
            "/etc/os-release": RELEASE,
            f"{PLACE}/yaml/__init__.py": "",
            "/var/lib/dpkg/status.d/python3-yaml": paragraph("python3-yaml", "6.0-3+b2", "amd64"),
            "/var/lib/dpkg/status.d/python3-yaml.md5sums": (
                f"d41d8cd98f00b204e9800998ecf8427e  {PLACE[1:]}/yaml/__init__.py\n"
            ),
        }
    )
    assert [p.purl for p in look(tree, {"yaml": "yaml/__init__.py"}).packages] == [YAML_PURL]


def test_a_multiarch_name_takes_its_own_architecture() -> None:
    tree = debian(YAML)
    rows = tree.files.pop("/var/lib/dpkg/info/python3-yaml.list")
    tree.files["/var/lib/dpkg/info/python3-yaml:amd64.list"] = rows
    tree.files["/var/lib/dpkg/status"] += paragraph("python3-yaml", "6.0-9", "i386").encode()
    assert [p.purl for p in look(tree, {"yaml": "yaml/__init__.py"}).packages] == [YAML_PURL]


def test_a_diverted_file_belongs_to_the_diverter() -> None:
    tree = debian(
        ("python3-a", "1", "all", ("mod.py",)),
        ("python3-b", "2", "all", ("mod.py",)),
    )
    place = f"{PLACE}/mod.py\n{PLACE}/mod.distrib.py\npython3-b\n"
    tree.files["/var/lib/dpkg/diversions"] = place.encode()
    assert [p.name for p in look(tree, {"mod": "mod.py"}).packages] == ["python3-b"]


def test_merged_usr_makes_two_names_for_one_file() -> None:
    tree = debian(YAML)
    tree.links["/lib"] = "usr/lib"
    both = (f"{PLACE[4:]}/yaml/__init__.py", f"{PLACE}/yaml/__init__.py")
    modules = (Module("yaml", both[0]), Module("again", both[1]))
    imported = Imported(modules, "3.11", None)
    found = join(TreeProcess(tree), imported, FileCache(), Budget(tree.meter, seconds=60))
    (package,) = found.packages
    assert package.purl == YAML_PURL
    assert sorted(item.path for item in package.evidence) == sorted(both)


def test_a_package_that_ships_several_distributions_has_the_names_of_those_loaded() -> None:
    infos = ("one-1.egg-info/PKG-INFO", "two-2.egg-info/PKG-INFO")
    tree = debian(("python3-many", "1", "all", ("one.py", "two.py", *infos)))
    tree.files[f"{PLACE}/{infos[0]}"] = b"Name: one\nVersion: 1\n"
    tree.files[f"{PLACE}/{infos[1]}"] = b"Name: two\nVersion: 2\n"
    found = look(tree, {"two": "two.py"})
    assert [(p.name, p.aliases) for p in found.packages] == [("python3-many", ("pkg:pypi/two@2",))]


def test_the_second_process_reads_no_list() -> None:
    tree, cache = debian(YAML), FileCache()
    first = look(tree, {"yaml": "yaml/__init__.py"}, cache)
    tree.forget()
    assert look(tree, {"yaml": "yaml/__init__.py"}, cache) == first
    assert tree.opened == ["/usr/lib/os-release"]
    assert tree.listed == []


def test_slices_read_each_list_once() -> None:
    packages = tuple((f"p{n}", "1", "all", (f"m{n}.py",)) for n in range(200))
    tree, cache, slices = debian(*packages), FileCache(), 0
    imported = Imported((Module("m7", f"{PLACE}/m7.py"),), "3.11", None)
    while True:
        slices += 1
        ticks = iter(range(10_000))
        budget = Budget(tree.meter, clock=lambda ticks=ticks: 0.15 * next(ticks))  # type: ignore[misc]
        found = join(TreeProcess(tree), imported, cache, budget)
        if not found.more:
            break
    assert slices == 4
    lists = [path for path in tree.opened if path.endswith(".list")]
    assert len(lists) == len(set(lists)) == 200
    assert [p.name for p in found.packages] == ["p7"]


def test_damage_is_a_gap_and_the_distribution_stays() -> None:
    tree = debian(YAML)
    tree.files["/usr/lib/os-release"] = b"nothing"
    tree.files |= {
        f"{PLACE}/PyYAML-6.0.dist-info/METADATA": b"Name: PyYAML\nVersion: 6.0\n",
        f"{PLACE}/PyYAML-6.0.dist-info/top_level.txt": b"yaml\n",
    }
    found = look(tree, {"yaml": "yaml/__init__.py"})
    assert [p.purl for p in found.packages] == ["pkg:pypi/pyyaml@6.0"]
    assert [gap.reason for gap in found.gaps] == ["dpkg database not read"]
