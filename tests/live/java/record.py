"""Records the fixtures of `tests/fixtures/java`: the small program on each JDK.

`python -m tests.live.java.record FOLDER` writes FOLDER/jdk-VERSION for each version of
the toolbox.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson

from sensor import fixture
from sensor.host.local import LocalOpener
from sensor.resolvers.java import JAVA
from tests.fetch.component import Store, default_root
from tests.fetch.jdk import SUITES, component
from tests.harness.fixtures import Toolbox
from tests.replay.java.expected import EXPECTED, words
from tests.support.jdks import compiled, jdk_of, running


def main(folder: Path) -> None:
    """Compile, start, record and end the program for each version."""
    toolbox = Toolbox(Store(default_root()))
    with tempfile.TemporaryDirectory() as work:
        compiled(toolbox, Path(work))
        for version in SUITES:
            with running(jdk_of(toolbox, version), Path(work), "Small", log=False) as jvm:
                _record(jvm.pid, folder / component(version))


def _record(pid: int, folder: Path) -> None:
    opener = LocalOpener()
    looked = fixture.record(opener, opener.key(pid), (JAVA,), folder)
    said = words(looked.findings["java"])
    (folder / EXPECTED).write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
