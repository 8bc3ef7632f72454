"""BTF that the test writes, that clang wrote, and that is damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.bpf import btf
from probes.errors import Malformed
from tests.unit.probes.types import Types


@pytest.fixture
def types() -> Types:
    types = Types()
    number = types.integer("unsigned int", 4)
    word = types.typedef("u32", types.const(number))
    inner = types.union("", 8, name=(types.pointer(number), 0), hash=(number, 0))
    row = types.array(types.array(word, 3), 2)
    types.struct("thing", 40, first=(word, 0), _=(inner, 8), rows=(row, 16))
    types.enum("kind", none=0, some=5)
    types.enum64("big", huge=1 << 40)
    return types


def test_a_struct_with_its_members(types: Types) -> None:
    found = types.btf()
    [thing] = found.find("thing", (btf.STRUCT,))
    assert [(each.name, each.offset) for each in found.members(thing)] == [
        ("first", 0),
        ("", 64),
        ("rows", 128),
    ]
    assert found.name(found.plain(found.members(thing)[0].type)) == "unsigned int"


def test_sizes(types: Types) -> None:
    found = types.btf()
    [thing] = found.find("thing", (btf.STRUCT,))
    sizes = [found.size(each.type) for each in found.members(thing)]
    assert (found.size(thing), sizes) == (40, [4, 8, 24])


def test_enums_of_both_widths(types: Types) -> None:
    found = types.btf()
    [small], [big] = found.find("kind", (btf.ENUM,)), found.find("big", (btf.ENUM64,))
    assert found.enumerators(small) == {"none": 0, "some": 5}
    assert found.enumerators(big) == {"huge": 1 << 40}


def test_only_wanted_names_of_the_right_kind_are_found(types: Types) -> None:
    found = btf.Btf(types.data(), frozenset({"thing", "not there"}))
    assert found.find("thing", (btf.STRUCT,))
    assert not found.find("thing", (btf.UNION,))
    assert not found.find("kind", (btf.ENUM,))
    assert not found.find("not there", (btf.STRUCT,))


def test_types_that_rename_each_other_have_no_end() -> None:
    types = Types()
    types.typedef("a", 2)
    types.typedef("b", 1)
    with pytest.raises(Malformed, match="without end"):
        types.btf().plain(1)


def test_a_type_that_is_not_there(types: Types) -> None:
    with pytest.raises(Malformed):
        types.btf().members(9999)


@pytest.mark.parametrize("cut", [0, 5, 23, 30, 100])
def test_what_is_cut_is_refused(types: Types, cut: int) -> None:
    with pytest.raises(Malformed):
        look(types.data()[:cut])


def test_the_other_byte_order_is_refused(types: Types) -> None:
    data = types.data()
    with pytest.raises(Malformed):
        btf.Btf(data[1::-1] + data[2:])


@given(st.binary(max_size=300), st.integers(0, 400))
def test_damaged_types_end_in_one_kind_of_error(noise: bytes, place: int) -> None:
    types = Types()
    number = types.integer("n", 4)
    types.struct("thing", 8, first=(number, 0))
    data = bytearray(types.data())
    data[place : place + len(noise)] = noise
    try:
        look(bytes(data))
    except Malformed as error:
        assert error.help  # noqa: PT017 - that it may happen and what it is, not that it must


def look(data: bytes) -> None:
    """All that is ever asked of types."""
    found = btf.Btf(data)
    for number in found.find("thing", (btf.STRUCT,)):
        for member in found.members(number):
            found.size(member.type)
            found.name(found.plain(member.type))
