"""Records the fixtures of `tests/fixtures/ospkg`: Python in a Debian root, and in a distroless one.

`python -m tests.live.ospkg.record FOLDER` writes FOLDER/debian and FOLDER/distroless.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson

from sensor import fixture
from sensor.host.local import LocalOpener
from sensor.resolvers.ospkg import OSPKG
from tests.fetch.component import Store, default_root
from tests.live.ospkg.boxes import PYTHON, box, to_distroless
from tests.support.ostruth import mapped, owners

ROOT = "debian-python-root"
EXPECTED = "expected.json"


def main(folder: Path) -> None:
    """Start, record and end a program in each kind of root."""
    root = Store(default_root()).root / ROOT
    for name in ("debian", "distroless"):
        with tempfile.TemporaryDirectory() as work:
            distroless = name == "distroless"
            before = to_distroless(root, Path(work, "made")) if distroless else []
            with box(Path(work), root, PYTHON, *before) as pid:
                _record(pid, folder / name)
                truth = owners(root, mapped(pid, f"{work}/root"))
        rows = sorted({one for owned in truth.values() for one in owned})
        (folder / name / EXPECTED).write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))


def _record(pid: int, folder: Path) -> None:
    opener = LocalOpener()
    fixture.record(opener, opener.key(pid), (OSPKG,), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
