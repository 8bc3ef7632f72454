"""Classes of loaders joined with the archives that hold them. Pure, by hashes of names.

Classes of the boot and platform loaders belong to the JDK, and what else the boot loader has came
from its append path (agents): it is never joined by the class path. A class in no archive is the
application's own or was made at run time: it belongs to no package.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from sensor.resolvers.java import owner, redeployed
from sensor.resolvers.java.settled import by_named
from sensor.resolvers.java.words import BOOT, UNREADABLE, Klass, Loader

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sensor.model.finding import Plain
    from sensor.resolvers.java.owner import Known

APP: Final = frozenset({
    "jdk/internal/loader/ClassLoaders$AppClassLoader", "sun/misc/Launcher$AppClassLoader",
})  # fmt: skip
PLATFORM: Final = frozenset({
    "jdk/internal/loader/ClassLoaders$PlatformClassLoader", "sun/misc/Launcher$ExtClassLoader",
})  # fmt: skip
# Loaders that define classes of the JDK.
JDK: Final = APP | PLATFORM | {BOOT, UNREADABLE}
# They define classes that are made at run time, nothing else: accessors of the JDK, expressions
# compiled by Janino (Spark) and Groovy, what Byte Buddy and Clojure make, and the program of
# `java Program.java` (JEP 330; the second name since JDK 22), which is compiled in memory.
MADE: Final = frozenset({
    "jdk/internal/reflect/DelegatingClassLoader", "sun/reflect/DelegatingClassLoader",
    "org/codehaus/janino/ByteArrayClassLoader", "org/codehaus/janino/JavaSourceClassLoader",
    "org/codehaus/commons/compiler/util/reflect/ByteArrayClassLoader",
    "groovy/lang/GroovyClassLoader$InnerLoader", "clojure/lang/DynamicClassLoader",
    "com/sun/tools/javac/launcher/Main$MemoryClassLoader",
    "com/sun/tools/javac/launcher/MemoryClassLoader",
    "net/bytebuddy/dynamic/loading/ByteArrayClassLoader",
    "net/bytebuddy/dynamic/loading/ByteArrayClassLoader$ChildFirst",
})  # fmt: skip
# Names that runtimes and libraries give to classes they make: java.lang.reflect.Proxy, reflection
# and serialisation of the JDK, cglib, Spring, Hibernate, Byte Buddy, Mockito, Javassist, JSP.
_GENERATED: Final = re.compile(
    r"(?:.*/)?\$?\$Proxy\d+|jdk/proxy\d+/.*|com/sun/proxy/.*|jdk/internal/reflect/Generated.*"
    r"|sun/reflect/Generated.*|sun/reflect/misc/Trampoline|.*\$\$.*|.*\$HibernateProxy.*|.*\$ByteBuddy.*|.*\$MockitoMock.*"
    r"|.*_\$\$_.*|.*\$auxiliary\$.*|org/apache/jsp/.*|java/lang/invoke/.*|(?:.*[/$])?GeneratedClass(?:\$.*)?"
)
# Classes kept to prove an archive: a hash may lie, or a folder may have had the class first.
MAX_PROOFS: Final = 6


@dataclass(slots=True)
class Use:
    """What is loaded of one archive: counts, classes that prove it, and those that prove parts.

    `proofs` and `weaker` are names of classes, initialized ones and others, in the order of their
    loader. `parts` has a class [name, initialized] by the prefix of the part that it proves.
    """

    loaded: int = 0
    initialized: int = 0
    proofs: list[str] = field(default_factory=list)
    weaker: list[str] = field(default_factory=list)
    parts: dict[str, list[str | bool]] = field(default_factory=dict)

    def plain(self) -> Plain:
        """A JSON object; the lists are those of this object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def add(self, classes: Sequence[Klass], prefixes: Sequence[str]) -> None:
        """More classes, of one loader."""
        strong = [klass.name for klass in classes if klass.initialized]
        weak = [klass.name for klass in classes if not klass.initialized]
        self.loaded += len(classes)
        self.initialized += len(strong)
        self.proofs += strong[: MAX_PROOFS - len(self.proofs)]
        self.weaker += weak[: MAX_PROOFS - len(self.weaker)]
        for prefix in prefixes:
            for klass in classes:
                if klass.name.startswith(prefix + "/"):
                    known = self.parts.get(prefix)
                    if known is None or (klass.initialized and not known[1]):
                        self.parts[prefix] = list(klass)


