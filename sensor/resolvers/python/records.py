"""Read many module objects at once: `__file__` and `__version__` out of their dicts.

importlib writes `__file__` among the first items of a module's dict; extension modules of the old
kind get it late. Names of attributes are interned strs, so that after a few modules they are known
by their address and need not be read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.python.modules import Module

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.resolvers.python.interpreters import SysModules
    from sensor.resolvers.python.memory import Memory, Table

FILE, VERSION = "__file__", "__version__"
WANTED = {FILE, VERSION}
# importlib sets six to eight attributes before any code of the module runs.
FIRST = 12
# Items of one module that are looked through for a late attribute; socket and errno have some 500.
LAST = 4096
# sys.path has some ten entries; editable installs and eggs add one each.
MAX_LIST = 1024
# Modules that every interpreter imports at start, and how many parts of their path are their own.
STDLIB_MODULES = (("os", 1), ("io", 1), ("encodings", 2))
# Directories of other people's modules, below that of the standard library.
SITE_PARTS = ("/site-packages/", "/dist-packages/")

Pair = tuple[str, int]


class Types(NamedTuple):
    """The addresses of the types that values must have, as this process shows them."""

    dict: int
    str: int


class Records(NamedTuple):
    """What was read, and the names of modules of which something was not.

    `opaque` names hold something else than a module object; of `unreadable` ones an attribute is
    absent, changing all the time, or nothing that can be reported: they are given without a file.
    """

    modules: list[Module]
    opaque: Sequence[str] = ()
    unreadable: Sequence[str] = ()


def types_of(memory: Memory, found: SysModules) -> Types | None:
    """Learn the types from sys.modules itself and from sys.version; None when it is not there."""
    text = memory.types([found.sys.get("version", 0)])[0]
    return Types(found.table.head.type, text) if text else None


def list_of_texts(memory: Memory, address: int) -> tuple[str, ...]:
    """The strs in a list object; other items are left out.

    PyListObject: ob_size, then ob_item, a pointer to the items (Include/cpython/listobject.h).
    """
    header = memory.layout.header
    size, items = memory.words((address + header, address + header + 8))
    if not size or not items or size > MAX_LIST:
        return ()
    found = [word for word in memory.words(items + 8 * i for i in range(size)) if word]
    texts = memory.texts(found)
    return tuple(text for word in found if (text := texts[word]) is not None)


def stdlib_of(files: dict[str, str]) -> str | None:
    """The directory of the standard library, by the files of modules that are always imported."""
    for name, depth in STDLIB_MODULES:
        file = files.get(name)
        if file is not None:
            return file.rsplit("/", depth)[0]
    return None


class Reader:
    """Reads module objects of one interpreter."""

    def __init__(self, memory: Memory, types: Types) -> None:
        """Know no attribute names yet."""
        self._memory = memory
        self._types = types
        self._names: dict[int, str] = {}
        self._lost: set[str] = set()

    def read(self, pairs: Sequence[Pair], stdlib: str | None) -> Records:
        """Read the modules of these (name, address of the object); None objects are left out.

        `stdlib` is the directory whose modules' versions are not wanted, once it is known. What
        could not be read, or was torn, is read a second time.
        """
        first = self._read(pairs, stdlib)
        if not first.unreadable:
            return first
        doubtful = [pair for pair in pairs if pair[0] in first.unreadable]
        again = Reader(self._memory.renewed(), self._types)._read(doubtful, stdlib)  # noqa: SLF001
        better = {module.name: module for module in again.modules}
        modules = [better.get(module.name, module) for module in first.modules]
        return Records(modules, first.opaque, again.unreadable)

    def _read(self, pairs: Sequence[Pair], stdlib: str | None) -> Records:
        self._lost = set()
        tables = self._contents(pairs)
        values = self._first(tables)
        self._late(FILE, tables, values, [name for name in tables if FILE not in values[name]])
        files = self._texts(FILE, values, tables)
        outside = _outside(files, tables, stdlib or stdlib_of(files))
        self._late(VERSION, tables, values, [n for n in outside if VERSION not in values[n]])
        versions = self._texts(VERSION, values, outside)
        unreadable = self._lost | self._torn(tables)
        strange = self._not_none([pair for pair in pairs if pair[0] not in tables])
        modules = [
            Module(n) if n in unreadable else Module(n, files.get(n), versions.get(n))
            for n, _ in pairs
            if n in tables or n in strange
        ]
        return Records(modules, sorted(strange), sorted(unreadable))

    def _contents(self, pairs: Sequence[Pair]) -> dict[str, Table]:
        """The dict of each object that is a module (or has a dict where a module has it)."""
        header = self._memory.layout.header
        words = self._memory.words(address + header for _, address in pairs)
        tables = self._memory.tables([word or 0 for word in words])
        named = zip(pairs, tables, strict=True)
        self._lost |= {name for (name, _), table in named if table and table.resizing}
        return {
            name: table
            for (name, _), table in zip(pairs, tables, strict=True)
            if table and table.head.type == self._types.dict
        }

    def _first(self, tables: dict[str, Table]) -> dict[str, dict[str, int]]:
        """The wanted attributes among the first items of each dict: value addresses by name."""
        parts = [(table, 0, min(table.keys.filled, FIRST)) for table in tables.values()]
        items = self._entries(tables, parts)
        self._learn(key for item in items if not self._has_file(item) for key, _ in item)
        return {name: self._wanted(item) for name, item in zip(tables, items, strict=True)}

    def _has_file(self, items: Iterable[tuple[int, int]]) -> bool:
        return any(self._names.get(key) == FILE for key, _ in items)

    def _learn(self, keys: Iterable[int]) -> None:
        """Read the names of attributes, and keep the addresses of those that are wanted."""
        new = dict.fromkeys(keys)
        texts = self._memory.texts(new)
        self._names |= {key: text for key in new if (text := texts[key]) and text in WANTED}

    def _wanted(self, items: Iterable[tuple[int, int]]) -> dict[str, int]:
        names = self._names
        return {names[key]: value for key, value in items if value and key in names}

    def _late(
        self,
        wanted: str,
        tables: dict[str, Table],
        values: dict[str, dict[str, int]],
        names: Sequence[str],
    ) -> None:
        """Look for an attribute behind the first items of these modules."""
        longer = [name for name in names if tables[name].keys.filled > FIRST]
        parts = [(tables[n], FIRST, min(tables[n].keys.filled, LAST)) for n in longer]
        for name, items in zip(longer, self._entries(longer, parts), strict=True):
            if wanted not in self._names.values():
                self._learn(key for key, _ in items)
            found = self._wanted(items)
            if wanted in found:
                values[name][wanted] = found[wanted]

    def _entries(
        self, names: Iterable[str], parts: Sequence[tuple[Table, int, int]]
    ) -> list[list[tuple[int, int]]]:
        """Entries of the dicts of these modules; modules of which they are absent are lost."""
        items = self._memory.entries(parts)
        self._lost |= {name for name, item in zip(names, items, strict=True) if item is None}
        return [item or [] for item in items]

    def _texts(
        self, attribute: str, values: dict[str, dict[str, int]], names: Iterable[str]
    ) -> dict[str, str]:
        """The attribute of each module that has it as a str; other types are no answer."""
        found = {name: values[name][attribute] for name in names if attribute in values[name]}
        kinds = self._memory.types(found.values())
        strs = {
            n: v for (n, v), k in zip(found.items(), kinds, strict=True) if k == self._types.str
        }
        texts = self._memory.texts(strs.values())
        self._lost |= {name for name, value in strs.items() if texts[value] is None}
        self._lost |= {name for name, kind in zip(found, kinds, strict=True) if kind is None}
        return {name: text for name, value in strs.items() if (text := texts[value]) is not None}

    def _torn(self, tables: dict[str, Table]) -> set[str]:
        """Names of the modules whose dicts were replaced while they were read."""
        same = self._memory.unchanged(list(tables.values()))
        return {name for name, equal in zip(tables, same, strict=True) if not equal}

    def _not_none(self, pairs: Sequence[Pair]) -> set[str]:
        """Of objects that are no modules, the names of those that are not None.

        None in sys.modules blocks an import: nothing of that name is loaded.
        """
        kinds = self._memory.types(address for _, address in pairs)
        names = {kind: self._memory.type_name(kind) for kind in set(kinds) if kind}
        return {
            name
            for (name, _), kind in zip(pairs, kinds, strict=True)
            if kind is None or names.get(kind) != "NoneType"
        }


def _outside(files: dict[str, str], names: Iterable[str], stdlib: str | None) -> list[str]:
    """Top-level modules with a file that is not of the standard library: they have versions."""
    return [
        name
        for name in names
        if "." not in name and name in files and not _is_stdlib(files[name], stdlib)
    ]


def _is_stdlib(file: str, stdlib: str | None) -> bool:
    if stdlib is None or not file.startswith(stdlib + "/"):
        return False
    return not any(part in file[len(stdlib) :] for part in SITE_PARTS)
