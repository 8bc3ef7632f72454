"""Where the classes of a process may come from: class path, module path, open files, mappings.

Nothing is opened here but directories of wildcards and a file that holds the class path. The order
of the class path is the order in which the application's loader asks (java.lang.ClassLoader,
URLClassPath), so each place on it has a position; a JAR named in the manifest of another comes
right after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sensor.errors import FileMissing, FileRefused
from sensor.resolvers.java import argfile
from sensor.resolvers.java.archive import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Mapping as MappingOf

    from sensor.host.seam import Process
    from sensor.model.file import FileId
    from sensor.model.process import Mapping
    from sensor.resolvers.java.words import Machine

# Archives of one process: an application server with all its modules has some 1,000.
MAX_CANDIDATES: Final = 5000
MAX_PATH: Final = 4096
# jdk.internal.perf / perfMemory: a text is cut at 1,024 bytes, one of them for its end.
CUT: Final = 1023
# In nanoseconds: the JVM tells the time in the one, files in the other.
MILLISECOND: Final = 10**6

# By its ending; or what was given to WildFly, which keeps it as content/XX/YYY/content, where XXYYY
# is its SHA-1 (wildfly-core, org.jboss.as.repository.ContentRepositoryImpl).
ARCHIVE: Final = re.compile(
    r"\.(?:jar|war|ear|rar|zip|sar|har|par|kar|nar|hpi|jpi)\Z"
    r"|/content/[0-9a-f]{2}/[0-9a-f]{38}/content\Z",
    re.IGNORECASE,
)
# Of libjvm.so: JDK 9 and later, JDK 8 with the name of its machine.
_LIBJVM: Final = re.compile(r"(/.*)/lib(?:/[a-z0-9_]+)?/(?:server|client|minimal|zero)/libjvm\.so")

# What the kernel puts behind the path of a descriptor whose file has no name any more (d_path).
DELETED: Final = " (deleted)"

# In place of a descriptor, for an archive that is mapped and whose descriptor was closed.
MAPPED: Final = 1 << 31

# In the order of the class path: a number for each entry, then one for what its manifest names.
Position = tuple[int, ...]
# A named module comes before the class path (jdk.internal.loader.BuiltinClassLoader), if it is
# resolved, which we do not see.
MODULE: Final[Position] = (-1,)


class Candidate(NamedTuple):
    """An archive: its place, its position on the class path and descriptor, None without one."""

    place: Place
    position: Position | None
    descriptor: int | None


@dataclass(slots=True)
class Paths:
    """What a process says about where its classes lie, as text.

    `archives` are paths with their position, `folders` directories on the class path. `ordered`
    says that the class path is known. Relative entries begin in `directory`. `gone` are paths of
    archives that are open and deleted: what has such a path now is another file. `began` is when
    the JVM did, in milliseconds since the epoch, 0 if that is not known.
    """

    directory: str = ""
    archives: dict[str, Position | None] = field(default_factory=dict)
    descriptors: dict[str, int] = field(default_factory=dict)
    folders: dict[str, Position] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    ordered: bool = False
    began: int = 0

    def add(self, path: str, position: Position | None) -> None:
        """One more; the first position of a path counts."""
        if len(self.archives) < MAX_CANDIDATES and len(path) <= MAX_PATH:
            old = self.archives.get(path)
            self.archives[path] = position if old is None else old


def home(process: Process) -> str | None:
    """The directory of the JDK, by where its libjvm.so lies; None for no HotSpot."""
    for mapping in process.maps():
        found = _LIBJVM.fullmatch(mapping.path)
        if found:
            return found[1].removesuffix("/jre") if found[1].endswith("/jre") else found[1]
    return None


def paths(process: Process, machine: Machine) -> Paths:
    """All that is known without opening a file.

    The JVM's own word for its class path (hsperfdata) may be cut: whole it is the best there is,
    for wildcards are expanded in it.
    """
    found = Paths(process.arguments.directory or "/", began=machine.began)
    told = machine.class_path
    inside = home(process)
    _descriptors(process, found)
    arguments = process.arguments
    whole = told and len(told.encode(errors="replace")) < CUT
    entries = told if whole else _written(process, arguments.class_path) or told
    listed = entries.split(":") if entries else []
    if listed and entries == told and not whole:
        listed.pop()  # cut off
    found.ordered = bool(entries) and (entries != told or bool(whole))
    _class_path(process, found, listed)
    for entry in arguments.module_path.split(":") if arguments.module_path else []:
        _module_path(process, found, entry)
    _opened(found, len(listed))
    for mapping in process.maps():
        if mapping.inode and ARCHIVE.search(mapping.path):
            _mapped(found, mapping)
    if inside:
        found.archives = {p: at for p, at in found.archives.items() if not within(p, inside)}
    return found


def _written(process: Process, class_path: str) -> str:
    """The class path of the arguments, or of the file that they name."""
    if not class_path.startswith(argfile.MARK):
        return class_path
    path = absolute(process.arguments.directory or "/", class_path.removeprefix(argfile.MARK))
    return argfile.class_path(process.files, path)


def within(path: str, directory: str) -> bool:
    """Whether a path lies below a directory."""
    return path.startswith(directory.rstrip("/") + "/")


def placed(found: Paths, identities: MappingOf[str, FileId]) -> list[Candidate]:
    """Each archive once, by its content; those without an identity are not there."""
    candidates: dict[FileId, Candidate] = {}
    for path, position in found.archives.items():
        identity = identities.get(path)
        if identity is not None and path not in found.gone and not _newer(found, path, identity):
            new = Candidate(Place(path, identity), position, found.descriptors.get(path))
            old = candidates.get(identity)
            candidates[identity] = _first(old, new) if old else new
    return list(candidates.values())


def _newer(found: Paths, path: str, identity: FileId) -> bool:
    """Whether an archive of the class path was written since the JVM began, which had it then.

    Others may be newer: an application server unpacks what it is given.
    """
    listed = found.ordered and found.archives[path] is not None
    return listed and 0 < found.began * MILLISECOND < identity.mtime_ns


def named_by_manifest(place: Place, class_path: str) -> list[str]:
    """Absolute paths of a Class-Path attribute: URLs relative to the JAR that has it."""
    directory = place.path.rpartition("/")[0]
    found = []
    for word in class_path.split():
        path = word.removeprefix("file:")
        found.append(absolute(directory, path))
    return found


def normal(path: str) -> str:
    """The path without `.`, `..` and doubled slashes; a slash at its end stays."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept) + ("/" if path.endswith("/") and kept else "")


