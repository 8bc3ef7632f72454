"""Programs that tests start and that say a word when they are ready to be looked at."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@contextmanager
def saying(
    word: str,
    command: Sequence[str | Path],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a program until it says `word` in a line of its own; its pid. It ends with the block.

    It starts in `folder`; `environment` is added to ours.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as popen:
        try:
            assert popen.stdout
            assert popen.stdout.readline() == f"{word}\n"
            yield popen.pid
        finally:
            popen.kill()
