"""Makes programs fit the running kernel: "compile once, run everywhere", done here and not by it.

A record says which property of which type an instruction depends on (enum bpf_core_relo_kind in
include/uapi/linux/bpf.h, where what a path means is written too); we find the type of the same name
in the kernel's BTF and put the value into the instruction. What the kernel has not got becomes a
call that the verifier refuses if it can ever be reached, as libbpf does it, so that a program may
ask first whether a field exists. Only the kinds that our programs use; no bit fields.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from probes.bpf import btf
from probes.errors import KernelLacks, Malformed

if TYPE_CHECKING:
    from probes.bpf.btf import Btf
    from probes.bpf.btfext import TypeRecord
    from probes.bpf.spec import Program, Spec

# enum bpf_core_relo_kind
FIELD_BYTE_OFFSET, FIELD_EXISTS = 0, 2
TYPE_SIZE, ENUMVAL_VALUE = 9, 11
# `call` of a helper that no kernel has; the number is libbpf's, so that a log can be searched for.
_BAD_CALL = struct.pack("<BBhi", 0x85, 0, 0, 0xBAD2310)
_LOAD_IMM64 = 0x18
# enum bpf_insn classes: arithmetic on immediates, 32 and 64 bits wide.
_ARITHMETIC = (0x04, 0x07)
_CLASS_BITS = 0x07
# What a program reads as one number: it must be as wide in the kernel as in our headers.
_SCALARS = (btf.INT, btf.PTR, btf.ENUM)
_FLAVOUR = "___"

_Found = tuple[int, int]
_Item = TypeVar("_Item")


def wanted(spec: Spec, types: Btf) -> frozenset[str]:
    """Return the names of the kernel's types that the programs depend on."""
    numbers = {record.type for program in spec.programs for record in program.records}
    return frozenset(_name(types, number) for number in numbers)


def relocate(spec: Spec, types: Btf, kernel: Btf) -> Spec:
    """Return the same with code for this kernel, and no records any more.

    `types` are the object's own. Raises KernelLacks when a field is there and of another width, and
    Malformed for a record of an unknown kind.
    """
    values: dict[tuple[int, str, int], int | None] = {}
    for record in (record for program in spec.programs for record in program.records):
        key = record.type, record.access, record.kind
        if key not in values:
            values[key] = _value(record, types, kernel)
    programs = tuple(_patched(program, values) for program in spec.programs)
    return replace(spec, programs=programs)


def _patched(program: Program, values: dict[tuple[int, str, int], int | None]) -> Program:
    code = bytearray(program.code)
    for record in program.records:
        _patch(code, record.offset, values[record.type, record.access, record.kind])
    return replace(program, code=bytes(code), records=())


def _patch(code: bytearray, offset: int, value: int | None) -> None:
    if not 0 <= offset <= len(code) - len(_BAD_CALL):
        raise Malformed(f"a type record for offset {offset}, beyond the code")
    wide = code[offset] == _LOAD_IMM64
    if value is not None and value >> (64 if wide else 31):
        raise Malformed(f"a type record whose value is {value}")
    if value is None:
        for place in (offset, offset + 8)[: 1 + wide]:
            code[place : place + 8] = _BAD_CALL
    elif wide:
        struct.pack_into("<I", code, offset + 4, value & 0xFFFFFFFF)
        struct.pack_into("<I", code, offset + 12, value >> 32)
    elif code[offset] & _CLASS_BITS in _ARITHMETIC:
        struct.pack_into("<i", code, offset + 4, value)
    else:
        raise Malformed(f"a type record for an instruction {code[offset]:#x}")


