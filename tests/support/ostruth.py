"""Which OS packages a process uses: the kernel's maps, asked of dpkg itself. No part of the sensor.

dpkg-query reads the database of the process's own root. A machine without dpkg has no such truth.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DATABASE = "var/lib/dpkg"
# proc_pid_maps(5): rights and path of what is mapped from a file.
MAPPING = re.compile(r"\S+ (\S+) \S+ \S+ [1-9]\d* +(/.*)")
LIBRARY = re.compile(r"\.so[.\d]*$")
# dpkg's lists of old packages name what the merge of /bin, /lib and /sbin has moved into /usr.
MERGED = re.compile(r"^/usr(?=/(bin|lib|lib32|lib64|sbin)/)")
# Extension modules are told by the Python resolver.
PYTHON = re.compile(r"/lib/python3[.\d]*/dist-packages/")
SHOWN = "${binary:Package}|${Package}|${Version}|${Architecture}\n"

# Name, version, architecture.
Package = tuple[str, str, str]


def mapped(pid: int, root: str = "") -> set[str]:
    """The paths of programs and libraries that a process maps, as seen from its root."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    found = [one for one in map(MAPPING.fullmatch, lines) if one]
    return {
        one[2].removeprefix(root)
        for one in found
        if ("x" in one[1] or LIBRARY.search(one[2])) and not PYTHON.search(one[2])
    }


def owners(root: Path, paths: Iterable[str]) -> dict[str, set[Package]]:
    """The packages of each path by `dpkg-query --search`; none for a path that nobody owns."""
    found: dict[str, set[Package]] = {path: set() for path in paths}
    if not found or not shutil.which("dpkg-query") or not (root / DATABASE / "status").exists():
        return found
    names = {each: path for path in found for each in (path, MERGED.sub("", path))}
    packages = {
        row[0]: (row[1], row[2], row[3])
        for line in _query(root, "--show", f"--showformat={SHOWN}")
        if (row := line.split("|"))
    }
    for line in _query(root, "--search", *sorted(names)):
        owned, _, path = line.rpartition(": ")
        if not line.startswith("diversion by "):
            found[names[path]] |= {packages[name] for name in owned.split(", ")}
    return found


def purls_of(pid: int, root: str = "") -> list[str]:
    """The package URLs of all that a process maps, sorted. `root` is its chroot, if it has one."""
    place = Path(f"/proc/{pid}/root")
    release = (place / "etc/os-release").read_text() if place.exists() else ""
    words = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    system, version = (words.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    found = {one for owned in owners(place, mapped(pid, root)).values() for one in owned}
    return sorted(
        f"pkg:deb/{system}/{_escaped(name)}@{_escaped(number)}?arch={arch}&distro={system}-{version}"
        for name, number, arch in found
    )


def _escaped(word: str) -> str:
    return word.replace("+", "%2B")


def _query(root: Path, *words: str) -> list[str]:
    """What it prints. It ends with 1 when one of many files is nobody's."""
    command = ["dpkg-query", f"--admindir={root / DATABASE}", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()