@dataclass(slots=True)
class Result:
    """What the classes of some loaders say.

    `doubts` are classes that several archives hold, by the numbers of these, and nothing says which
    gave them. `modules` counts classes of the JDK by module. `left` are classes in no archive by
    the index of their loader. `unsure` are loaders whose classes may lie in archives
    that are not known yet. `earlier` are classes of loaders whose archives were replaced.
    """

    uses: dict[int, Use] = field(default_factory=dict)
    doubts: dict[tuple[int, ...], Use] = field(default_factory=dict)
    modules: Counter[str] = field(default_factory=Counter)
    left: dict[int, list[str]] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)
    earlier: list[str] = field(default_factory=list)


class Archives(NamedTuple):
    """All known archives: their ownership, hashes of names in UTF-8, prefixes of parts, by number.

    `nesting` are those that have archives in them, `agents` those of agents.
    """

    known: Sequence[Known]
    hashes: Callable[[int], array[int]]
    prefixes: Callable[[int], Sequence[str]]
    nesting: frozenset[int]
    agents: frozenset[int] = frozenset()


def join(
    loaders: Sequence[Loader],
    archives: Archives,
    packages: Mapping[str, str],
    homes: Mapping[int, Collection[str]] | None = None,
) -> Result:
    """The classes of all loaders; `packages` are those of the JDK with their module.

    `homes` are groups of archives that a loader is known to read, by its index.
    """
    result = Result()
    foreign = [_foreign(loader, packages, result) for loader in loaders]
    holders = _holders(foreign, archives)
    prefixes = [archives.prefixes(number) for number in range(len(archives.known))]
    held = [
        _asked(loader, classes, holders, archives)
        for loader, classes in zip(loaders, foreign, strict=True)
    ]
    _drop_earlier(loaders, foreign, held, archives, result)
    settled = _settled(loaders, foreign, held, archives, homes or {})
    for index, (loader, classes) in enumerate(zip(loaders, foreign, strict=True)):
        home = (homes or {}).get(index, ())
        mine = settled.get(index, held[index])
        _owned(index, loader, classes, mine, archives, prefixes, result, home)
    return result


def _drop_earlier(
    loaders: Sequence[Loader],
    foreign: Sequence[dict[int, Klass]],
    held: list[dict[int, list[int]]],
    archives: Archives,
    result: Result,
) -> None:
    """See `redeployed`: what an earlier loader had from archives that are a later one's by now."""
    if not any(one.fresh for one in archives.known):
        return
    own = [index for index, loader in enumerate(loaders) if loader.kind not in JDK]
    for index, lost in redeployed.earlier(archives.known, held, own).items():
        cut = redeployed.without(held[index], archives.known, lost)
        held[index] = {name: numbers for name, numbers in cut.items() if numbers}
        for name in cut.keys() - held[index].keys():
            result.earlier.append(foreign[index].pop(name).name)


def _settled(
    loaders: Sequence[Loader],
    foreign: Sequence[Mapping[int, Klass]],
    held: Sequence[dict[int, list[int]]],
    archives: Archives,
    homes: Mapping[int, Collection[str]],
) -> dict[int, dict[int, list[int]]]:
    """See `settled`: of the loaders of their own that have a class in an archive each."""
    if not any(one.found for one in archives.known):
        return {}
    lone = {
        index: mine
        for index, mine in enumerate(held)
        if loaders[index].kind not in JDK and not _left(foreign[index], mine)
    }
    return by_named(archives.known, lone, homes)


def _asked(
    loader: Loader,
    classes: Mapping[int, Klass],
    holders: Mapping[int, list[int]],
    archives: Archives,
) -> dict[int, list[int]]:
    """The archives that hold each class, of those that such a loader can have asked."""
    mine = {name: holders[name] for name in classes if name in holders}
    if loader.kind in APP:
        return _on_path(archives, mine)
    return _appended(archives, mine) if loader.kind == BOOT else mine


