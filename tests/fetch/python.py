"""Real CPython interpreters: found on this machine, out of a Debian suite, or built from source.

How to start each of them is in `Python.argv`. What runs on them is not this file's business.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.fetch import system
from tests.fetch.apt import PrivateApt
from tests.fetch.outcome import UnavailableError, run

HOST_ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Python:
    """One interpreter that can be started.

    `argv` is the command without arguments; `root` is the folder that it sees as `/` (what it calls
    `/usr/lib` is `root/usr/lib` for us); a root other than `/` is entered by chroot, as root only.
    """

    version: str
    argv: tuple[str, ...]
    root: Path

    def usable(self) -> bool:
        """Return whether this user may start it."""
        return self.root == HOST_ROOT or os.geteuid() == 0


def find_native(folder: Path, version: str) -> None:
    """Link folder/bin/python to the machine's own interpreter of this minor version."""
    for candidate in _candidates(version):
        if _is_version(candidate, version):
            (folder / "bin").mkdir()
            (folder / "bin" / "python").symlink_to(candidate)
            return
    raise UnavailableError(f"this machine has no Python {version}")


def _candidates(version: str) -> list[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    on_path = shutil.which(f"python{version}")
    return [*found, Path(on_path)] if on_path else found


def _is_version(program: Path, version: str) -> bool:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    # A pyenv shim exists for versions that it then refuses to start: only running it tells.
    done = subprocess.run([program, "-c", ask], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def has_native(folder: Path) -> bool:
    """Return whether the linked interpreter is still on the machine."""
    return (folder / "bin" / "python").exists()


def native(folder: Path, version: str) -> Python:
    """Return the interpreter that `find_native` linked."""
    return Python(version, (str((folder / "bin" / "python").resolve()),), HOST_ROOT)


def rooted(folder: Path, version: str) -> Python:
    """Return the interpreter of a root made by `deb.fetch_root`."""
    return Python(version, ("chroot", str(folder), f"/usr/bin/python{version}"), folder)


def build_free_threaded(folder: Path, suite: str, version: str) -> None:
    """Build Debian's source of this version without the GIL and install it into the folder.

    Optional modules whose libraries are not on the machine stay out.
    """
    system.install(folder, system.BUILD_PACKAGES, system.BUILD_PROGRAMS)
    source = PrivateApt(suite).source(f"python{version}", folder / "source")
    configure = ["./configure", f"--prefix={folder}", "--disable-gil", "--disable-test-modules"]
    # Built to be looked at, not to be fast: -O1 halves the time on two cores.
    run([*configure, "--with-ensurepip=no", "OPT=-DNDEBUG -O1"], cwd=source)
    run(["make", "-j2", "build_all"], cwd=source)
    # The rest of `altinstall` would also compile the whole library, three times.
    run(["make", "altbininstall", "sharedinstall"], cwd=source)
    library = folder / "lib" / f"python{version}t"
    shutil.copytree(source / "Lib", library, ignore=_unneeded, dirs_exist_ok=True)
    built = source / (source / "pybuilddir.txt").read_text().strip()
    for settings in built.glob("_sysconfigdata*.py"):
        shutil.copy(settings, library)
    shutil.rmtree(folder / "source")


_unneeded = shutil.ignore_patterns("__pycache__", "test", "idlelib", "turtledemo")


def free_threaded(folder: Path, version: str) -> Python:
    """Return the interpreter made by `build_free_threaded`; `version` ends in t."""
    return Python(version, (str(folder / "bin" / f"python{version}"),), HOST_ROOT)
