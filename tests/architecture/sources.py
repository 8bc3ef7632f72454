"""What the architecture tests look at: tracked files, modules, and what each module imports."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("sensor", "probes", "ebpf_prebuilt")


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that git tracks or would add, as paths from the root, if still there."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = (Path(name) for name in listing.split("\0") if name)
    return tuple(sorted({name for name in names if (ROOT / name).is_file()}))


def python_files(*rooms: str) -> list[Path]:
    """Return the Python files below these folders (`sensor/formats`), as paths from the root."""
    folders = tuple(Path(room) for room in rooms)
    files = (file for file in tracked() if file.suffix == ".py")
    return [file for file in files if any(file.is_relative_to(folder) for folder in folders)]


def module_of(file: Path) -> str:
    """Return `sensor.formats.elf` for `sensor/formats/elf.py`."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(file: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse((ROOT / file).read_text(), str(file))


def imports(file: Path) -> set[str]:
    """Return every module that the file imports at any level, also only for types."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(_absolute(file, node))
    return found


def _absolute(file: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = file.parts[: len(file.parts) - node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def top_names(file: Path) -> set[str]:
    """Return the top-level names of what the file imports: `os` for `os.path`."""
    return {name.split(".", 1)[0] for name in imports(file)}
