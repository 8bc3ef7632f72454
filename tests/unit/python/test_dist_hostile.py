"""Trees and modules that a hostile process could show: the mapping ends, and says no nonsense."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.finding import State
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import Tree, TreeProcess, zipped

SITE = "/v/lib/python3.11/site-packages"
DEBIAN = "/usr/lib/python3/dist-packages"

NOISE = st.sampled_from(
    [b"", b"\xff\0\n", b'"\n', b"[" * 3000, b"Name: a b\n", b"../../etc/x.py,,\n"]
)


def mostly(*contents: bytes) -> st.SearchStrategy[bytes]:
    """One of the contents that a real file of this kind has, sometimes another thing."""
    real = st.sampled_from(contents)
    return st.one_of(real, real, real, real, NOISE)


HEAD = mostly(
    b"Name: a\nVersion: 1\n\n", b"Name: b\nVersion: 2\x1b[0m\n\n", b"Name: c\nVersion: 3\n"
)
ROWS = mostly(
    b"a/__init__.py,sha256=x,0\na/b/__init__.py,,\nx-1.dist-info/direct_url.json,,\na.pth,,\n",
    b"a/b/__init__.py,,\na/_vendor/a.py,,\n",
    b"a.py,,1\na/__init__.py,,5\n",
    b'"a,b.py",,\na/b/__init__.py,,\n',
)
NAME = mostly(b"a\n", b"a\nb\n")
EMPTY = mostly(b"")
DIRECT = mostly(b'{"url": "file:///v/proj", "dir_info": {"editable": true}}', b"{}")
BELOW = {
    "x-1.dist-info/METADATA": HEAD,
    "x-1.dist-info/RECORD": ROWS,
    "x-1.dist-info/direct_url.json": DIRECT,
    "y-2.dist-info/METADATA": HEAD,
    "y-2.dist-info/RECORD": ROWS,
    "z.egg-info/PKG-INFO": HEAD,
    "z.egg-info/top_level.txt": NAME,
    "z.egg-info/SOURCES.txt": mostly(b"setup.py\nsrc/a/__init__.py\n"),
    "flat.egg-info": HEAD,
    "a.pth": mostly(b"/v/proj\n"),
    "a.py": EMPTY,
    "a/__init__.py": EMPTY,
    "a/b/__init__.py": EMPTY,
    "a/_vendor/a.py": EMPTY,
    "a/_vendor/vendor.txt": mostly(b"a==7\n"),
    "a/_vendor/w-1.dist-info/METADATA": HEAD,
    "a/_vendor/w-1.dist-info/RECORD": mostly(b"a.py,,\n"),
}
SYSTEM = {
    "/v/proj/a/__init__.py": EMPTY,
    "/var/lib/dpkg/status": mostly(
        b"Package: deb-a\nArchitecture: all\nVersion: 1\nStatus: install ok installed\n\n"
    ),
    "/var/lib/dpkg/info/deb-a.list": mostly(
        f"{DEBIAN}/a.py\n{DEBIAN}/a/__init__.py\n{DEBIAN}/x-1.dist-info\n".encode()
    ),
    "/var/lib/dpkg/diversions": mostly(f"{DEBIAN}/a.py\n{DEBIAN}/b.py\ndeb-b\n".encode()),
    "/etc/os-release": mostly(b"ID=debian\nVERSION_ID=12\n"),
}
MODULES = [
    ("a", "a/__init__.py"),
    ("a", "a.py"),
    ("a.b", "a/b/__init__.py"),
    ("a._vendor.a", "a/_vendor/a.py"),
    ("other", "a/b/__init__.py"),
    ("a.missing", "a/missing.py"),
]
ODD = [("odd", "odd.py"), ("nul", "/a\0"), ("half", "/\udcff"), ("up", "/../a.py"), ("", None)]


@st.composite
def images(draw: st.DrawFn) -> tuple[dict[str, bytes], list[Module]]:
    """A tree with one or two import roots, and modules that claim to come from there."""
    roots = draw(st.sampled_from([(SITE,), (DEBIAN,), (SITE, DEBIAN), (SITE, "/")]))
    optional = {f"{root.rstrip('/')}/{path}": c for root in roots for path, c in BELOW.items()}
    files = draw(st.fixed_dictionaries({}, optional=optional | SYSTEM))
    claimed = [(n, f"{root.rstrip('/')}/{path}") for root in roots for n, path in MODULES]
    odd = [*ODD, ("a", "/v/proj/a/__init__.py"), ("a", f"{SITE}/a/_vendor/a.py")]
    modules = draw(st.lists(st.sampled_from([*claimed, *odd]), max_size=8, unique=True))
    return files, [Module(name, path) for name, path in modules]


class JsonCache(FileCache):
    """A cache that keeps what JSON keeps."""

    def put(self, kind: str, file: object, value: object) -> None:
        super().put(kind, file, orjson.loads(orjson.dumps(value)))  # type: ignore[arg-type]


def look(tree: Tree, imported: Imported, cache: FileCache) -> Joined:
    """A whole look in slices of a few steps."""
    for _ in range(200):
        ticks = iter(range(1_000_000))
        work = Budget(tree.meter, seconds=0.3, clock=lambda t=ticks: 0.1 * next(t))  # type: ignore[misc]
        found = join(TreeProcess(tree), imported, cache, work)
        if not found.more:
            return found
    raise AssertionError("it does not end")


@settings(max_examples=200)
@given(images(), st.booleans())
def test_any_tree_is_mapped_alike_with_and_without_cache(
    image: tuple[dict[str, bytes], list[Module]],
    frozen: bool,  # noqa: FBT001 - drawn
) -> None:
    files, modules = image
    tree = Tree(files)
    imported = Imported(tuple(modules), "3.11", "/usr/lib/python3.11", frozen, (SITE,))
    cache = JsonCache()
    first = look(tree, imported, cache)
    assert look(tree, imported, cache) == first
    assert look(tree, imported, FileCache()) == first
    orjson.dumps((first.packages, first.gaps))
    for package in first.packages:
        assert package.version is None or "\x1b" not in package.version
        if package.state is State.LOADED:
            assert any(item.path in files for item in package.evidence)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_zip_file_is_mapped_or_a_gap(noise: bytes, at: int) -> None:
    whole = zipped(
        {
            "a.py": "",
            "a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
            "a-1.dist-info/RECORD": "a.py,,",
        }
    )
    data = whole[:at] + noise + whole[at + len(noise) :]
    tree = Tree({"/v/app.zip": data})
    found = look(tree, Imported((Module("a", "/v/app.zip/a.py"),), "3.11", None), FileCache())
    assert found.packages or found.gaps or found.application == 1