def _first(old: Candidate, new: Candidate) -> Candidate:
    """One file by two paths: the first position counts, and that it is open under any of them."""
    places = [one for one in (old, new) if one.position is not None]
    best = min(places, key=_position) if places else old
    numbers = [n for n in (old.descriptor, new.descriptor) if n is not None]
    return best._replace(descriptor=min(numbers) if numbers else None)


def _position(candidate: Candidate) -> Position:
    return candidate.position or ()


def _descriptors(process: Process, found: Paths) -> None:
    for number, target in sorted(process.descriptors()):
        path = target.removesuffix(DELETED)
        if path.startswith("/") and ARCHIVE.search(path):
            if path != target:
                found.gone.add(path)
            else:
                found.descriptors.setdefault(path, number)


def _mapped(found: Paths, mapping: Mapping) -> None:
    if mapping.deleted:
        found.gone.add(mapping.path)
    else:
        found.add(mapping.path, None)
        found.descriptors.setdefault(mapping.path, MAPPED)


def _class_path(process: Process, found: Paths, entries: Sequence[str]) -> None:
    for number, entry in enumerate(entries):
        # An empty entry is the working directory, as `.` is.
        path = absolute(found.directory, entry or ".")
        if entry == "*" or entry.endswith("/*"):
            _wildcard(process, found, path.removesuffix("*").rstrip("/"), (number,))
        elif ARCHIVE.search(entry) or _is_file(process, path):
            found.add(path, (number,))
        else:
            found.folders.setdefault(path.rstrip("/"), (number,))


def absolute(directory: str, path: str) -> str:
    """The whole path of one that begins in a directory."""
    return normal(path if path.startswith("/") else f"{directory}/{path}")


def _wildcard(process: Process, found: Paths, directory: str, position: Position) -> None:
    """All JARs of a directory. Their order is not known: descriptors tell it where they can."""
    for name in _names(process, directory or "/"):
        # java.base/share/native/libjli/wildcard.c: .jar and .JAR only.
        if name.endswith((".jar", ".JAR")):
            found.add(f"{directory}/{name}", position)


def _module_path(process: Process, found: Paths, entry: str) -> None:
    """JARs, or directories of them; named modules come before the class path."""
    path = absolute(found.directory, entry)
    if ARCHIVE.search(entry):
        found.add(path, MODULE)
        return
    for name in _names(process, path.rstrip("/") or "/"):
        if ARCHIVE.search(name):
            found.add(f"{path.rstrip('/')}/{name}", MODULE)


def _is_file(process: Process, path: str) -> bool:
    """Whether it is there and no directory: what is no folder is an archive, whatever its name."""
    try:
        process.files.list_dir(path.rstrip("/") or "/")
    except FileMissing:
        return False
    except FileRefused:
        return True
    return False


def _names(process: Process, directory: str) -> Iterable[str]:
    try:
        return process.files.list_dir(directory)[1]
    except FileRefused:
        return ()


def _opened(found: Paths, start: int) -> None:
    """Open archives. Where no class path is known they are opened in its order."""
    for path, number in sorted(found.descriptors.items(), key=lambda item: item[1]):
        found.add(path, None if found.ordered else (start + number,))
