"""How large the rows of the metadata tables are that stand before the one of assemblies. Data.

ECMA-335 6th edition, II.22 (the tables), II.24.2.6 (the #~ stream: sizes of indices and coded
indices). The pointer tables (3, 5, 7, 19, 22), which the standard leaves out and uncompressed
streams have, and the edit-and-continue ones (30, 31) are as the runtime's own source has them:
src/coreclr/md/inc/metamodelcolumndefs.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSEMBLY = 32
# Coded indices: which tables, and how many bits say which one.
_CODED = {
    "TypeDefOrRef": ((2, 1, 27), 2),
    "HasConstant": ((4, 8, 23), 2),
    "HasCustomAttribute": (
        (*(6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20), *(17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43)),
        5,
    ),
    "HasFieldMarshal": ((4, 8), 1),
    "HasDeclSecurity": ((2, 6, 32), 2),
    "MemberRefParent": ((2, 1, 26, 6, 27), 3),
    "HasSemantics": ((20, 23), 1),
    "MethodDefOrRef": ((6, 10), 1),
    "MemberForwarded": ((4, 6), 1),
    "CustomAttributeType": ((6, 10), 3),
    "ResolutionScope": ((0, 26, 35, 1), 2),
}
# Columns of each table: a number is that many bytes; "s", "g", "b" an index into the heap of
# strings, GUIDs, blobs; "t4" an index into table 4; else a coded index.
_COLUMNS = {
    0: (2, "s", "g", "g", "g"),  # Module
    1: ("ResolutionScope", "s", "s"),  # TypeRef
    2: (4, "s", "s", "TypeDefOrRef", "t4", "t6"),  # TypeDef
    3: ("t4",),  # FieldPtr
    4: (2, "s", "b"),  # Field
    5: ("t6",),  # MethodPtr
    6: (4, 2, 2, "s", "b", "t8"),  # MethodDef
    7: ("t8",),  # ParamPtr
    8: (2, 2, "s"),  # Param
    9: ("t2", "TypeDefOrRef"),  # InterfaceImpl
    10: ("MemberRefParent", "s", "b"),  # MemberRef
    11: (2, "HasConstant", "b"),  # Constant
    12: ("HasCustomAttribute", "CustomAttributeType", "b"),  # CustomAttribute
    13: ("HasFieldMarshal", "b"),  # FieldMarshal
    14: (2, "HasDeclSecurity", "b"),  # DeclSecurity
    15: (2, 4, "t2"),  # ClassLayout
    16: (4, "t4"),  # FieldLayout
    17: ("b",),  # StandAloneSig
    18: ("t2", "t20"),  # EventMap
    19: ("t20",),  # EventPtr
    20: (2, "s", "TypeDefOrRef"),  # Event
    21: ("t2", "t23"),  # PropertyMap
    22: ("t23",),  # PropertyPtr
    23: (2, "s", "b"),  # Property
    24: (2, "t6", "HasSemantics"),  # MethodSemantics
    25: ("t2", "MethodDefOrRef", "MethodDefOrRef"),  # MethodImpl
    26: ("s",),  # ModuleRef
    27: ("b",),  # TypeSpec
    28: (2, "MemberForwarded", "s", "t26"),  # ImplMap
    29: (4, "t4"),  # FieldRVA
    30: (4, 4),  # ENCLog
    31: (4,),  # ENCMap
}
# II.22.2: hash algorithm, four numbers of the version, flags, then these.
ASSEMBLY_FIXED = 16
ASSEMBLY_COLUMNS = ("b", "s", "s")
_SMALL = 1 << 16


class Sizes:
    """The sizes for one file: `rows` by number of the table, and the bits of HeapSizes."""

    def __init__(self, rows: Mapping[int, int], heaps: int) -> None:
        """Work them out when asked."""
        self._rows = rows
        self._heaps = {"s": 4 if heaps & 1 else 2, "g": 4 if heaps & 2 else 2}
        self._heaps["b"] = 4 if heaps & 4 else 2

    def heap(self, name: str) -> int:
        """Bytes of an index into the heap "s", "g" or "b"."""
        return self._heaps[name]

    def before_assembly(self) -> int:
        """Bytes of all tables that stand before the table of assemblies."""
        return sum(
            count * sum(map(self._column, _COLUMNS[table]))
            for table, count in self._rows.items()
            if table < ASSEMBLY
        )

    def _column(self, column: int | str) -> int:
        if isinstance(column, int):
            return column
        if column in self._heaps:
            return self._heaps[column]
        if column in _CODED:
            tables, bits = _CODED[column]
            return self._index(max(self._rows.get(table, 0) for table in tables), bits)
        return self._index(self._rows.get(int(column[1:]), 0), 0)

    @staticmethod
    def _index(rows: int, bits: int) -> int:
        return 2 if rows < _SMALL >> bits else 4
