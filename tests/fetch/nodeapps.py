"""Real npm packages, installed by npm, pnpm and yarn (PnP) with this machine's own settings.

No script of a package runs: addons are those that bring their binary inside the package.
"""

from __future__ import annotations

import json
import os
import zlib
from functools import partial
from typing import TYPE_CHECKING

from tests.fetch.component import Component
from tests.fetch.npm import NO_SUCH_VERSION
from tests.fetch.outcome import run, run_or_gone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TESTS = ("live/node", "cluster")
# What one large server, an ES module app, addons and bundles are made of. "debug-two" is a name of
# our own for an old release: the same package twice, side by side.
NPM = {
    "express": "^4.21.0",
    "ajv": "^6.12.6",
    "debug": "^4.3.7",
    "debug-two": "npm:debug@2.6.9",
    "lodash": "^4.17.21",
    "winston": "^3.17.0",
    "@nestjs/core": "^11.0.0",
    "@nestjs/common": "^11.0.0",
    "@nestjs/platform-express": "^11.0.0",
    "reflect-metadata": "^0.2.2",
    "rxjs": "^7.8.1",
    "fastify": "^5.2.0",
    "got": "^14.4.0",
    "chalk": "^5.4.0",
    "execa": "^9.5.0",
    "nanoid": "^5.0.0",
    "preact": "^10.25.0",
    "preact-render-to-string": "^6.5.0",
    "bufferutil": "^4.0.9",
    "@node-rs/crc32": "^1.10.6",
    "webpack": "^5.97.0",
    "esbuild": "^0.25.0",
}
# What a small server needs, once more in the layouts of pnpm and of yarn.
SMALL = {
    "express": "^4.21.0",
    "ajv": "^6.12.6",
    "ajv-keywords": "^3.5.2",
    "chalk": "^5.4.0",
    "lodash": "^4.17.21",
    "winston": "^3.17.0",
    "@node-rs/crc32": "^1.10.6",
}
MANAGERS = ("pnpm@9.15.9", "@yarnpkg/cli-dist@4.5.3")
QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def npm(folder: Path, needs: Mapping[str, str]) -> None:
    """Install into folder/node_modules, flat as npm does."""
    _manifest(folder, needs)
    run_or_gone(["npm", "install", *QUIET], NO_SUCH_VERSION, cwd=folder)


def pnpm(folder: Path, needs: Mapping[str, str]) -> None:
    """Install as pnpm does: node_modules/NAME is a link into node_modules/.pnpm/NAME@VERSION."""
    program = _managers(folder) / "pnpm" / "bin" / "pnpm.cjs"
    app = folder / "app"
    _manifest(app, needs)
    options = ("--ignore-scripts", "--reporter=silent", f"--store-dir={folder / 'store'}")
    run(["node", program, "install", *options], cwd=app)


def yarn(folder: Path, needs: Mapping[str, str]) -> None:
    """Install as yarn's Plug'n'Play does: zip files in .yarn/cache, and .pnp.cjs that finds them.

    Yarn has settings of its own: it is told those of npm.
    """
    program = _managers(folder) / "@yarnpkg" / "cli-dist" / "bin" / "yarn.js"
    app = folder / "app"
    _manifest(app, needs)
    (app / ".yarnrc.yml").write_text(
        "nodeLinker: pnp\nenableGlobalCache: false\nenableTelemetry: false\nenableScripts: false\n"
    )
    environment = dict(os.environ)
    environment = os.environ | {"YARN_NPM_REGISTRY_SERVER": _setting("registry")}
    authorities = _setting("cafile")
    if authorities not in {"", "null", "undefined"}:
        environment["YARN_HTTPS_CA_FILE_PATH"] = authorities
    (app / "yarn.lock").write_text("")
    run(["node", program, "install", "--no-immutable"], cwd=app, env=environment)


def _setting(key: str) -> str:
    return run(["npm", "config", "get", key]).strip()


def _managers(folder: Path) -> Path:
    tools = folder / "tools"
    tools.mkdir()
    (tools / "package.json").write_text("{}")
    run_or_gone(["npm", "install", *QUIET, *MANAGERS], NO_SUCH_VERSION, cwd=tools)
    return tools / "node_modules"


def _manifest(folder: Path, needs: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    described = {"name": "shop", "version": "0.0.1", "private": True, "dependencies": {**needs}}
    (folder / "package.json").write_text(json.dumps(described, indent=2) + "\n")


def _digest(*needs: object) -> str:
    """Return a version for a list of requirements: another list is another version."""
    return f"{zlib.crc32(json.dumps(needs).encode()):08x}"


COMPONENTS = (
    Component("node-apps", _digest(NPM), "npm", 120, TESTS, partial(npm, needs=NPM)),
    Component("node-pnpm", _digest(SMALL, MANAGERS), "npm", 60, TESTS, partial(pnpm, needs=SMALL)),
    Component("node-yarn", _digest(SMALL, MANAGERS), "npm", 60, TESTS, partial(yarn, needs=SMALL)),
)
