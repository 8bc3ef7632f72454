"""Programs made to fit other kernels: by the object's own types, and by types the test makes up."""

from __future__ import annotations

import struct

import pytest

from ebpf_prebuilt import OBJECT
from probes.bpf import core, spec
from probes.bpf.btfext import TypeRecord
from probes.errors import KernelLacks, Malformed
from tests.unit.probes.types import Types

BAD_CALL = b"\x85\0\0\0\x10\x23\xad\x0b"
MOVE = b"\xb7\x01\0\0"


def program(code: bytes, *records: TypeRecord) -> spec.Spec:
    one = spec.Program("one", "none", code, (), records)
    return spec.Spec(b"GPL", (one,), (), b"", {})


def fit(ours: Types, kernel: Types, record: TypeRecord, code: bytes = MOVE + bytes(4)) -> bytes:
    fitted = core.relocate(program(code, record), ours.btf(), kernel.btf())
    assert fitted.programs[0].records == ()
    return fitted.programs[0].code


def value(code: bytes) -> int:
    return int(struct.unpack_from("<i", code, 4)[0])


@pytest.fixture
def ours() -> Types:
    """Type 4 is the struct of the tests, 5 the enum, 6 a second shape of the struct."""
    types = Types()
    number = types.integer("int", 4)
    inner = types.struct("inner", 8, wanted=(number, 4))
    rows = types.array(inner, 4)
    types.struct("thing", 48, first=(number, 0), inside=(inner, 8), rows=(rows, 16))
    types.enum("kind", some=3, other=4)
    types.struct("thing___newer", 4, renamed=(number, 0))
    return types


@pytest.fixture
def kernel() -> Types:
    """The same names at other places: one inside an anonymous union, an enum with more in it."""
    types = Types()
    pad = types.integer("long", 8)
    number = types.integer("int", 4)
    inner = types.struct("inner", 24, pad=(pad, 0), wanted=(types.typedef("s32", number), 16))
    union = types.union("", 24, other=(pad, 0), inside=(inner, 0))
    rows = types.array(inner, 4)
    types.struct("thing", 200, pad=(pad, 0), first=(number, 60), _=(union, 64), rows=(rows, 100))
    types.enum("kind", none=0, one=1, some=7)
    return types


def test_the_object_by_its_own_types_stays_as_clang_made_it() -> None:
    read, types = spec.read(OBJECT.read_bytes())
    fitted = core.relocate(read, types, types)
    for before, after in zip(read.programs, fitted.programs, strict=True):
        # The one record that its own types answer otherwise: they have the parent under its old
        # name, so what reads it under the new one is unreachable, and marked so.
        asks = [each.offset for each in before.records if each.kind == core.FIELD_EXISTS]
        bad = [place for place in range(0, len(after.code), 8) if at(after.code, place) == BAD_CALL]
        differ = {
            place
            for place in range(0, len(after.code), 8)
            if at(before.code, place) != at(after.code, place)
        }
        assert differ == {*asks, *bad}
        assert bool(bad) == bool(asks)


def at(code: bytes, place: int) -> bytes:
    return code[place : place + 8]


@pytest.mark.parametrize(
    ("access", "expected"),
    [("0:0", 60), ("0:1", 64), ("0:1:0", 80), ("0:2", 100), ("0:2:3", 172), ("0:2:3:0", 188)],
)
def test_offsets_are_those_of_the_kernel(
    ours: Types, kernel: Types, access: str, expected: int
) -> None:
    record = TypeRecord(0, 4, access, core.FIELD_BYTE_OFFSET)
    assert value(fit(ours, kernel, record)) == expected


def test_sizes_and_numbers_are_those_of_the_kernel(ours: Types, kernel: Types) -> None:
    assert value(fit(ours, kernel, TypeRecord(0, 4, "0", core.TYPE_SIZE))) == 200
    wide = b"\x18\x01" + bytes(14)
    code = fit(ours, kernel, TypeRecord(0, 5, "0", core.ENUMVAL_VALUE), wide)
    assert (value(code), code[12:16]) == (7, bytes(4))


def test_what_the_kernel_has_not_got_can_be_asked_and_must_not_be_reached(
    ours: Types, kernel: Types
) -> None:
    def fitted(kind: int, number: int, access: str, code: bytes = MOVE + bytes(4)) -> bytes:
        return fit(ours, kernel, TypeRecord(0, number, access, kind), code)

    assert value(fitted(core.FIELD_EXISTS, 4, "0:0")) == 1
    assert value(fitted(core.FIELD_EXISTS, 6, "0:0")) == 0
    assert fitted(core.FIELD_BYTE_OFFSET, 6, "0:0") == BAD_CALL
    wide = b"\x18\x01" + bytes(14)
    assert fitted(core.ENUMVAL_VALUE, 5, "1", wide) == BAD_CALL * 2


def test_a_type_that_the_kernel_has_not_got(ours: Types) -> None:
    empty = Types()
    empty.integer("int", 4)
    for kind in (core.FIELD_BYTE_OFFSET, core.TYPE_SIZE):
        assert fit(ours, empty, TypeRecord(0, 4, "0:0", kind)) == BAD_CALL


def test_a_field_of_another_width_is_refused_by_name(ours: Types) -> None:
    kernel = Types()
    kernel.struct("thing", 8, first=(kernel.integer("long", 8), 0))
    with pytest.raises(KernelLacks, match=r"thing\.first has 8 bytes"):
        fit(ours, kernel, TypeRecord(0, 4, "0:0", core.FIELD_BYTE_OFFSET))


@pytest.mark.parametrize(
    "record",
    [
        TypeRecord(0, 4, "0:0", 99),
        TypeRecord(0, 4, "1:0", core.FIELD_BYTE_OFFSET),
        TypeRecord(0, 4, "no path", core.FIELD_BYTE_OFFSET),
        TypeRecord(0, 4, "0:77", core.FIELD_BYTE_OFFSET),
        TypeRecord(0, 5, "77", core.ENUMVAL_VALUE),
        TypeRecord(4000, 4, "0:0", core.FIELD_BYTE_OFFSET),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(
    ours: Types, kernel: Types, record: TypeRecord
) -> None:
    with pytest.raises(Malformed):
        fit(ours, kernel, record)


def test_an_instruction_that_takes_no_such_value_is_refused(ours: Types, kernel: Types) -> None:
    record = TypeRecord(0, 4, "0:0", core.FIELD_BYTE_OFFSET)
    with pytest.raises(Malformed):
        fit(ours, kernel, record, b"\x85" + bytes(7))


def test_the_names_that_are_wanted_of_the_kernel(ours: Types) -> None:
    records = (TypeRecord(0, number, "0:0", core.FIELD_EXISTS) for number in (4, 5, 6))
    assert core.wanted(program(b"", *records), ours.btf()) == {"thing", "kind"}