def _value(record: TypeRecord, types: Btf, kernel: Btf) -> int | None:
    """What the kernel says; None when it has no such thing."""
    found = kernel.find(_name(types, record.type), _kinds(types.kind(types.plain(record.type))))
    if record.kind == TYPE_SIZE:
        return kernel.size(found[0]) if found else None
    if record.kind == ENUMVAL_VALUE:
        return _enumerator(record, types, kernel, found)
    if record.kind not in {FIELD_BYTE_OFFSET, FIELD_EXISTS}:
        raise Malformed(f"a type record of unknown kind {record.kind}")
    field = _field(record, types, kernel, found)
    if record.kind == FIELD_EXISTS:
        return int(field is not None)
    return None if field is None else field[0]


def _kinds(kind: int) -> tuple[int, ...]:
    return (btf.ENUM, btf.ENUM64) if kind in {btf.ENUM, btf.ENUM64} else (kind,)


def _name(types: Btf, number: int) -> str:
    return types.name(types.plain(number)).split(_FLAVOUR, 1)[0]


def _enumerator(record: TypeRecord, types: Btf, kernel: Btf, found: list[int]) -> int | None:
    names = list(types.enumerators(types.plain(record.type)))
    name = _nth(names, _steps(record)[0], record)
    values = (kernel.enumerators(number).get(name) for number in found)
    return next((value for value in values if value is not None), None)


def _field(record: TypeRecord, types: Btf, kernel: Btf, found: list[int]) -> _Found | None:
    """The byte offset and the type of a field in the first of the kernel's types that has it."""
    path, local = _path(record, types)
    for number in found:
        field = _follow(kernel, number, path)
        if field is not None:
            _require_width(record, path, types.plain(local), types, kernel.size(field[1]))
            return field
    return None


def _require_width(
    record: TypeRecord, path: list[str | int], local: int, types: Btf, width: int
) -> None:
    if types.kind(local) in _SCALARS and types.size(local) != width:
        where = ".".join(str(step) for step in (_name(types, record.type), *path))
        raise KernelLacks(f"{where} has {width} bytes in this kernel, not {types.size(local)}")


def _steps(record: TypeRecord) -> list[int]:
    try:
        return [int(step) for step in record.access.split(":")]
    except ValueError as error:
        raise Malformed(f"a type record with the path {record.access!r}") from error


def _nth(items: list[_Item], index: int, record: TypeRecord) -> _Item:
    if not 0 <= index < len(items):
        raise Malformed(f"a type record with the path {record.access!r}, which leads nowhere")
    return items[index]


def _path(record: TypeRecord, types: Btf) -> tuple[list[str | int], int]:
    """The path into a type of ours as names and indices, and the type where it ends."""
    first, *steps = _steps(record)
    if first:
        raise Malformed(f"a type record with an index before the type: {record.access!r}")
    path: list[str | int] = []
    number = types.plain(record.type)
    for step in steps:
        if types.kind(number) == btf.ARRAY:
            path.append(step)
            number = types.plain(types.array(number)[0])
        else:
            member = _nth(types.members(number), step, record)
            path.append(member.name)
            number = types.plain(member.type)
    return path, number


def _follow(kernel: Btf, number: int, path: list[str | int]) -> _Found | None:
    bits = 0
    for step in path:
        number = kernel.plain(number)
        if isinstance(step, int):
            if kernel.kind(number) != btf.ARRAY:
                return None
            number = kernel.array(number)[0]
            bits += step * kernel.size(number) * 8
        else:
            field = _member(kernel, number, step)
            if field is None:
                return None
            bits, number = bits + field[0], field[1]
    return bits // 8, number


def _member(kernel: Btf, number: int, name: str, depth: int = 0) -> _Found | None:
    """The bit offset and type of a member; newer kernels put some into anonymous unions."""
    if kernel.kind(number) not in {btf.STRUCT, btf.UNION} or depth > btf.MAX_DEPTH:
        return None
    for member in kernel.members(number):
        if member.name == name:
            return member.offset, member.type
        if not member.name:
            inner = _member(kernel, kernel.plain(member.type), name, depth + 1)
            if inner is not None:
                return member.offset + inner[0], inner[1]
    return None
