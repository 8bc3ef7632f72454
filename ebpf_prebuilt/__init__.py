"""The compiled BPF programs, their sources, and what they were built with (MANIFEST.json).

The object is committed, so that who installs the sensor needs no compiler; `make -C ebpf_prebuilt`
builds it anew, byte for byte, with the clang that the manifest names. The sources may be used
under GPL-2.0-only or BSD-3-Clause: the kernel's functions for tracing want the first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
OBJECT = FOLDER / "process.bpf.o"
MANIFEST = FOLDER / "MANIFEST.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`clang` is the first line of its --version; digests are SHA-256, of sources by their path."""

    clang: str
    flags: str
    object: str
    sources: dict[str, str]


def manifest() -> Manifest:
    """Return what the committed object was built with."""
    return Manifest(**json.loads(MANIFEST.read_text()))
