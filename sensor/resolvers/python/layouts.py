"""Where CPython keeps things, by version: data only. `objects` decodes by it, `runtime` uses it.

All layouts are those of 64-bit little-endian builds without Py_TRACE_REFS. Sources: the headers of
the named CPython release; every number was also checked against running interpreters (see
CAPABILITIES.md for which).
"""

from __future__ import annotations

from typing import NamedTuple


class Layout(NamedTuple):
    """How objects lie in memory. Offsets are in bytes from the start of the object.

    `header` is sizeof(PyObject), its last word is ob_type (Include/object.h). `new_keys` tells the
    PyDictKeysObject of 3.11 and later (Include/internal/pycore_dict.h) from the older one
    (Objects/dict-common.h). `ascii` and `compact` are sizeof(PyASCIIObject) and of
    PyCompactUnicodeObject, behind which the characters stand; `kind_shift` is the bit of `kind` in
    the state word (Include/cpython/unicodeobject.h).
    """

    name: str
    header: int
    new_keys: bool
    ascii: int
    compact: int
    kind_shift: int


# 3.6 - 3.10: PyASCIIObject ends with wstr, PyCompactUnicodeObject with wstr_length.
OLD = Layout("3.6", header=16, new_keys=False, ascii=48, compact=72, kind_shift=2)
# 3.11: dict keys know the sizes of index and entries; str still has wstr.
KEYS = Layout("3.11", header=16, new_keys=True, ascii=48, compact=72, kind_shift=2)
# 3.12 and later: wstr is gone (PEP 623).
SHORT = Layout("3.12", header=16, new_keys=True, ascii=40, compact=56, kind_shift=2)
# Free-threaded (PEP 703): PyObject has thread id, flags, mutex and two counts before ob_type.
FREE = Layout("3.13t", header=32, new_keys=True, ascii=56, compact=72, kind_shift=2)
# Free-threaded since 3.14: `interned` is a byte of its own before the bit field.
FREE_BYTE = Layout("3.14t", header=32, new_keys=True, ascii=56, compact=72, kind_shift=8)

LAYOUTS = {layout.name: layout for layout in (OLD, KEYS, SHORT, FREE, FREE_BYTE)}


class Row(NamedTuple):
    """Offsets of one minor version that has no _Py_DebugOffsets.

    `head` is that of interpreters.head in _PyRuntime (Include/internal/pycore_runtime.h), None in
    3.6, where it is the static variable interp_head of Python/pystate.c. `modules` and `next` are
    those in PyInterpreterState (Include/pystate.h, later Include/internal/pycore_interp.h).
    `threads` says that the second word of PyInterpreterState is tstate_head, a pointer.
    """

    minor: int
    head: int | None
    modules: int
    next: int
    threads: bool
    layout: Layout


ROWS = (
    Row(6, None, modules=16, next=0, threads=True, layout=OLD),
    Row(7, 24, modules=40, next=0, threads=True, layout=OLD),
    Row(8, 32, modules=56, next=0, threads=True, layout=OLD),
    Row(9, 32, modules=856, next=0, threads=True, layout=OLD),
    Row(10, 32, modules=856, next=0, threads=True, layout=OLD),
    Row(11, 40, modules=888, next=0, threads=False, layout=KEYS),
    Row(12, 40, modules=944, next=0, threads=False, layout=SHORT),
)

# 3.13 and later begin _PyRuntime with _Py_DebugOffsets (Include/internal/pycore_debug_offsets.h;
# in 3.13 pycore_runtime.h): this cookie, then 8-byte words. The words used here, by their offset:
COOKIE = b"xdebugpy"
DEBUG_SIZE = 104
DEBUG_VERSION, DEBUG_FREE_THREADED, DEBUG_RUNTIME_SIZE, DEBUG_HEAD, DEBUG_NEXT = 8, 16, 24, 40, 64
# interpreter_state.imports_modules: 3.14 put threads_main before it. The struct is not append-only,
# so a later minor version may differ; what is read by it is validated.
DEBUG_MODULES = {13: 88}
DEBUG_MODULES_LATER = 96
FIRST_DEBUG_MINOR = 13
