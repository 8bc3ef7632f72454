"""Rule 3, is it the mapped file, on overlayfs: the same body here and in VMs with old kernels.

As a program (`python -m tests.live.host.rule3 FOLDER`) it starts a `sleep` on an overlayfs in an
empty folder, checks, and prints what it saw as one line of JSON. Needs root to mount.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.errors import FileRefused
from tests.live.host.sleeper import PROGRAM, on_overlay, opened_when

if TYPE_CHECKING:
    from sensor.host.seam import Process


def check(process: Process) -> dict[str, int]:
    """Every mapped file is recognised, and one that takes its name is not.

    The file is replaced through the root of the process, by its own path. Returns how many files
    were recognised, and how many were had although they were replaced (with the right to use
    map_files only).
    """
    mapped = {m.file_key: m for m in process.maps() if m.inode}
    for mapping in mapped.values():
        with process.files.open_mapped(mapping) as file:
            assert file.id.dev == 0, "the device of an overlayfs is of the mount"
            assert file.read([(0, 4)]) == [b"\x7fELF"]
    had = 0
    for mapping in mapped.values():
        replace(process, mapping.path)
        with process.files.open(mapping.path) as other:
            assert other.read([(0, 4)]) == [b"evil"]
        with suppress(FileRefused), process.files.open_mapped(mapping) as file:
            assert file.read([(0, 4)]) == [b"\x7fELF"]
            had += 1
    return {"recognised": len(mapped), "had": had}


def replace(process: Process, path: str) -> None:
    """Put another file under the path, as the workload itself could."""
    target = Path(f"/proc/{process.key.pid}/root{path}")
    other = target.with_name("other")
    other.write_bytes(b"evil twin")
    other.chmod(0o755)
    other.rename(target)


def main(folder: Path) -> None:
    """Start, check, print."""
    with on_overlay(folder) as popen, opened_when(popen.pid, PROGRAM) as process:
        seen = check(process)
    sys.stdout.write(json.dumps({"kernel": os.uname().release, **seen}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
