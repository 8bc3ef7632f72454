"""What the local Opener says about the mapped files of a process, one line of JSON for each look.

usage: python -m tests.vm.guest.examine PID. Looks once for each line of its input. Started with six
capabilities only, by `sixcaps`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.errors import FileRefused
from sensor.host.local import LocalOpener

if TYPE_CHECKING:
    from sensor.host.seam import Files, Process
    from sensor.model.process import Mapping


def main() -> None:
    """Look as often as asked."""
    for _ in sys.stdin:
        print(json.dumps(look(int(sys.argv[1]))), flush=True)  # noqa: T201 - the answer


def look(pid: int) -> dict[str, object]:
    """Open the process anew, and each mapped file once."""
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        mapped = {mapping.path: mapping for mapping in process.maps() if mapping.inode}
        return {
            "capabilities": capabilities(),
            "map_files": map_files(pid, next(iter(mapped.values()))),
            "memory_gap": process.memory_gap,
            "files": {path: opened(process.files, mapping) for path, mapping in mapped.items()},
            "stat_has_mapped_device": stat_has_mapped_device(pid, process),
        }


def capabilities() -> int:
    """Our own effective ones, as a bit mask."""
    found = re.search(r"^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1], 16)


def map_files(pid: int, mapping: Mapping) -> str:
    """Whether the kernel's own way to a mapped file is open to us."""
    try:
        os.close(os.open(f"/proc/{pid}/map_files/{mapping.start:x}-{mapping.end:x}", os.O_RDONLY))
    except PermissionError:
        return "refused"
    return "open"


def opened(files: Files, mapping: Mapping) -> str:
    """The first bytes of a mapped file, or why it was refused."""
    try:
        with files.open_mapped(mapping) as file:
            [data] = file.read([(0, 4)])
    except FileRefused as error:
        return f"refused: {error.reason}"
    return (data or b"").decode("latin-1")


def stat_has_mapped_device(pid: int, process: Process) -> bool:
    """Whether stat of the program, through the root, gives the device that maps shows for it."""
    mapping = next(mapping for mapping in process.maps() if mapping.path == process.exe)
    device = Path(f"/proc/{pid}/root{process.exe}").stat().st_dev
    return mapping.device == f"{os.major(device):02x}:{os.minor(device):02x}"


if __name__ == "__main__":
    main()
