"""Builds and starts .NET programs and looks at them.

The program is compiled once, against the oldest runtime; every newer one runs the same file.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.dotnet import DOTNET, detect, sightings
from sensor.resolvers.dotnet.assemblies import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sensor.host.seam import Cache
    from sensor.model.finding import Finding
    from sensor.resolvers.dotnet.assemblies import Identity

SOURCE = Path(__file__).with_name("programs") / "App.cs"
OLDEST = "2.0"
# Of the oldest runtime: what the program is compiled against.
REFERENCES = (
    *("System.Runtime", "System.Console", "System.Runtime.Extensions", "System.IO.FileSystem"),
    *("System.Reflection", "System.Private.CoreLib", "System.Collections", "System.Threading"),
)
FRAMEWORK = "shared/Microsoft.NETCore.App"
CONFIG: dict[str, dict[str, Any]] = {
    "runtimeOptions": {
        "framework": {"name": "Microsoft.NETCore.App", "version": "2.0.0"},
        "rollForward": "Major",
        # 2.0 heeds no environment variable of that name: there is no ICU on a small machine.
        "configProperties": {"System.Globalization.Invariant": True},
    }
}
MANIFEST = "Microsoft.DataPrep.deps.json"


@dataclass(frozen=True)
class Target:
    """A program that does what it is told."""

    popen: subprocess.Popen[str]

    @property
    def pid(self) -> int:
        return self.popen.pid

    def do(self, *lines: str) -> list[str]:
        """Have it carry out the lines; what it prints. An error of it fails the test."""
        assert self.popen.stdin
        assert self.popen.stdout
        said: list[str] = []
        for line in lines:
            self.popen.stdin.write(line + "\n")
            self.popen.stdin.flush()
            while (answer := self.popen.stdout.readline()) != "done\n":
                assert answer
                assert not answer.startswith("error"), answer
                said.append(answer.rstrip("\n"))
        return said

    def truth(self) -> dict[str, str]:
        """The versions of all assemblies that are loaded, by name, as AppDomain tells."""
        return dict(line.split("\t") for line in self.do("list"))


def compiled(runtime: Path, target: Path, *options: str, source: Path = SOURCE) -> Path:
    """Compile a program against a runtime's folder, into `target`."""
    (framework,) = (runtime / FRAMEWORK).iterdir()
    references = [f"-r:{framework / name}.dll" for name in REFERENCES]
    command = ["mcs", "-nostdlib", "-noconfig", "-nowarn:1702", f"-out:{target}"]
    subprocess.run([*command, *options, *references, str(source)], check=True, capture_output=True)
    return target


def deps(nuget: Path, *names: str, app: str = "App") -> dict[str, Any]:
    """A dependency manifest with these packages, as the SDK has written their rows."""
    real = json.loads((nuget / MANIFEST).read_text())
    (target,) = real["targets"].values()
    packages = {full: target[full] for full in target if full.partition("/")[0] in names}
    assert len(packages) == len(names)
    own = {
        "dependencies": dict(full.split("/") for full in packages),
        "runtime": {f"{app}.dll": {}},
    }
    libraries = {full: real["libraries"][full] for full in packages}
    project = {"type": "project", "serviceable": False, "sha512": ""}
    return {
        "runtimeTarget": real["runtimeTarget"],
        "targets": {real["runtimeTarget"]["name"]: {f"{app}/1.0.0": own, **packages}},
        "libraries": {f"{app}/1.0.0": project, **libraries},
    }


def write_config(folder: Path, app: str = "App") -> None:
    """Write what the host wants to find beside a program."""
    (folder / f"{app}.runtimeconfig.json").write_text(json.dumps(CONFIG))


@contextmanager
def running(
    command: Iterable[str | Path], temporary: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Target]:
    """Start the program and wait until it is ready. It is ended with the block."""
    quiet = {"EnableDiagnostics": "0", "SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    settings = {f"{way}_{k}": v for way in ("DOTNET", "COMPlus") for k, v in quiet.items()}
    env = dict(os.environ, TMPDIR=str(temporary), HOME=str(temporary), **settings)
    with subprocess.Popen(
        [str(word) for word in command],
        cwd="/",  # a recording keeps it
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**env, **(environment or {})},
        text=True,
    ) as popen:
        try:
            assert popen.stdout
            assert popen.stdout.readline() == "ready\n"
            yield Target(popen)
        finally:
            _end(popen)


def _end(popen: subprocess.Popen[str]) -> None:
    """Close its input, at which it ends and tidies up: a killed 2.0 leaves pipes in /tmp."""
    assert popen.stdin
    popen.stdin.close()
    try:
        popen.wait(10)
    except subprocess.TimeoutExpired:
        popen.kill()


def finding(pid: int, cache: Cache | None = None) -> Finding:
    """What the resolver says of a process, after as many slices as it wants."""
    opener = LocalOpener()
    looked = look_until_done(opener, opener.key(pid), (DOTNET,), cache or FileCache())
    assert not looked.gone
    return looked.findings["dotnet"]


def assemblies(pid: int) -> dict[str, Identity]:
    """Every assembly that is sighted in a process, by its own name."""
    opener = LocalOpener()
    cache = FileCache()
    with opener.open_process(opener.key(pid)) as process:
        found = detect.look(process, cache, {})
        seen, more = sightings.of(process, found.program.bundle)
        assert not more
        assert sightings.UNSURE not in {sighting.how for sighting in seen}
        with Reader(process, cache) as reader:
            identities = [reader.read(sighting) for sighting in seen]
    assert not any(identity.problem for identity in identities)
    return {identity.name: identity for identity in identities}


def packages(found: Finding) -> dict[str, tuple[str | None, str, str, tuple[str, ...]]]:
    """(version, depth, identity, inferred) by name."""
    return {
        p.name: (p.version, p.depth.value if p.depth else "", p.identity, p.inferred)
        for p in found.packages
    }


def reasons(found: Finding) -> list[str]:
    return [gap.reason for gap in found.gaps]
