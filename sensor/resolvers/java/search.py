"""Archives and folders that nothing named: looked for when classes remain that belong to nobody.

A servlet container closes its JARs, and with an archive of shared classes none is ever opened. So
the directories around all that is known of a process are walked, then, if its root is that of an
image, the whole of it: never the whole root of a machine.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from sensor.errors import FileRefused
from sensor.resolvers.java.candidates import ARCHIVE, MAX_CANDIDATES, home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sensor.host.seam import Cache, Files, Process
    from sensor.resolvers.java.candidates import Paths, Position
    from sensor.resolvers.java.join import Result
    from sensor.resolvers.java.owner import Known

KIND: Final = "java.folder.1"
# Directories of one search: an application server has 3,000, a large image 20,000. What may be one
# and is a file counts too.
MAX_FOLDERS: Final = 20_000
MAX_DEPTH: Final = 16
# Folders of classes that are remembered, and asked for the classes of a package.
MAX_CLASSES: Final = 200
MAX_ASKED: Final = 5_000
WEB: Final = "/WEB-INF/classes"
# Around the program, then the whole of its image.
STAGES: Final = 2
# How far up from a file a program's own directory may begin: bin/x.jar, logs/x.log.
UP: Final = 2

# Directories of everybody: what is below them is not all of one program.
_SHARED: Final = re.compile(
    r"/|/(?:usr|opt|var|etc|home|root|srv|tmp|mnt|data|app|run|dev|proc|sys|lib\w*|s?bin)"
    r"|/usr/(?:share|lib\w*|local|s?bin|src)|/usr/local/(?:share|lib|bin)|/usr/lib/jvm(?:/[^/]+)?"
    r"|/usr/share/(?:java|maven-repo)|/var/(?:lib|log|cache|opt|run|tmp|spool)|/home/[^/]+"
    r"|/(?:dev|proc|sys|run)/.*"
)
# Directories that a program keeps beside those of its archives.
_LOGS: Final = re.compile(r"/(?:logs?|work|te?mp|data|cache|conf)\Z", re.IGNORECASE)
# They hold no archives of an application, or are not on a disk.
_SKIPPED: Final = frozenset({
    "/proc", "/sys", "/dev", "/run", "/boot", "/usr/share/doc", "/usr/share/man",
    "/usr/share/locale", "/usr/share/zoneinfo", "/usr/include", "/usr/lib/python3", "/var/lib/dpkg",
})  # fmt: skip
_SKIPPED_NAMES: Final = frozenset({"META-INF", "node_modules", "__pycache__", ".git", "jmods"})
# Names that are files: they are not asked whether they are directories.
_FILE: Final = re.compile(
    r"[^.]+\.[A-Za-z]{1,4}|.*\.(?:class|java|xml|properties|txt|md|html|js|css|map|json|png|svg|gz"
    r"|so(?:\.[\d.]+)?|sh|cfg|ya?ml|log|tgz|pyc?|list|md5sums|sha1|jsa|tmp|template|deb|whl|go)",
    re.IGNORECASE,
)


def searched(
    process: Process,
    paths: Paths,
    state: dict[str, Any],
    cache: Cache,
    due: Callable[[], bool],
) -> bool:
    """Walk on; `state` gets `found`, `folders`, at a bound `ended`. False when time is up."""
    if "todo" not in state:
        state |= {"todo": [[path, 0] for path in _roots(process, paths, state)], "visited": 0}
        state |= {"seen": {}, "home": home(process) or ""}
        state.setdefault("found", [])
        state.setdefault("folders", [])
    todo = deque(state["todo"])
    while todo and state["visited"] < MAX_FOLDERS:
        if due():
            state["todo"] = list(todo)
            return False
        path, depth = todo.popleft()
        if not depth or path not in state.get("near", ()):
            state["visited"] += 1
            todo += [[one, depth + 1] for one in _visited(process, path, depth, state, cache)]
    if todo or len(state["found"]) >= MAX_CANDIDATES:
        state["ended"] = True
    state["found"] = [path for path in state["found"] if not _is_named(paths, path)]
    for key in ("todo", "visited", "seen", "home"):
        del state[key]
    return True


def own(files: Files, result: Result, known: Sequence[str]) -> dict[int, set[str]]:
    """Take out of what is left the packages that lie in folders: they are the application's own.

    The answer is where the loaders read that have a class which one folder alone has: beside
    WEB-INF/classes are the archives of WEB-INF/lib (Servlet 4.0, 10.5).
    """
    pairs = ((index, n) for index, names in result.left.items() for n in _one_of_each(names))
    owned: dict[int, set[str]] = {}
    homes: dict[int, set[str]] = {}
    for index, name in islice(pairs, MAX_ASKED):
        outer = name.partition("$")[0] or name
        places = [f"{folder}/{outer}.class" for folder in known[:MAX_CLASSES]]
        there = [n for n, identity in enumerate(files.stat_many(places)) if identity is not None]
        if there:
            owned.setdefault(index, set()).add(name.rpartition("/")[0])
        if len(there) == 1 and known[there[0]].endswith(WEB):
            homes.setdefault(index, set()).add(known[there[0]].removesuffix("classes") + "lib")
    for index, packages in owned.items():
        rest = [n for n in result.left[index] if n.rpartition("/")[0] not in packages]
        result.left[index] = rest
        if not rest:
            del result.left[index]
            result.unsure.discard(index)
    return homes


def unshadow(
    files: Files,
    result: Result,
    archives: Sequence[Known],
    before: Mapping[str, Position],
) -> None:
    """Take away proofs that a folder before the archive on the class path has too.

    An archive that gave nothing else gave nothing.
    """
    for number, use in list(result.uses.items()):
        position = archives[number].position
        earlier = [folder for folder, at in before.items() if position and at < position]
        if earlier:
            count = len(use.proofs) + len(use.weaker)
            use.proofs = _only_here(files, use.proofs, earlier)
            use.weaker = _only_here(files, use.weaker, earlier)
            if not use.proofs and not use.weaker and count == use.loaded:
                del result.uses[number]


def _only_here(files: Files, names: Sequence[str], folders: Sequence[str]) -> list[str]:
    """The classes that none of the folders has."""
    return [
        name
        for name in names
        if not any(files.stat_many([f"{folder}/{name}.class" for folder in folders]))
    ]


def _one_of_each(names: Sequence[str]) -> Iterator[str]:
    """A class of each package, outer ones rather than inner."""
    yield from {name.rpartition("/")[0]: name for name in sorted(names, reverse=True)}.values()


def _is_named(paths: Paths, path: str) -> bool:
    """Whether the process itself names it: then it need not be remembered."""
    return path in paths.descriptors or paths.archives.get(path) is not None


def _roots(process: Process, paths: Paths, state: dict[str, Any]) -> list[str]:
    """Where a search begins: first around the program, then at the root of an image."""
    if state["stage"] == 1:
        state["near"] = _around(process, paths)
        state["found"], state["folders"] = [], []
        return list(state["near"])
    return ["/"] if _is_image(process.files) else []


def _around(process: Process, paths: Paths) -> list[str]:
    """Directories of the program: around its archives, its open files, where it works."""
    known = [*paths.archives, *(f"{folder}/x" for folder in paths.folders)]
    known += [_told_by(one.target) for one in process.descriptors()]
    found = {directory for path in known if (directory := _program(path))}
    if not _SHARED.fullmatch(paths.directory):
        found.add(paths.directory)
    return [path for path in sorted(found) if not any(_above(other, path) for other in found)]


def _told_by(target: str) -> str:
    """An open file as one of the program's own; beside the directory of another there are others'.

    A log tells the directory that the logs are in, any other file only where it lies itself.
    """
    if not target.startswith("/") or ARCHIVE.search(target):
        return target
    directory = target.rpartition("/")[0]
    return target if _LOGS.search(directory) else f"{directory}/x/x"


def _program(path: str) -> str:
    """The directory that a program with this file may begin at; "" for none."""
    best = ""
    for _ in range(UP):
        path = path.rpartition("/")[0]
        if not path or _SHARED.fullmatch(path):
            break
        best = path
    return best


def _above(directory: str, path: str) -> bool:
    return path.startswith(directory + "/")


def _is_image(files: Files) -> bool:
    """Whether the root is that of a container: on overlayfs, where FileId has no device."""
    (root,) = files.stat_many(["/"])
    return root is not None and root.dev == 0


def _visited(
    process: Process, path: str, depth: int, state: dict[str, Any], cache: Cache
) -> list[str]:
    """Note what is in a directory; its subdirectories, or what may be one."""
    (identity,) = process.files.stat_many([path])
    known = cast("list[list[str]] | None", identity and cache.get(KIND, identity))
    if known is None:
        try:
            identity, names = process.files.list_dir(path)
        except FileRefused:
            return []  # a file, or nothing that we may see
        archives = [name for name in names if ARCHIVE.search(f"{path}/{name}")]
        others = set(names).difference(archives)
        known = [archives, [n for n in names if n in others and not _FILE.fullmatch(n)]]
        cache.put(KIND, identity, cast("Any", known))
    if identity is not None:
        mark = f"{identity.ino:x}.{identity.mtime_ns:x}"
        if mark in state["seen"]:
            return []  # by another way, of links
        state["seen"][mark] = 1
    base = path.rstrip("/")
    room = MAX_CANDIDATES - len(state["found"])
    if ARCHIVE.search(path) and path in state["found"]:
        state["found"].remove(path)  # an unpacked archive: a directory with the name of one
    state["found"] += [f"{base}/{name}" for name in known[0][:room]]
    if path.endswith("/classes") and len(state["folders"]) < MAX_CLASSES:
        state["folders"].append(path)
        return []
    if depth >= MAX_DEPTH:
        return []
    inside = [f"{base}/{name}" for name in (*known[1], *known[0]) if name not in _SKIPPED_NAMES]
    return [one for one in inside if one not in _SKIPPED and one != state["home"]]
