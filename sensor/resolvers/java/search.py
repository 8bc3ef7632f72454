"""Archives and folders that nothing named: looked for when classes remain that belong to nobody.

A servlet container closes its JARs, and with an archive of shared classes none is ever opened. So
the directories around all that is known of a process are walked, then, if its root is that of an
image, the whole of it: never the whole root of a machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from sensor.errors import FileRefused
from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.candidates import ARCHIVE, MAX_CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sensor.host.seam import Cache, Files, Process
    from sensor.resolvers.java.candidates import Paths
    from sensor.resolvers.java.join import Result

KIND: Final = "java.folder.1"
# Directories of one search: an application server has 3,000, a large image 20,000.
MAX_FOLDERS: Final = 20_000
MAX_DEPTH: Final = 16
# Folders of classes that are remembered, and asked for the classes of a package.
MAX_CLASSES: Final = 200
MAX_ASKED: Final = 5_000
# How far up from a file a program's own directory may begin: bin/x.jar, lib/ext/x.jar.
UP: Final = 3

# Directories of everybody: what is below them is not all of one program.
_SHARED: Final = re.compile(
    r"/|/(?:usr|opt|var|etc|home|root|srv|tmp|mnt|data|app|run|dev|proc|sys|lib\w*|s?bin)"
    r"|/usr/(?:share|lib\w*|local|s?bin|src)|/usr/local/(?:share|lib|bin)|/usr/lib/jvm(?:/[^/]+)?"
    r"|/usr/share/(?:java|maven-repo)|/var/(?:lib|log|cache|opt|run|tmp|spool)|/home/[^/]+"
    r"|/(?:dev|proc|sys|run)/.*"
)
# They hold no archives of an application, or are not on a disk.
_SKIPPED: Final = frozenset({
    "/proc", "/sys", "/dev", "/run", "/boot", "/usr/share/doc", "/usr/share/man",
    "/usr/share/locale", "/usr/share/zoneinfo", "/usr/include", "/usr/lib/python3", "/var/lib/dpkg",
})  # fmt: skip
_SKIPPED_NAMES: Final = frozenset({"META-INF", "node_modules", "__pycache__", ".git", "jmods"})
# Names that are files: they are not asked whether they are directories.
_FILE: Final = re.compile(
    r".*\.(?:class|java|xml|properties|txt|md|html?|xhtml|jspx?|jsf|tld|xsd|dtd|css|js|map|json|png"
    r"|gif|jpe?g|svg|ico|so(?:\.[\d.]+)?|dll|exe|sh|bat|cmd|conf|cfg|ini|ya?ml|log|lst|gz|bz2|xz"
    r"|tar|tgz|pyc?|pem|crt|der|policy|idx|bin|dat|list|md5sums|sha1|pdf|ttf|woff2?|eot|mo|h|a|o"
    r"|jsa|tmp|pid|lock|sql|csv|template|vm|ftl|wsdl|groovy|MF|SF|RSA|LICENSE|NOTICE)",
    re.IGNORECASE,
)


def searched(
    process: Process,
    paths: Paths,
    state: dict[str, Any],
    cache: Cache,
    due: Callable[[], bool],
) -> bool:
    """Walk on; `state` gets `found`, `folders`, at its end `gaps`. False when time is up."""
    if "todo" not in state:
        state["todo"] = [[path, 0] for path in _around(process, paths)]
        state |= {"seen": [], "found": [], "folders": [], "visited": 0}
        if _is_image(process.files):
            state["todo"].append(["/", 0])
    todo: list[list[Any]] = state["todo"]
    seen = set(state["seen"])
    while todo and state["visited"] < MAX_FOLDERS:
        if due():
            state["seen"] = sorted(seen)
            return False
        path, depth = todo.pop(0)
        if path not in seen:
            seen.add(path)
            state["visited"] += 1
            todo[:0] = [[one, depth + 1] for one in _visited(process, path, depth, state, cache)]
    if todo or len(state["found"]) >= MAX_CANDIDATES:
        state.setdefault("gaps", []).append([Reason.SEARCH_ENDED, f"{MAX_FOLDERS} directories"])
    for key in ("todo", "seen", "visited"):
        del state[key]
    return True


def folders(files: Files, paths: Paths, more: Iterable[str]) -> list[str]:
    """Directories that classes of the application can lie in."""
    del files
    return [*paths.folders, *more][:MAX_CLASSES]


def own(files: Files, result: Result, known: Sequence[str]) -> None:
    """Take out of what is left the packages that lie in folders: they are the application's own."""
    asked = [(index, name) for index, names in result.left.items() for name in _one_of_each(names)][
        :MAX_ASKED
    ]
    owned: dict[int, set[str]] = {}
    for index, name in asked:
        outer = name.partition("$")[0] or name
        places = [f"{folder}/{outer}.class" for folder in known]
        if any(identity is not None for identity in files.stat_many(places)):
            owned.setdefault(index, set()).add(name.rpartition("/")[0])
    for index, packages in owned.items():
        rest = [n for n in result.left[index] if n.rpartition("/")[0] not in packages]
        result.left[index] = rest
        if not rest:
            del result.left[index]
            result.unsure.discard(index)


def _one_of_each(names: Sequence[str]) -> Iterator[str]:
    """A class of each package, outer ones rather than inner."""
    yield from {name.rpartition("/")[0]: name for name in sorted(names, reverse=True)}.values()


def _around(process: Process, paths: Paths) -> list[str]:
    """Directories of the program: around its archives, its open files, where it works."""
    known = [*paths.archives, *(f"{folder}/x" for folder in paths.folders)]
    known += [one.target for one in process.descriptors() if one.target.startswith("/")]
    known.append(f"{paths.directory}/x")
    found: dict[str, None] = {}
    for path in known:
        best = ""
        directory = path
        for _ in range(UP):
            directory = directory.rpartition("/")[0]
            if not directory or _SHARED.fullmatch(directory):
                break
            best = directory
        if best:
            found[best] = None
    return [path for path in sorted(found) if not any(_above(other, path) for other in found)]


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
        known = [
            [name for name in names if ARCHIVE.search(name)],
            [name for name in names if not _FILE.fullmatch(name) and not ARCHIVE.search(name)],
        ]
        cache.put(KIND, identity, cast("Any", known))
    base = path.rstrip("/")
    room = MAX_CANDIDATES - len(state["found"])
    state["found"] += [f"{base}/{name}" for name in known[0][:room]]
    if path.endswith("/classes") and len(state["folders"]) < MAX_CLASSES:
        state["folders"].append(path)
        return []
    if depth >= MAX_DEPTH:
        return []
    # An unpacked archive is a directory with the name of one (webapps/x.war in JBoss).
    inside = [f"{base}/{name}" for name in (*known[1], *known[0]) if name not in _SKIPPED_NAMES]
    return [one for one in inside if one not in _SKIPPED]
