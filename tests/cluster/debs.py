"""Which Debian packages the files of a process belong to: the kernel's maps, asked of dpkg itself.

dpkg reads the database of the process's own root; the sensor has no part in this.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.cluster.truth import Names

DATABASE = "var/lib/dpkg"
# proc_pid_maps(5): rights and path of what is mapped from a file.
MAPPING = re.compile(r"\S+ (\S+) \S+ \S+ [1-9]\d* +(/.*?)( \(deleted\))?")
# Some libraries hold data only: they are not executable.
LIBRARY = re.compile(r"\.so[.\d]*$")
# dpkg's lists are older than the merge of /bin, /lib and /sbin into /usr.
MERGED = re.compile(r"^/usr(?=/(bin|lib|lib32|lib64|sbin)/)")


def mapped(pid: int) -> set[str]:
    """The paths of programs and libraries that a process maps."""
    found = (MAPPING.fullmatch(line) for line in Path(f"/proc/{pid}/maps").read_text().splitlines())
    return {one[2] for one in found if one and ("x" in one[1] or LIBRARY.search(one[2]))}


def owners(pid: int, paths: Iterable[str]) -> Names:
    """Kind, name and version of the packages that these files are of, in the root of a process."""
    database = Path(f"/proc/{pid}/root", DATABASE)
    if not (database / "status").exists():
        return frozenset()
    asked = {each for path in paths for each in (path, MERGED.sub("", path))}
    said = _dpkg_query(database, "--search", *sorted(asked))
    owned = [line.rpartition(": ")[0] for line in said if not line.startswith("diversion by ")]
    packages = {name for names in owned for name in names.split(", ")}
    if not packages:
        return frozenset()
    shown = _dpkg_query(database, "--show", "--showformat=${Package} ${Version}\n", *packages)
    rows = (line.split() for line in shown)
    return frozenset(("deb", name, version) for name, version in rows)


def _dpkg_query(database: Path, *words: str) -> list[str]:
    """What it prints. It ends with 1 when one of many files is nobody's."""
    command = ["dpkg-query", f"--admindir={database}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()
