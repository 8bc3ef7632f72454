"""What loading does before it asks the kernel anything, and what it makes of the answers."""

from __future__ import annotations

import struct

import pytest

from probes.bpf import load
from probes.bpf.spec import Program, Reference

LOAD = b"\x18\x01" + bytes(14)


def test_descriptors_of_maps_are_filled_in() -> None:
    references = (Reference(0, "events"), Reference(16, ".rodata", 8))
    program = Program("one", "none", LOAD * 2, references, ())
    code = load.with_maps(program, {"events": 5, ".rodata": 6})
    fields = [struct.unpack_from("<BBhihhi", code, offset) for offset in (0, 16)]
    # struct bpf_insn: the source register says what the number is, and the second half where.
    assert [(field[1] >> 4, field[3], field[6]) for field in fields] == [(1, 5, 0), (2, 6, 8)]
    assert {field[1] & 15 for field in fields} == {1}


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            "0: R1=ctx\nunknown func bpf_probe_read_kernel#113\nprocessed 9 insns (limit 1000000)",
            "unknown func bpf_probe_read_kernel#113",
        ),
        ("back-edge from insn 229 to 230\nprocessed 0 insns\n\n", "back-edge from insn 229 to 230"),
        ("", "no log"),
    ],
)
def test_the_verifier_says_why_in_its_last_line(log: str, reason: str) -> None:
    assert load.reason_of(log) == reason
