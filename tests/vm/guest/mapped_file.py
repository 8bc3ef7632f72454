"""The test of "is it the mapped file?" on overlayfs, with the capabilities of a pod.

usage: python -m tests.vm.guest.mapped_file IMAGE WORK. IMAGE is a root with Debian's Python, PyYAML
and requests, WORK an empty folder. Writes one line of JSON: what a caller cannot know beforehand.
The same body runs in the 6.1 machine and on the kernel of the tests. Needs root.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.vm.guest.room import Room
from tests.vm.guest.sixcaps import SIX

if TYPE_CHECKING:
    from types import TracebackType

RELEASE = "/etc/os-release"
EXTENSION = "/usr/lib/python3/dist-packages/yaml/_yaml.cpython-311-x86_64-linux-gnu.so"
# The program tells what it has loaded: the truth that the scan is held against.
PROGRAM = """
import json, requests, signal, yaml
loaded = {"pyyaml": yaml.__version__, "requests": requests.__version__}
print(json.dumps([f"pkg:pypi/{name}@{loaded[name]}" for name in loaded]), flush=True)
signal.pause()
"""


def main() -> None:
    """Recognised while it is the file, refused once another is in its place."""
    image, work = map(Path, sys.argv[1:])
    with Room() as room:
        root = room.overlay(image, work)
        # Without it nobody knows whose packages these are; the emulated machine has none.
        room.do("sh", "-c", f"[ -e {root}{RELEASE} ] || printf ID=debian > {root}{RELEASE}")
        pid, truth = room.start(root, ["/usr/bin/python3", "-c", PROGRAM])
        with Examiner(pid) as examiner:
            before = examiner.look()
            check_rights(before)
            check_recognised(before["files"])
            facts = scan(pid)
            check_swapped(room, root, examiner)
    answer = {
        "truth": json.loads(truth),
        "scanned": named(facts),
        "os": [fact.get("name") or fact["reason"] for fact in facts if told_of_os(fact)],
        "capabilities": before["capabilities"],
        "stat_has_mapped_device": before["stat_has_mapped_device"],
    }
    print(json.dumps(answer))  # noqa: T201 - the answer


class Examiner:
    """`examine` as a process with the six capabilities."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            with_six("tests.vm.guest.examine", str(self._pid)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def look(self) -> dict[str, Any]:
        """One more look."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def extension(self) -> str:
        """What became of the one extension module."""
        answer: str = self.look()["files"][EXTENSION]
        return answer


def with_six(*module: str) -> list[str]:
    """The command of a module and its arguments, with the six capabilities."""
    return [sys.executable, "-m", "tests.vm.guest.sixcaps", sys.executable, "-m", *module]


def check_swapped(room: Room, root: Path, examiner: Examiner) -> None:
    """Put another file in the place of the mapped one, as a workload could, in two ways."""
    path = f"{root}{EXTENSION}"
    # Over its path: maps shows no difference.
    room.do("mount", "--bind", root / "usr/bin/python3.11", path)
    assert examiner.extension() == "refused: not the mapped file"
    room.do("umount", path)
    assert examiner.extension() == "\x7fELF"
    # Under its name: maps says that the mapped one is deleted.
    room.do("cp", path, root / "copy")
    room.do("mv", root / "copy", path)
    assert examiner.extension() == "refused: deleted"


def check_rights(answer: dict[str, Any]) -> None:
    """Not more than the six, and of those all that this machine can give at all."""
    assert answer["capabilities"] == sum(1 << number for number in SIX.values()) & bounding()
    assert answer["map_files"] == "refused"
    assert answer["memory_gap"] is None


def bounding() -> int:
    """What this machine can give: containers in containers lack some."""
    found = re.search(r"^CapBnd:\s*(\w+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1], 16)


def check_recognised(files: dict[str, str]) -> None:
    """Every library and the program itself is opened, and is what it seems to be."""
    libraries = [path for path in files if path.endswith(".so") or "/bin/python" in path]
    assert EXTENSION in libraries
    assert {files[path] for path in libraries} == {"\x7fELF"}


def scan(pid: int) -> list[dict[str, Any]]:
    """What the sensor's own command says of a process."""
    command = with_six("sensor.cli", "scan", "--pid", str(pid), "--format", "ndjson")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def told_of_os(fact: dict[str, Any]) -> bool:
    """Whether it is an OS package, or something that is not known of them."""
    return fact["type"] in {"package", "gap"} and fact["runtime"] == "os"


def named(facts: list[dict[str, Any]]) -> list[str]:
    """Package URLs, aliases too, of what is loaded.

    dpkg owns the files, so the packages are Debian's, and what pip calls them is an alias.
    """
    loaded = [fact for fact in facts if fact["type"] == "package" and fact["state"] == "loaded"]
    return [purl for fact in loaded for purl in (fact["purl"], *fact.get("aliases", ()))]


if __name__ == "__main__":
    main()
