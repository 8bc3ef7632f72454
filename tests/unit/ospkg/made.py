"""Processes that map files of a tree in memory, and trees with a database of dpkg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.process import Mapping
from sensor.resolvers.ospkg import OSPKG
from tests.support.tree import Tree, TreeProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.model.finding import Finding, Plain

RELEASE = 'ID=debian\nVERSION_ID="12"\n'
LIB = "/usr/lib/x86_64-linux-gnu"
INFO = "/var/lib/dpkg/info"
STATUS = "/var/lib/dpkg/status"


class Deb(NamedTuple):
    """A package: `listed` are the paths in its list, which stands in `NAME.list`."""

    name: str
    version: str
    listed: tuple[str, ...]
    arch: str = "amd64"
    state: str = "install ok installed"
    list_name: str | None = None


BASH = Deb("bash", "5.2.15-2+b8", ("/bin", "/bin/bash", "/usr/share/doc/bash"))
LIBC = Deb(
    "libc6", "2.36-9+deb12u14", ("/lib/x86_64-linux-gnu/libc.so.6",), list_name="libc6:amd64"
)
SSH = Deb("openssh-server", "1:9.2p1-2", ("/usr/sbin/sshd",))


def paragraph(deb: Deb, *, state: bool = True) -> str:
    status = f"Status: {deb.state}\n" if state else ""
    head = f"Package: {deb.name}\n{status}Architecture: {deb.arch}\n"
    return f"{head}Version: {deb.version}\nDescription: x\n\n"


def debian(*debs: Deb, merged: bool = True) -> Tree:
    """A root with these packages, its files there; with a merged /usr as Debian has it."""
    files: dict[str, str | bytes] = {"/usr/lib/os-release": RELEASE}
    files[STATUS] = "".join(map(paragraph, debs))
    for deb in debs:
        rows = "".join(f"{path}\n" for path in deb.listed)
        files[f"{INFO}/{deb.list_name or deb.name}.list"] = f"/.\n{rows}"
    links = {"/etc/os-release": "/usr/lib/os-release"}
    if merged:
        links |= {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib"}
    for path in ("/usr/bin/sh", "/usr/sbin/x", "/usr/lib/x"):
        files[path] = ""
    return Tree(files, links)


class Process(TreeProcess):
    """It maps these files of the tree, the first as its program."""

    def __init__(self, tree: Tree, *paths: str, perms: str = "r-xp", deleted: str = "") -> None:
        super().__init__(tree)
        self.exe = paths[0] if paths else ""
        for path in paths:
            if path != deleted and tree.stat_many([path])[0] is None:
                tree.files[path] = b"\x7fELF"
        self.mappings: list[Mapping] = []
        for number, path in enumerate(paths):
            found = tree.stat_many([path])[0]
            self.map(path, found.ino if found else 7, number, perms, deleted=path == deleted)

    def map(self, path: str, ino: int, number: int, perms: str, *, deleted: bool = False) -> None:
        start = 0x1000000 * (number + 1)
        new = Mapping(start, start + 4096, perms, 0, "fe:00", ino, path, deleted)
        self.mappings.append(new)

    def maps(self) -> Sequence[Mapping]:
        return self.mappings


def resolve(
    process: Process,
    cache: FileCache | None = None,
    memo: Plain = None,
    **budget: Any,  # noqa: ANN401 - as Budget has them
) -> Finding:
    """One slice."""
    limits = Budget(process.meter, **{"seconds": 60.0, **budget})
    return OSPKG.resolve(process, limits, cache or FileCache(), memo)


def purls(found: Finding) -> list[str]:
    return [package.purl for package in found.packages]


def told(found: Finding) -> dict[str, str]:
    """Details of gaps by reason."""
    return {gap.reason: gap.detail for gap in found.gaps}
