"""The real Java programs that are looked at, and how they are started: they say READY and wait."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.live.java import frameworks, odd, paths, wildfly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.live.java.paths import Words
    from tests.live.java.shelf import Shelf

PROGRAMS: dict[str, Callable[[Shelf, Path], Words]] = {
    "plain": paths.plain,
    "gradle": paths.gradle,
    "twice": paths.twice,
    "twice, turned": paths.twice_turned,
    "environment": paths.environment,
    "argument file": paths.argument_file,
    "wildcard": paths.wildcard,
    "manifest": paths.manifest,
    "modules": paths.modules,
    "agent": paths.agent,
    "shared": paths.shared,
    "ZGC": paths.z_collector,
    "Parallel": paths.parallel_collector,
    "boot": frameworks.boot,
    "boot, unpacked": frameworks.boot_unpacked,
    "shade": frameworks.shade,
    "tomcat": frameworks.tomcat,
    "tomcat, packed": frameworks.tomcat_packed,
    "tomcat, two": frameworks.tomcat_two,
    "jboss": frameworks.jboss,
    "osgi": frameworks.osgi,
    "spark": paths.spark,
    "group in name": odd.group_in_name,
    "list in file": odd.list_in_file,
    "list in file, shared": odd.list_in_file_shared,
    "blanks": odd.blanks,
    "boot append": odd.boot_append,
    "transformed": odd.transformed,
    "embedded": odd.embedded,
}
# They say in their own words that they are ready.
SERVERS = {"wildfly": wildfly.ear, "wildfly, alone": wildfly.alone}
# How often a program says that it is ready, if not once.
READY = {"tomcat, two": 2}
# Small, and quickly there; words that come later win.
OPTIONS = ("-Xmx256m", "-XX:TieredStopAtLevel=1")
# Where a program writes down each class it loads, and from where.
LOG = "loaded.log"


def variables(name: str, shelf: Shelf) -> dict[str, str]:
    """The environment of a program: nothing that `java` would heed, but where that is the test."""
    path = {"CLASSPATH": paths.joined(shelf, *paths.PLAIN)} if name == "environment" else {}
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | path


def started(name: str, shelf: Shelf, folder: Path) -> AbstractContextManager[int]:
    """Start a program in a folder of its own, as `running` does."""
    if name in SERVERS:
        assert isinstance(shelf, wildfly.ServerShelf)
        return SERVERS[name](shelf, folder, LOG)
    words = PROGRAMS[name](shelf, folder)
    return running(words, folder, variables(name, shelf), READY.get(name, 1))


@contextmanager
def running(
    words: Words, folder: Path, environment: Mapping[str, str] | None = None, ready: int = 1
) -> Iterator[int]:
    """Start `java` with the words and wait until it has said `ready` times that it is; its pid.

    It is ended with the block. What it loads is in LOG (-Xlog:class+load) in the folder.
    """
    log = folder / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            ["java", *OPTIONS, f"-Xlog:class+load:file={folder / LOG}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd=folder,
            text=True,
        ) as popen,
    ):
        try:
            assert popen.stdout is not None
            for _ in range(ready):
                assert any(line == "READY\n" for line in popen.stdout), log.read_text()
            yield popen.pid
        finally:
            popen.kill()
