"""Records the fixtures of `tests/fixtures/node`: the small application on each Node.js.

`python -m tests.live.node.record FOLDER` writes FOLDER/node-VERSION for each of NODES.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import orjson

from sensor import fixture
from sensor.host.local import LocalOpener
from sensor.resolvers.node import NODE
from tests.fetch.component import Store, default_root
from tests.fetch.node import NODES
from tests.support.nodes import flags, target

# The path is in the fixture: one that says nothing about the machine that recorded it.
FOLDER = Path("/tmp/node-fixture")  # noqa: S108 - removed at the end
EXPECTED = "expected.json"


def main(folder: Path) -> None:
    """Start, record and end a process of each version."""
    store = Store(default_root())
    for version in NODES:
        FOLDER.mkdir()
        try:
            _record(store.root / f"node-{version}" / "bin" / "node", version, folder)
        finally:
            shutil.rmtree(FOLDER)


def _record(node: Path, version: str, folder: Path) -> None:
    program = FOLDER / "bin" / "node"
    program.parent.mkdir()
    shutil.copy(node, program)
    opener = LocalOpener()
    # Node.js looks for modules in the home directory, which would be the recorder's.
    command = ["env", f"HOME={FOLDER}", str(program), *flags(version)]
    with target(command, FOLDER / "app") as process:
        process.tell(f"import {FOLDER}/app/one.mjs")
        destination = folder / f"node-{version}"
        fixture.record(opener, opener.key(process.pid), (NODE,), destination)
        truth = {"cjs": sorted(process.cjs), "esm": sorted(process.esm)}
    (destination / EXPECTED).write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
