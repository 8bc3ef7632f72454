"""Records the fixtures of `tests/fixtures/golang`: a small program of each Go with a new layout.

`python -m tests.live.golang.record FOLDER` writes FOLDER/go-VERSION for each of VERSIONS. Go 1.12
is not among them: its module text has to be searched for, so the fixture would hold it whole.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import orjson

from sensor import fixture
from sensor.host.local import LocalOpener
from sensor.resolvers.golang import GOLANG
from tests.fetch.component import Store, default_root
from tests.live.golang.factory import Factory, Recipe
from tests.live.golang.targets import running

VERSIONS = ("1.16", "1.18", "1.21", "1.26", "1.27")
# The path is in the fixture: one that says nothing about the machine that recorded it.
PROGRAM = Path("/tmp/golang-fixture/app")  # noqa: S108 - removed at the end
EXPECTED = "expected.json"


def main(folder: Path) -> None:
    """Build, start, record and end a program for each version."""
    store = Store(default_root())
    PROGRAM.parent.mkdir()
    try:
        with tempfile.TemporaryDirectory() as work:
            factory = Factory(Path(work))
            for version in VERSIONS:
                toolchain = store.root / f"go-{version}"
                shutil.copy(factory.build(toolchain, Recipe(version), version), PROGRAM)
                _record(folder / f"go-{version}")
    finally:
        shutil.rmtree(PROGRAM.parent)


def _record(folder: Path) -> None:
    opener = LocalOpener()
    with running(PROGRAM, says="ready") as pid:
        looked = fixture.record(opener, opener.key(pid), (GOLANG,), folder)
    packages = looked.findings["golang"].packages
    rows = [[p.purl, p.state, p.subpaths, p.aliases, p.reason] for p in packages]
    (folder / EXPECTED).write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
