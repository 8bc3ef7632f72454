"""The section .BTF.ext of an object: which instructions depend on which types of the kernel."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.errors import Malformed

if TYPE_CHECKING:
    from probes.bpf.btf import Btf

# struct btf_ext_header in tools/lib/bpf/libbpf_internal.h, and its record (struct bpf_core_relo).
_EXT_HEADER = struct.Struct("<HBBIIIIIII")
_RECORD = struct.Struct("<IIII")
# Reads of a kernel object with all its fields: 200 in our largest program.
MAX_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class TypeRecord:
    """The instruction at `offset` depends on a type of the kernel (a CO-RE relocation).

    `type` is a type of the object; `access` a path into it such as "0:2:1" (bpf_core_relo in
    include/uapi/linux/bpf.h); `kind` says which of its properties is wanted.
    """

    offset: int
    type: int
    access: str
    kind: int


def read(data: bytes, types: Btf) -> dict[str, list[TypeRecord]]:
    """Return the records of each section, by its name. Raises Malformed."""
    try:
        header, start, size = (_EXT_HEADER.unpack_from(data)[index] for index in (3, 8, 9))
        place = header + start
        end = place + size
        (record_bytes,) = struct.unpack_from("<I", data, place)
        return dict(_sections(data[:end], place + 4, record_bytes, types))
    except (struct.error, ValueError) as error:
        raise Malformed(f"type records of the BPF object: {error}") from error


def _sections(
    data: bytes, place: int, record_bytes: int, types: Btf
) -> list[tuple[str, list[TypeRecord]]]:
    found = []
    while place < len(data):
        name, count = struct.unpack_from("<II", data, place)
        if count > MAX_RECORDS or record_bytes < _RECORD.size:
            raise ValueError(f"{count} records of {record_bytes} bytes")
        places = range(place + 8, place + 8 + count * record_bytes, record_bytes)
        records = [_record(_RECORD.unpack_from(data, each), types) for each in places]
        found.append((types.text(name), records))
        place = places.stop
    return found


def _record(fields: tuple[int, int, int, int], types: Btf) -> TypeRecord:
    offset, number, access, kind = fields
    return TypeRecord(offset, number, types.text(access), kind)
