"""Starts Go programs and looks at them; the facts in the form in which tests compare them."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.model.finding import State
from sensor.resolvers.golang import GOLANG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor.host.seam import Cache
    from sensor.model.finding import Finding

# (version, state, subpaths, aliases) by module.
Modules = dict[str, tuple[str | None, str, tuple[str, ...], tuple[str, ...]]]


@contextmanager
def running(
    *command: str | Path, says: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start a program that waits for its standard input; its pid. It is ended with the block.

    With `says` it is waited for until it prints that line; without, until it has been mapped:
    Popen comes back when the old program is gone, which is before the new one is there.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as popen:
        try:
            if says:
                assert popen.stdout is not None
                assert popen.stdout.readline() == f"{says}\n"
            while "[vdso]" not in Path(f"/proc/{popen.pid}/maps").read_text():
                assert popen.poll() is None
            yield popen.pid
        finally:
            popen.kill()


def finding(pid: int, cache: Cache | None = None) -> Finding:
    """What the resolver says of a process, after as many slices as it wants."""
    opener = LocalOpener()
    looked = look_until_done(opener, opener.key(pid), (GOLANG,), cache or FileCache())
    assert not looked.gone
    return looked.findings["golang"]


def modules(found: Finding) -> Modules:
    """The modules without the standard library."""
    return {
        package.name: (
            package.version,
            package.state.value,
            package.subpaths or (),
            package.aliases,
        )
        for package in found.packages
        if package.name != "stdlib"
    }


def import_paths(found: Finding, main: str) -> set[str]:
    """All linked packages as import paths, the program's own being "main" as in Go's tools."""
    paths = set()
    for package in found.packages:
        if package.state is State.LOADED:
            replaced = [alias for alias in package.aliases if not package.name.startswith("stdlib")]
            name = (
                replaced[0].removeprefix("pkg:golang/").split("@")[0] if replaced else package.name
            )
            prefix = "" if package.name == "stdlib" else name
            paths |= {f"{prefix}/{sub}".strip("/") for sub in package.subpaths or ()}
    return {"main" if path == main else path for path in paths}
