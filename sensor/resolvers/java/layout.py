"""Where HotSpot keeps what the walk needs: offsets by what a build says of itself, not by version.

A number that a build does not tell is found by what must be true of it (`calibrate`), or is absent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from sensor.errors import Malformed

if TYPE_CHECKING:
    from sensor.model.finding import Plain
    from sensor.resolvers.java.structs import Field, Tables

TYPES = (
    "Abstract_VM_Version",
    "ClassLoaderData",
    "ClassLoaderDataGraph",
    "CompressedKlassPointers",
    "InstanceKlass",
    "Klass",
    "PerfMemory",
    "Symbol",
    "Universe",
    "oopDesc",
)
ALLOCATED, INITIALIZED = "InstanceKlass::allocated", "InstanceKlass::fully_initialized"
KLASS_SHIFT = "markWord::klass_shift"
CONSTANTS = (ALLOCATED, INITIALIZED, KLASS_SHIFT)
# Offsets beyond are no field of any of these structures: the largest is 400.
MAX_OFFSET = 4096
# JDK 8 does not tell _next_link; klass.hpp declares it after _next_sibling.
NEXT_LINK_AFTER = 8
# JDK 13 keeps the length of a Symbol above its reference count, in one word (symbol.hpp).
LENGTH_AFTER_COUNT = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in bytes; those named `*_at` are addresses less the load bias, 0 if there is none.

    `klasses` is -1 until it is calibrated. `hidden` is the flag of a ClassLoaderData that holds one
    hidden or anonymous class, -1 if this build has none. `shift` is how far a compact header
    (JEP 450) holds its class from the right, 0 before that. `handles` says that the class loader
    is held by a handle (JDK 9 and later), not directly.
    """

    graph_at: int
    cld_next: int
    cld_klasses: int
    cld_loader: int
    cld_hidden: int
    handles: bool
    klass_name: int
    klass_layout: int
    klass_super: int
    klass_next: int
    klass_cld: int
    klass_state: int
    allocated: int
    initialized: int
    symbol_length: int
    symbol_body: int
    oop_klass: int
    narrow_base_at: int
    narrow_shift_at: int
    shift: int
    perf_start_at: int
    release_at: int

    def plain(self) -> Plain:
        """A JSON object."""
        return cast("Plain", asdict(self))

    @classmethod
    def from_plain(cls, data: Any) -> Self:  # noqa: ANN401 - decoded JSON
        """The layout of a JSON object."""
        return cls(**data)


def layout_of(tables: Tables) -> Layout:
    """What the tables say. Raises Malformed when they lack what no walk can do without."""
    found = _Lookup(tables)
    return Layout(
        graph_at=found.address("ClassLoaderDataGraph._head"),
        cld_next=found.offset("ClassLoaderData._next"),
        cld_klasses=found.maybe("ClassLoaderData._klasses"),
        cld_loader=found.offset("ClassLoaderData._class_loader"),
        cld_hidden=found.maybe(
            "ClassLoaderData._has_class_mirror_holder",
            "ClassLoaderData._is_unsafe_anonymous",
            "ClassLoaderData._is_anonymous",
        ),
        handles=found.kind("ClassLoaderData._class_loader") == "OopHandle",
        klass_name=found.offset("Klass._name"),
        klass_layout=found.offset("Klass._layout_helper"),
        klass_super=found.offset("Klass._super"),
        klass_next=found.either("Klass._next_link", "Klass._next_sibling", NEXT_LINK_AFTER),
        klass_cld=found.offset("Klass._class_loader_data", "InstanceKlass._class_loader_data"),
        klass_state=found.offset("InstanceKlass._init_state"),
        allocated=tables.constants.get(ALLOCATED, -1),
        initialized=tables.constants.get(INITIALIZED, -1),
        symbol_length=found.either(
            "Symbol._length", "Symbol._length_and_refcount", LENGTH_AFTER_COUNT
        ),
        symbol_body=found.offset("Symbol._body"),
        oop_klass=found.offset("oopDesc._metadata._compressed_klass", "oopDesc._compressed_klass"),
        narrow_base_at=found.maybe_address(
            "CompressedKlassPointers._base",
            "CompressedKlassPointers._narrow_klass._base",
            "Universe._narrow_klass._base",
        ),
        narrow_shift_at=found.maybe_address(
            "CompressedKlassPointers._shift",
            "CompressedKlassPointers._narrow_klass._shift",
            "Universe._narrow_klass._shift",
        ),
        shift=tables.constants.get(KLASS_SHIFT, 0),
        perf_start_at=found.maybe_address("PerfMemory._start"),
        release_at=found.maybe_address("Abstract_VM_Version._s_vm_release"),
    )


class _Lookup:
    """Fields by "Type._field"; of several names the first that is there."""

    def __init__(self, tables: Tables) -> None:
        self._fields = {f"{owner}.{name}": field for (owner, name), field in tables.fields.items()}

    def offset(self, *names: str) -> int:
        found = self.maybe(*names)
        if found < 0:
            raise Malformed(f"HotSpot does not tell {names[0]}")
        return found

    def maybe(self, *names: str) -> int:
        """An offset, -1 when there is none."""
        for name in names:
            field = self._find(name, static=False)
            if field and field.value < MAX_OFFSET:
                return field.value
        return -1

    def either(self, name: str, neighbour: str, after: int) -> int:
        """An offset that is told, else one so many bytes after a neighbour's."""
        found = self.maybe(name)
        return found if found >= 0 else self.offset(neighbour) + after

    def kind(self, name: str) -> str:
        """The type of a field."""
        field = self._fields.get(name)
        return field.kind if field else ""

    def address(self, name: str) -> int:
        found = self.maybe_address(name)
        if found <= 0:
            raise Malformed(f"HotSpot does not tell {name}")
        return found

    def maybe_address(self, *names: str) -> int:
        """An address, 0 when there is none."""
        fields = (self._find(name, static=True) for name in names)
        return next((field.value for field in fields if field), 0)

    def _find(self, name: str, *, static: bool) -> Field | None:
        field = self._fields.get(name)
        return field if field and field.static == static else None
