"""Prints MANIFEST.json for what was just built. Run by the Makefile beside this file."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Print the manifest of the object and the sources that argv names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clang", required=True)
    parser.add_argument("--flags", required=True)
    parser.add_argument("--object", required=True, type=Path)
    parser.add_argument("sources", nargs="+", type=Path)
    given = parser.parse_args()
    sources = {str(path): digest(path) for path in given.sources}
    told = {"clang": given.clang, "flags": given.flags, "object": digest(given.object)}
    sys.stdout.write(json.dumps({**told, "sources": sources}, indent=2) + "\n")


if __name__ == "__main__":
    main()
