"""Programs in the cache as one archive: four programs of Kubernetes take 360 MB, packed 85.

Tests unpack them where they run (two seconds).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fetch.outcome import run

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = "programs.tar.zst"
# Level 10 packs 425 MB to 99 in ten seconds; higher levels take minutes for a few megabytes.
LEVEL = "-10"


def pack(programs: Path, folder: Path) -> None:
    """Write every file of the folder `programs` into folder/programs.tar.zst."""
    names = sorted(path.name for path in programs.iterdir())
    plain = folder / "programs.tar"
    run(["tar", "--create", "--file", plain, "--directory", programs, "--owner=0", *names])
    run(["zstd", "--quiet", LEVEL, "-T2", "--rm", plain, "-o", folder / ARCHIVE])


def unpack(folder: Path, into: Path) -> None:
    """Unpack the programs of a component into an existing folder. Raises UnavailableError."""
    run(["tar", "--extract", "--zstd", "--file", folder / ARCHIVE, "--directory", into])


def is_packed(folder: Path) -> bool:
    """Return whether the archive is there."""
    return (folder / ARCHIVE).exists()
