"""Record the fixtures of this folder anew: `python -m tests.replay.python.record [VERSION...]`.

Needs root and `make toolbox`. Each interpreter runs in a small root of its own, in which it stands
at /opt/python, so that no path of the recording machine is in a fixture.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.fixture import record
from sensor.host.local import LocalOpener
from sensor.resolvers.python import PYTHON
from tests.fetch.component import Store, default_root
from tests.fetch.python import HOST_ROOT
from tests.replay.python.expected import FIXTURES, facts
from tests.support.pythons import Target, target
from tests.toolbox import COMPONENTS, FREE_THREADED, NATIVE_PYTHONS, ROOT_PYTHONS, python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = (*NATIVE_PYTHONS, *ROOT_PYTHONS, *FREE_THREADED)
# Small, and with a package where the interpreter has one: pip is imported without its parts.
IMPORTS = ("json", "pip")
# This machine's 3.11 has a hundred distributions, whose lists would all be in the fixture.
BARE = {"3.11", *FREE_THREADED}
MOUNTS = """
mount --bind "$1" "$1" && mount --bind /usr "$1/usr" && mount --bind "$2" "$1/opt/python" &&
cd "$1" && pivot_root . old && shift 2 &&
exec /usr/bin/env LD_LIBRARY_PATH=/opt/python/lib "$@"
"""


@contextmanager
def started(version: str) -> Iterator[Target]:
    """The interpreter of this version with its few imports."""
    component = next(row for row in COMPONENTS if row.name == f"cpython-{version}")
    python = python_of(version, Store(default_root()).folder(component))
    with tempfile.TemporaryDirectory() as folder:
        argv = python.argv if python.root != HOST_ROOT else _rooted(Path(folder), python.argv[0])
        bare = version in BARE or python.root != HOST_ROOT
        options, imports = (("-S",), IMPORTS[:1]) if bare else ((), IMPORTS)
        with target((*argv, *options), "truth.py", *imports) as process:
            yield process


def _rooted(root: Path, program: str) -> tuple[str, ...]:
    """The command that runs an interpreter of this machine at /opt/python of a new root."""
    for name in ("usr", "opt/python", "old"):
        (root / name).mkdir(parents=True)
    for name in ("lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    prefix = Path(program).parents[1]
    inside = f"/opt/python/bin/{Path(program).name}"
    script = ("unshare", "--mount", "sh", "-c", MOUNTS, "sh", str(root), str(prefix))
    return (*script, inside)


def main(versions: list[str]) -> None:
    """Record these versions, or all."""
    opener = LocalOpener()
    for version in versions or VERSIONS:
        folder = FIXTURES / f"cpython-{version}"
        shutil.rmtree(folder, ignore_errors=True)
        with started(version) as process:
            look = record(opener, opener.key(process.pid), [PYTHON], folder)
            expected = {"modules": process.truth, **facts(look.findings["python"])}
        (folder / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
        size = sum(file.stat().st_size for file in folder.iterdir())
        sys.stdout.write(f"{version}: {size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
