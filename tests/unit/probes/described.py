"""The committed object as text, for the golden file.

`python -m tests.unit.probes.described` writes it anew; look at what changed before it is committed.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ebpf_prebuilt import OBJECT
from probes.bpf import spec

if TYPE_CHECKING:
    from probes.bpf.btf import Btf

GOLDEN = Path(__file__).with_name("process.spec.json")
KINDS = {0: "offset", 2: "exists", 9: "size", 11: "number"}


def described() -> dict[str, object]:
    """What the object asks for, in words that a review can follow."""
    read, types = spec.read(OBJECT.read_bytes())
    return {
        "license": read.license.decode(),
        "settings": dict(read.settings),
        "rodata": read.rodata.hex(),
        "maps": {
            each.name: [each.kind, each.key, each.value, each.entries, each.flags]
            for each in read.maps
        },
        "programs": {each.name: program(each, types) for each in read.programs},
    }


def program(each: spec.Program, types: Btf) -> dict[str, object]:
    maps = Counter(f"{ref.map}+{ref.value}" if ref.value else ref.map for ref in each.references)
    records = Counter(
        f"{KINDS[record.kind]} {types.name(record.type)} {record.access}" for record in each.records
    )
    return {
        "tracepoint": each.tracepoint,
        "instructions": len(each.code) // 8,
        "code": hashlib.sha256(each.code).hexdigest(),
        "maps": dict(sorted(maps.items())),
        "kernel": dict(sorted(records.items())),
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(described(), indent=1) + "\n")