def _foreign(loader: Loader, packages: Mapping[str, str], result: Result) -> dict[int, Klass]:
    """The classes that are not the JDK's, by the hash of their name."""
    if loader.kind in MADE:
        return {}
    own = loader.kind in JDK
    found = {}
    for klass in loader.classes:
        if own:
            module = packages.get(klass.name.rpartition("/")[0])
            if module is not None:
                result.modules[module] += 1
                continue
        found[_hash(klass.name)] = klass
    return found


def _holders(foreign: Iterable[Mapping[int, Klass]], archives: Archives) -> dict[int, list[int]]:
    wanted: set[int] = set().union(*foreign)
    holders: dict[int, list[int]] = {}
    for number in range(len(archives.known)):
        for name in wanted.intersection(archives.hashes(number)):
            holders.setdefault(name, []).append(number)
    return holders


def _owned(  # noqa: PLR0913, PLR0917 - the parts of one step, each plain
    index: int,
    loader: Loader,
    classes: Mapping[int, Klass],
    mine: Mapping[int, list[int]],
    archives: Archives,
    prefixes: Sequence[Sequence[str]],
    result: Result,
    home: Collection[str],
) -> None:
    choose = owner.Chooser(archives.known, mine.values(), home, by_path=loader.kind in APP)
    of_one: dict[int, list[Klass]] = {}
    of_several: dict[tuple[int, ...], list[Klass]] = {}
    for name, held in mine.items():
        number = held[0] if len(held) == 1 else choose(held)
        if number is None:
            of_several.setdefault(tuple(held), []).append(classes[name])
        else:
            of_one.setdefault(number, []).append(classes[name])
    for number, group in of_one.items():
        result.uses.setdefault(number, Use()).add(group, prefixes[number])
    for numbers, group in of_several.items():
        result.doubts.setdefault(numbers, Use()).add(group, ())
    if loader.kind not in APP | {BOOT} and any(
        _elsewhere(archives, held) for held in mine.values()
    ):
        result.unsure.add(index)
    left = _left(classes, mine)
    if left:
        result.left[index] = left
        result.unsure.add(index)


def _on_path(archives: Archives, mine: dict[int, list[int]]) -> dict[int, list[int]]:
    """What the application's own loader can have asked: its class path, and what agents opened.

    An archive that was only found lying about is none of these.
    """
    rows = enumerate(archives.known)
    asked = {n for n, one in rows if one.position is not None or one.descriptor is not None}
    return mine if len(asked) == len(archives.known) else _of(mine, asked)


def _appended(archives: Archives, mine: dict[int, list[int]]) -> dict[int, list[int]]:
    """What the boot loader can have asked: archives of agents, and what no class path has."""
    rows = enumerate(archives.known)
    return _of(mine, archives.agents | {n for n, one in rows if one.position is None})


def _of(mine: dict[int, list[int]], asked: Collection[int]) -> dict[int, list[int]]:
    cut = {name: [n for n in held if n in asked] for name, held in mine.items()}
    return {name: held for name, held in cut.items() if held}


def _elsewhere(archives: Archives, held: Sequence[int]) -> bool:
    """A loader of its own seldom reads what is on the class path: perhaps another file has it."""
    return all(
        archives.known[number].position is not None and number not in archives.nesting
        for number in held
    )


def _left(classes: Mapping[int, Klass], mine: Mapping[int, list[int]]) -> list[str]:
    """Names of classes in no archive, without those that were made at run time."""
    left = [klass.name for name, klass in classes.items() if name not in mine]
    if not left:
        return left
    return [
        name
        for name in left
        if not _GENERATED.fullmatch(name)
        and ("$" not in name or _hash(name.partition("$")[0]) not in mine)
    ]


def _hash(name: str) -> int:
    """As `Archives.hashes` has it: of the name in UTF-8."""
    return hash(name.encode(errors="replace"))
