"""From class loaders to packages: archives are read, classes joined, archives proved, named.

Each call does one slice. Reading archives leaves its results in the cache; the progress holds what
the join found, so a look goes on where it stopped, and a second process of an image only joins.
"""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sensor.model.file import FileId
from sensor.model.telling import few_gaps
from sensor.resolvers.java import candidates, index, jdk, naming, search
from sensor.resolvers.java.archive import Place
from sensor.resolvers.java.archivegaps import MAX_TOLD, note
from sensor.resolvers.java.archivereasons import HARMLESS, Reason
from sensor.resolvers.java.join import Archives, Result, Use, join
from sensor.resolvers.java.reading import Reading
from sensor.resolvers.java.words import RUNTIME, Machine

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Gap, Package, Plain
    from sensor.resolvers.java.candidates import Paths, Position
    from sensor.resolvers.java.jdk import Jdk
    from sensor.resolvers.java.reading import Archive
    from sensor.resolvers.java.words import Loader

# Two questions for the time stand before an archive is read, and one before its next part.
STEP_QUESTIONS: Final = 3
# A manifest with one of these is that of an agent (java.lang.instrument): the boot loader asks it.
AGENTS: Final = frozenset({"premain-class", "agent-class", "launcher-agent-class"})
# What the next look at the process can use: where archives were found, and for what.
HINTS: Final = ("found", "folders", "sought", "ended")
# A memo is kept for each process: with more archives than this the next look searches again.
MAX_HINTS: Final = 500

UNTOLD: Final = Machine()

State = dict[str, Any]
Loaders = Callable[[], Sequence["Loader"]]


class Joined(NamedTuple):
    """One slice: `more` says that packages and gaps are not final, and to go on from `progress`.

    The progress of a finished look is a hint for the next one at the same process: small.
    `complete` is whether every package that is loaded is named or doubted in `packages`.
    """

    packages: tuple[Package, ...] = ()
    gaps: tuple[Gap, ...] = ()
    progress: Plain = None
    more: bool = False
    complete: bool = True


def packages_of(
    process: Process,
    budget: Budget,
    cache: Cache,
    loaders: Loaders,
    progress: Plain,
    *,
    machine: Machine = UNTOLD,
) -> Joined:
    """The artifacts of the classes of all loaders, which are asked for once.

    `machine` has the class path that the JVM itself tells (hsperfdata), and when it began.
    """
    state = dict(cast("State", progress or {}))
    return _Look(process, budget, cache, state, machine).run(loaders)


