"""What an object file asks for: programs, maps and settings, as plain data. Touches no kernel.

Conventions are those of libbpf: a program is a function in a section `raw_tp/NAME`; maps are
variables in `.maps` whose BTF type says their form; settings are constants in `.rodata`; relocation
records for the kernel's types are in `.BTF.ext`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probes.bpf import btf, btfext, elf
from probes.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probes.bpf.btfext import TypeRecord

RAW_TRACEPOINT = "raw_tp/"
MAPS, RODATA, LICENSE, TYPES, RECORDS = ".maps", ".rodata", "license", ".BTF", ".BTF.ext"
_INSTRUCTION_BYTES = 8
_SETTING_BYTES = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """The two instructions at `offset` load a map, or with `value` an address inside its value."""

    offset: int
    map: str
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """One program: the raw tracepoint that it is for, its code, and what is to be filled in."""

    name: str
    tracepoint: str
    code: bytes
    references: tuple[Reference, ...]
    records: tuple[TypeRecord, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """One map: its BPF_MAP_TYPE_… `kind`, bytes of a key and of a value, entries, flags."""

    name: str
    kind: int
    key: int
    value: int
    entries: int
    flags: int


@dataclass(frozen=True, slots=True)
class Spec:
    """All of an object. `settings` tells where each 32-bit setting is in `rodata`."""

    license: bytes
    programs: tuple[Program, ...]
    maps: tuple[Map, ...]
    rodata: bytes
    settings: Mapping[str, int]


def read(data: bytes) -> tuple[Spec, btf.Btf]:
    """Return what the object asks for, and the types that its records speak of.

    Raises Malformed.
    """
    file = elf.Elf(data)
    types = btf.Btf(file.section(TYPES).data)
    records = btfext.read(file.section(RECORDS).data, types)
    settings = {symbol.name: symbol.offset for symbol in _variables(file, RODATA)}
    spec = Spec(
        license=file.section(LICENSE).data.rstrip(b"\0"),
        programs=tuple(_programs(file, records)),
        maps=tuple(_map(symbol.name, types) for symbol in _variables(file, MAPS)),
        rodata=file.section(RODATA).data,
        settings=settings,
    )
    _require_inside(spec)
    return spec, types


def with_settings(spec: Spec, values: Mapping[str, int]) -> Spec:
    """Return the same with these settings. Raises KeyError for one that the object has not got."""
    rodata = bytearray(spec.rodata)
    for name, value in values.items():
        struct.pack_into("<I", rodata, spec.settings[name], value)
    return replace(spec, rodata=bytes(rodata))


def with_entries(spec: Spec, name: str, entries: int) -> Spec:
    """Return the same with another size of one map."""
    maps = (replace(each, entries=entries) if each.name == name else each for each in spec.maps)
    return replace(spec, maps=tuple(maps))


def _require_inside(spec: Spec) -> None:
    """Whatever is filled in later has its place, and each map that code refers to is there."""
    maps = {each.name for each in spec.maps} | {RODATA}
    ends = [place + _SETTING_BYTES for place in spec.settings.values()]
    if ends and max(ends) > len(spec.rodata):
        raise Malformed("a setting of the BPF object is in none of its sections")
    for program in spec.programs:
        for each in program.references:
            if each.map not in maps or each.offset + 2 * _INSTRUCTION_BYTES > len(program.code):
                raise Malformed(f"{program.name} refers to {each.map}, which is not there")


def _variables(file: elf.Elf, section: str) -> list[elf.Symbol]:
    number = file.sections.index(file.section(section))
    found = [each for each in file.symbols if each.section == number]
    return sorted(
        (each for each in found if each.kind == elf.STT_OBJECT), key=lambda symbol: symbol.offset
    )


def _programs(file: elf.Elf, records: Mapping[str, list[TypeRecord]]) -> list[Program]:
    found = []
    for symbol in file.symbols:
        if symbol.kind != elf.STT_FUNC or symbol.section >= len(file.sections):
            continue
        section = file.sections[symbol.section]
        if not section.name.startswith(RAW_TRACEPOINT):
            raise Malformed(f"{symbol.name} is in {section.name}: no program of ours")
        found.append(_program(file, symbol, section, records.get(section.name, [])))
    return found


def _program(
    file: elf.Elf, symbol: elf.Symbol, section: elf.Section, records: list[TypeRecord]
) -> Program:
    begin, end = symbol.offset, symbol.offset + symbol.size
    code = section.data[begin:end]
    if len(code) != symbol.size or symbol.size % _INSTRUCTION_BYTES:
        raise Malformed(f"{symbol.name} is cut")
    return Program(
        name=symbol.name,
        tracepoint=section.name.removeprefix(RAW_TRACEPOINT),
        code=code,
        references=tuple(
            _reference(file, each, section.data, begin)
            for each in file.relocations(symbol.section)
            if begin <= each.offset < end
        ),
        records=tuple(
            replace(each, offset=each.offset - begin)
            for each in records
            if begin <= each.offset < end
        ),
    )


def _reference(file: elf.Elf, wanted: elf.Relocation, code: bytes, begin: int) -> Reference:
    symbol = wanted.symbol
    if symbol.section >= len(file.sections):
        raise Malformed(f"code refers to {symbol.name}, which is in no section")
    section = file.sections[symbol.section].name
    offset = wanted.offset - begin
    if section == MAPS:
        return Reference(offset, symbol.name)
    if section == RODATA:
        # The addend stands in the code: the immediate of the first instruction.
        (addend,) = struct.unpack_from("<i", code, wanted.offset + 4)
        return Reference(offset, RODATA, symbol.offset + addend)
    raise Malformed(f"code refers to {symbol.name} in {section}")


def _map(name: str, types: btf.Btf) -> Map:
    """The form of a map: each member of its type is a pointer, to a type or to an array [value]."""
    variables = types.find(name, (btf.VAR,))
    if not variables:
        raise Malformed(f"no type of map {name}")
    members = types.members(types.plain(types.target(variables[0])))
    wanted = {member.name: types.target(types.plain(member.type)) for member in members}

    def number(part: str) -> int:
        return types.array(wanted[part])[1] if part in wanted else 0

    def size(part: str) -> int:
        return types.size(wanted[part]) if part in wanted else 0

    form = number("type"), size("key"), size("value"), number("max_entries"), number("map_flags")
    return Map(name, *form)
