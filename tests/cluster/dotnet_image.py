"""A small .NET image: a runtime, a program, and two packages, of which it loads one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.archive import Image
from tests.cluster.images import identified
from tests.live.dotnet.targets import CONFIG, OLDEST, compiled, deps

if TYPE_CHECKING:
    from tests.cluster.manifests import Object
    from tests.harness.fixtures import Toolbox

PROGRAM = Path(__file__).with_name("programs") / "Shop.cs"
DOTNET = "localhost/lab/shop-dotnet:1"
RUNTIME = "/usr/share/dotnet"
LOADED = "Newtonsoft.Json"
UNLOADED = "Polly"
# Where NuGet would unpack each: below the folder of packages.
PLACES = {
    LOADED: "newtonsoft.json/10.0.3/lib/netstandard1.3/Newtonsoft.Json.dll",
    UNLOADED: "polly/7.2.1/lib/netstandard2.0/Polly.dll",
}


def application(toolbox: Toolbox, folder: Path, packages: str) -> None:
    """Write Shop.dll into the folder, with what the host needs to find the packages."""
    toolbox.path("mono-mcs")
    compiled(toolbox.path(f"dotnet-{OLDEST}"), folder / "Shop.dll", source=PROGRAM)
    options = {**CONFIG["runtimeOptions"], "additionalProbingPaths": [packages]}
    settings = {"runtimeOptions": options}
    (folder / "Shop.runtimeconfig.json").write_text(json.dumps(settings))
    manifest = deps(toolbox.path("dotnet-nuget"), LOADED, UNLOADED, app="Shop")
    (folder / "Shop.deps.json").write_text(json.dumps(manifest))


def dotnet_image(toolbox: Toolbox, folder: Path) -> Image:
    """The image; its container prints what it has loaded, as `programs/Shop.cs` says."""
    app = folder / "shop-dotnet"
    app.mkdir()
    application(toolbox, app, "/app/packages")
    nuget = toolbox.path("dotnet-nuget")
    files = {
        # With libstdc++, which the runtime needs.
        "/": toolbox.path("debian-node-root"),
        **identified(folder),
        RUNTIME: toolbox.path("dotnet-8.0"),
        "/app": app,
    }
    files |= {f"/app/packages/{place}": nuget / f"{name}.dll" for name, place in PLACES.items()}
    return Image(DOTNET, files, command(LOADED), {})


def command(*assemblies: str, seconds: float = 0) -> list[str]:
    """What a container runs."""
    return [f"{RUNTIME}/dotnet", "/app/Shop.dll", str(seconds), *assemblies]


def dotnet(name: str, *assemblies: str, seconds: float = 0) -> Object:
    """A container that loads the assemblies; it ends after `seconds` (0: never)."""
    return {"name": name, "image": DOTNET, "command": command(*assemblies, seconds=seconds)}