class _Look:
    """One slice."""

    def __init__(
        self, process: Process, budget: Budget, cache: Cache, state: State, machine: Machine
    ) -> None:
        self._process = process
        self._files = process.files
        self._due = _after_a_step(budget.due)
        self._cache = cache
        self._state = state
        self._machine = machine
        self._reading = Reading(process.files, cache, self._due, state)
        self._home = candidates.home(process) or ""

    def run(self, loaders: Loaders) -> Joined:
        """Go on."""
        if "uses" not in self._state and not self._joined(loaders):
            return self._more()
        return self._name()

    def _more(self) -> Joined:
        return Joined(progress=self._state, more=True, complete=False)

    def _joined(self, loaders: Loaders) -> bool:
        """Put what the classes say into the state; False when time is up before that."""
        modules = jdk.read(self._files, self._home, self._cache, self._due)
        paths = candidates.paths(self._process, self._machine)
        if modules is None or ("todo" in self._state and not self._searched(paths)):
            return False
        for path in self._state.get("found", ()):
            paths.add(path, None)
        archives = self._reading.archives(paths)
        if archives is None:
            return False
        result = self._result(loaders(), archives, modules, paths)
        if result.unsure and self._is_news(result):
            return self._searched(paths) and not self._due() and self._joined(loaders)
        self._keep(result, archives, modules.problem, paths.folders)
        return True

    def _result(
        self, loaders: Sequence[Loader], archives: Sequence[Archive], modules: Jdk, paths: Paths
    ) -> Result:
        """The join; once more where folders of classes tell what a loader reads."""
        known = self._for_join(archives)
        folders = [*paths.folders, *self._state.get("folders", ())]
        result = join(loaders, known, modules.packages)
        homes = search.own(self._files, result, folders)
        if homes and result.doubts:
            result = join(loaders, known, modules.packages, homes)
            search.own(self._files, result, folders)
        return result

    def _is_news(self, result: Result) -> bool:
        """Whether there is a search left to do: around the program, then of its whole image.

        None is done for classes that the last look at the process has searched for in vain.
        """
        words = sorted(name for names in result.left.values() for name in names)
        text = "\n".join([*words, str(len(result.unsure))])
        sought = zlib.crc32(text.encode(errors="replace"))
        stage = self._state.get("stage", 0)
        if stage >= search.STAGES or (not stage and self._state.get("sought") == sought):
            return False
        self._state |= {"sought": sought, "stage": stage + 1}
        return True

    def _searched(self, paths: Paths) -> bool:
        """Look for archives that nothing names."""
        return search.searched(self._process, paths, self._state, self._cache, self._due)

    @staticmethod
    def _for_join(archives: Sequence[Archive]) -> Archives:
        nesting = frozenset(number for number, one in enumerate(archives) if one.nests)
        agents = frozenset(
            number
            for number, one in enumerate(archives)
            if AGENTS & one.held.entry["manifest"].keys()
        )
        return Archives(
            [one.known for one in archives],
            lambda number: index.hashes(archives[number].held.entry),
            lambda number: [pom[3] for pom in archives[number].held.entry["poms"] if pom[3]],
            nesting,
            agents,
        )

    def _keep(
        self,
        result: Result,
        archives: Sequence[Archive],
        problem: str,
        folders: Mapping[str, Position],
    ) -> None:
        """What the join found, as plain data."""
        if problem:
            note(self._state, Reason.NO_MODULES, problem)
        if self._state.get("ended"):
            note(self._state, Reason.SEARCH_ENDED, f"{search.MAX_FOLDERS} directories")
        for one in archives:
            if one.held.entry["problem"]:
                note(self._state, Reason.PARTLY, f"{one.place.text}: {one.held.entry['problem']}")
        for classes in result.left.values():
            self._note_classes(Reason.NOBODY, classes)
        self._note_classes(Reason.EARLIER, result.earlier)
        search.unshadow(self._files, result, [one.known for one in archives], folders)
        self._state["modules"] = dict(result.modules)
        self._state["uses"] = [
            [list(_plain(archives[number].place)), use.plain()]
            for number, use in result.uses.items()
        ]
        self._state["doubts"] = [
            [[list(_plain(archives[number].place)) for number in held], use.plain()]
            for held, use in result.doubts.items()
        ]

    def _note_classes(self, reason: Reason, names: Sequence[str]) -> None:
        """What is not known of some classes, by their packages."""
        packages = Counter(name.rpartition("/")[0] for name in names)
        for package, count in packages.most_common(MAX_TOLD):
            note(self._state, reason, f"{count} of {package or 'the default package'}")

    def _name(self) -> Joined:
        """Prove and name each archive that gave a class."""
        namer = naming.Namer(self._process, self._cache, self._due)
        for plain, use in self._state["uses"]:
            if not namer.add(_place(plain), Use(**use)):
                return self._more()
        for plains, use in self._state["doubts"]:
            if not namer.doubt([_place(plain) for plain in plains], Use(**use)):
                return self._more()
        packages = namer.packages()
        if self._home:
            modules, at = self._state["modules"], self._process.at
            home = jdk.Home(self._home, self._machine.version)
            own = jdk.package(self._files, home, self._cache, modules, at)
            packages = (own, *packages)
        return self._done(packages, namer.gaps)

    def _done(self, packages: tuple[Package, ...], more: Sequence[tuple[Reason, str]]) -> Joined:
        told = [*map(tuple, self._state.get("gaps", ())), *more]
        gaps = few_gaps(RUNTIME, told, MAX_TOLD)
        complete = all(reason in HARMLESS for reason, _ in told)
        return Joined(packages, gaps, self._hints(), more=False, complete=complete)

    def _hints(self) -> Plain:
        if "found" not in self._state or len(self._state["found"]) > MAX_HINTS:
            return None
        return {key: self._state[key] for key in HINTS if key in self._state}


def _plain(place: Place) -> tuple[Any, ...]:
    return place.path, list(place.file), place.inside


def _place(plain: Sequence[Any]) -> Place:
    path, identity, inside = plain
    return Place(path, FileId(*identity), inside)


def _after_a_step(due: Callable[[], bool]) -> Callable[[], bool]:
    """The same question, not heeded at first: each slice gets on, however slow the machine is."""
    asked = itertools.count(1)
    return lambda: next(asked) > STEP_QUESTIONS and due()
