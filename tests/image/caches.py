"""Runs inside the image: prints the modules of the sensor whose .pyc is not valid for ever.

A .pyc whose flags are 1 is of the kind unchecked-hash (PEP 552): Python never looks at the source.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

# What `run` and its worker import, with what is imported inside functions.
ENTRIES = sys.argv[1:]
UNCHECKED_HASH = 1


def stale(name: str) -> bool:
    """Whether the module has source and no .pyc that is valid for ever."""
    spec = sys.modules[name].__spec__
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return False
    cached = Path(spec.cached or "")
    if not cached.is_file():
        return True
    head = cached.read_bytes()[:8]
    return head[:4] != MAGIC_NUMBER or int.from_bytes(head[4:], "little") != UNCHECKED_HASH


for entry in ENTRIES:
    importlib.import_module(entry)
found = sorted(name for name in sys.modules if name != "__main__" and stale(name))
sys.stdout.write("".join(f"{name}\n" for name in found) or f"all {len(sys.modules)} valid\n")
