"""A made-up .NET process: mappings, descriptors, pieces of memory, and a tree of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.process import Descriptor, Mapping
from sensor.resolvers.dotnet import DOTNET
from tests.support.tree import Tree, TreeProcess
from tests.unit.formats.dotnet.made import assembly, manifest

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process
    from sensor.model.finding import Finding, Plain

RUNTIME = "/usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.4"
CORECLR = f"{RUNTIME}/libcoreclr.so"
EXE = "/usr/share/dotnet/dotnet"
FILES: dict[str, str | bytes] = {EXE: b"", CORECLR: b""}


class Made(TreeProcess):
    """A process of `exe` that maps paths, each whole, and what `more` says."""

    def __init__(
        self,
        files: Dict[str, str | bytes],
        mapped: Sequence[str] = (),
        more: Sequence[Mapping] = (),
        exe: str = EXE,
    ) -> None:
        super().__init__(Tree({**FILES, **files}))
        self.exe = exe
        self.opened: list[str] = []
        self.memory: dict[int, bytes] = {}
        paths = [exe, *([CORECLR] if exe == EXE else []), *mapped]
        self.mapped = [*(whole(n, path) for n, path in enumerate(paths, 1)), *more]

    def maps(self) -> Sequence[Mapping]:
        return self.mapped

    def descriptors(self) -> Sequence[Descriptor]:
        return [Descriptor(n, path) for n, path in enumerate(self.opened, 3)]

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        del fresh
        return [self._piece(start, size) for start, size in ranges]

    def _piece(self, start: int, size: int) -> bytes | None:
        for at, data in self.memory.items():
            if at <= start and start + size <= at + len(data):
                return data[start - at : start - at + size]
        return None


def whole(number: int, path: str) -> Mapping:
    """The mapping of a whole file."""
    start = 0x7F00_0000_0000 + (number << 24)
    return Mapping(start, start + (1 << 20), "r--s", 0, "fe:00", number, path)


def copy(number: int, perms: str = "rw-s") -> Mapping:
    """Shared memory of no file."""
    start = 0x7E00_0000_0000 + (number << 24)
    return Mapping(start, start + (1 << 16), perms, 0, "00:01", 900 + number, "/dev/zero", True)


def app(*libraries: str, kind: str = "package", folder: str = "/app") -> dict[str, str | bytes]:
    """An application: App.dll, and NAME.dll of each NAME/VERSION, with a manifest that fits."""
    rows = []
    files: dict[str, str | bytes] = {f"{folder}/App.dll": assembly("App")}
    for library in libraries:
        name, version = library.split("/")
        files[f"{folder}/{name}.dll"] = assembly(name, (1, 0, 0, 0))
        about = {"assemblyVersion": "1.0.0.0"}
        rows.append((name, version, kind, {"runtime": {f"lib/net8.0/{name}.dll": about}}))
    none: dict[str, str] = {}
    own = ("App", "1.0.0", "project", {"runtime": {"App.dll": none}})
    return {**files, f"{folder}/App.deps.json": manifest(own, *rows)}


def look(made: Made, memo: Plain = None, cache: FileCache | None = None) -> Finding:
    """One call of the resolver, with all the time it wants."""
    process = cast("Process", made)
    budget = Budget(made.meter, seconds=1e9)
    return DOTNET.resolve(process, budget, cache or FileCache(), memo)


def versions(found: Finding) -> dict[str, str | None]:
    """By name, without the framework."""
    return {p.name: p.version for p in found.packages if not p.name.startswith("Microsoft.NETC")}


def reasons(found: Finding) -> list[str]:
    return [gap.reason for gap in found.gaps]
