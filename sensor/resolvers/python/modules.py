"""The words between the two halves of this resolver: what memory says was imported.

`walk` fills them from a process; `distributions` turns them into packages. Plain data, no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sensor.model.finding import Plain


class Module(NamedTuple):
    """One entry of sys.modules, as the process itself says it: nothing of it is to be trusted.

    `name` is the key in sys.modules. `file` is the module's `__file__`: None for built-in and
    frozen modules and for namespace packages. `version` is the `__version__` of a top-level module
    outside the standard library, when that is a str.
    """

    name: str
    file: str | None = None
    version: str | None = None

    def plain(self) -> Plain:
        """A JSON array, short where most have no version."""
        return [self.name, self.file] if self.version is None else [*self]

    @classmethod
    def from_plain(cls, data: Any) -> Module:  # noqa: ANN401 - decoded JSON
        """The module of a JSON array made by `plain`."""
        return cls(*data)


class Imported(NamedTuple):
    """All that one process has imported, over all its interpreters, in the order of import.

    `version` is the interpreter's own ("3.11.7"), None when it could not be read. `stdlib` is the
    directory (or zip file) of its standard library, None when no module tells it. `frozen` says
    that a freezer (PyInstaller and its like) made this program: then files are names only.
    `paths` is `sys.path` where it could be read: it finds editable installs of which only the
    project's own modules are loaded.
    """

    modules: tuple[Module, ...]
    version: str | None
    stdlib: str | None
    frozen: bool = False
    paths: tuple[str, ...] = ()

    def plain(self) -> Plain:
        """A JSON array."""
        return [[module.plain() for module in self.modules], *self[1:4], list(self.paths)]

    @classmethod
    def from_plain(cls, data: Any) -> Imported:  # noqa: ANN401 - decoded JSON
        """What `plain` was made of."""
        modules, version, stdlib, frozen, paths = data
        rows = tuple(Module.from_plain(row) for row in modules)
        return cls(rows, version, stdlib, frozen, tuple(paths))
