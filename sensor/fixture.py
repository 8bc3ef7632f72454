"""Turn a process into a fixture and back: what `record`, `record --show` and `replay` do.

A fixture is a bug report from the field and a test in the repository. It holds what one look at a
process read, and nothing else.
"""

from __future__ import annotations

import platform
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sensor import __version__
from sensor.errors import FixtureError, ProcessGone
from sensor.host import fixturefile
from sensor.host.cache import FileCache
from sensor.host.recorded import RecordedOpener
from sensor.host.recorder import RecordingOpener
from sensor.host.recordingplain import to_plain
from sensor.look import Look, look_until_done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sensor.host.recording import Recording
    from sensor.host.seam import Opener
    from sensor.model.process import ProcessKey
    from sensor.resolvers.resolver import Resolver

WARNING: Final = (
    "Holds parts of the memory of a process, which can hold secrets: look through it with "
    "runtime-sensor record --show DIR before you give it to anybody."
)
LEFT_OUT: Final = (
    "arguments beyond the program, script, class path and module path",
    "the environment",
    "memory and parts of files that no resolver read",
    "pages of searches without a hit",
)
# Four characters or more, as strings(1) has it: in ASCII or UTF-8, and in UTF-16.
_TEXT: Final = re.compile(rb"(?:[\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3}){4,}")
_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\0){4,}")


def record(opener: Opener, key: ProcessKey, resolvers: Iterable[Resolver], directory: Path) -> Look:
    """Look at a process, and write what was read into a directory that is new or empty.

    The fixture is replayed at once. Raises ProcessGone, NotPermitted, and FixtureError when it
    would be too large or does not give the same facts; then nothing is left in the directory.
    """
    chosen = tuple(resolvers)
    recorder = RecordingOpener(opener)
    look = look_until_done(recorder, key, chosen, FileCache())
    if look.gone or recorder.recording is None:
        raise ProcessGone(f"process {key.pid} ended or ran another program while it was recorded")
    fixturefile.write(recorder.recording, _manifest(recorder.recording, look), directory)
    try:
        _require_same(look, replay(directory, chosen))
    except BaseException:
        fixturefile.remove(directory)
        raise
    return look


def replay(directory: Path, resolvers: Iterable[Resolver]) -> Look:
    """The look at the process of a fixture. Raises FixtureError."""
    opener = RecordedOpener(fixturefile.read(directory))
    return look_until_done(opener, opener.only, resolvers, FileCache())


def show(directory: Path) -> Iterator[str]:
    """Every text of four or more characters in a fixture, with where it stands."""
    yield from _texts(fixturefile.read_manifest(directory), "manifest")
    recording = fixturefile.read(directory)
    plain, _ = to_plain(recording)
    yield from _texts(plain, "answers")
    for start, data in recording.memory.known.merged():
        yield from strings(data, start, "memory")
    for token, content in sorted(recording.contents.items()):
        for start, data in content.known.merged():
            yield from strings(data, start, f"file {token}")


def _manifest(recording: Recording, look: Look) -> dict[str, Any]:
    coverages = [finding.coverage for finding in look.findings.values() if finding.coverage]
    return {
        "sensor": __version__,
        "recorded": datetime.fromtimestamp(recording.at, UTC).isoformat(timespec="seconds"),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "program": recording.exe,
        "runtimes": [
            {"runtime": item.runtime, "how": item.how, "complete": item.complete}
            for item in coverages
        ],
        "left_out": list(LEFT_OUT),
        "warning": WARNING,
    }


def _require_same(look: Look, replayed: Look) -> None:
    if _facts(look) != _facts(replayed):
        raise FixtureError(f"process {look.key.pid} changed while it was recorded")


def _facts(look: Look) -> dict[str, tuple[Any, ...]]:
    """What has to be equal: not the memos, which depend on where a slice ended."""
    return {
        name: (finding.packages, finding.gaps, finding.coverage)
        for name, finding in look.findings.items()
    }


def _texts(plain: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(plain, str):
        yield f"{where}: {plain}"
    elif isinstance(plain, dict):
        for name, value in plain.items():
            yield from _texts(value, f"{where} {name}")
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from _texts(value, where)


def strings(data: bytes, start: int, where: str) -> Iterator[str]:
    """The texts in `data`, which stands at `start` of `where`: ASCII and UTF-8, then UTF-16."""
    for match in _TEXT.finditer(data):
        yield f"{where} {start + match.start():#x}: {match[0].decode(errors='backslashreplace')}"
    for match in _WIDE.finditer(data):
        yield f"{where} {start + match.start():#x}: {match[0].decode('utf-16-le')}"
