"""Pretends to be .NET: maps what is named like a runtime and like assemblies, and lies in memory.

    python3 lies.py FOLDER        maps every file of FOLDER, then fills shared memory with lies
"""

import mmap
import os
import sys

kept = []
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    if os.path.isfile(path) and os.path.getsize(path):
        with open(path, "rb") as file:
            kept.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
for size in (4096, 1 << 16, 1 << 20):
    # Shared memory of no file: what maps shows as /dev/zero.
    lie = mmap.mmap(-1, size)
    lie[:] = (b"MZ" + b"\xff" * 62 + b"BSJB" * 16).ljust(4096, b"\x80") * (size // 4096)
    kept.append(lie)
print("ready", flush=True)
sys.stdin.readline()
