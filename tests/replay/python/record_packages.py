"""Record a process with packages: `python -m tests.replay.python.record_packages`.

Needs root and `make toolbox`. Debian's Python in a copy of its root, with modules that dpkg owns
and with wheels below /opt/app, so that no path of the recording machine is in the fixture.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from sensor.fixture import record
from sensor.host.local import LocalOpener
from sensor.resolvers.python import PYTHON
from tests.fetch.component import Store, default_root
from tests.replay.python.expected import FIXTURES, facts
from tests.support.pythons import target
from tests.toolbox import COMPONENTS

FIXTURE = FIXTURES / "packages"
# Of Debian, and out of wheels: Flask with what it needs.
IMPORTS = ("yaml", "requests", "flask")
WHEELS = ("blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug")


def main() -> None:
    """Write the fixture and what it must give."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        shutil.copytree(_component("debian-python-root"), root, symlinks=True)
        _copy_wheels(_component("python-apps"), root / "opt" / "app")
        argv = ("env", "PYTHONPATH=/opt/app", "chroot", str(root), "/usr/bin/python3")
        with target(argv, "truth.py", *IMPORTS) as process:
            shutil.rmtree(FIXTURE, ignore_errors=True)
            opener = LocalOpener()
            look = record(opener, opener.key(process.pid), [PYTHON], FIXTURE)
            expected = {**facts(look.findings["python"]), "modules": process.truth}
    text = json.dumps(expected, indent=1, sort_keys=True) + "\n"
    (FIXTURE / "expected.json").write_text(text)


def _component(name: str) -> Path:
    return Store(default_root()).folder(next(row for row in COMPONENTS if row.name == name))


def _copy_wheels(environment: Path, place: Path) -> None:
    (site,) = environment.glob("lib/python3*/site-packages")
    for name in WHEELS:
        shutil.copytree(site / name, place / name)
        (info,) = site.glob(f"{name}-*.dist-info")
        shutil.copytree(info, place / info.name)


if __name__ == "__main__":
    main()
