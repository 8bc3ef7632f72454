"""A small Node.js image: Debian's node, and a package that it loads beside one that it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.archive import Image
from tests.cluster.images import identified

if TYPE_CHECKING:
    from tests.cluster.manifests import Object
    from tests.harness.fixtures import Toolbox

PROGRAM = Path(__file__).with_name("programs") / "app.js"
NODE = "localhost/lab/shop-node:1"
LOADED = "lodash"
# Another package that `LOADED` does not need.
UNLOADED = "nanoid"
APP = {"name": "shop-node", "version": "1.2.3", "private": True}


def node_image(toolbox: Toolbox, folder: Path) -> Image:
    """The image; its container prints what it has loaded, as `programs/app.js` says."""
    described = folder / "node-package.json"
    described.write_text(json.dumps(APP))
    modules = toolbox.path("node-apps") / "node_modules"
    files = {
        "/": toolbox.path("debian-node-root"),
        **identified(folder),
        "/app/package.json": described,
        "/app/app.js": PROGRAM,
    }
    files |= {f"/app/node_modules/{name}": modules / name for name in (LOADED, UNLOADED)}
    return Image(NODE, files, ("/usr/bin/node", "/app/app.js", "0", LOADED), {})


def node(name: str, *modules: str, seconds: float = 0) -> Object:
    """A container that requires the modules; it ends after `seconds` (0: never)."""
    command = ["/usr/bin/node", "/app/app.js", str(seconds), *modules]
    return {"name": name, "image": NODE, "command": command}
