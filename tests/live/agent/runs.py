"""A running `runtime-sensor run` of a test: its reports, its log, its children."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.live.cli.world import NOBODY, ROOT
from tests.support import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A look is due within a second; a busy machine takes its time.
PATIENCE = 60.0
STEP = 0.02

Line = dict[str, Any]


class Run:
    """One run. Reports go to a file, the log to another one."""

    def __init__(
        self, popen: subprocess.Popen[str], facts: Path, log: Path, *, unshared: bool = False
    ) -> None:
        self.popen = popen
        self._unshared = unshared
        self._facts = facts
        self._log = log
        self._read = 0
        self._lines: list[Line] = []
        self._reports: list[list[Line]] = []

    @property
    def pid(self) -> int:
        return self.popen.pid

    def reports(self) -> list[list[Line]]:
        """Every whole report so far; each line is checked against the schema, once."""
        if self._facts.exists():
            with self._facts.open("rb") as file:
                file.seek(self._read)
                whole, end, _ = file.read().rpartition(b"\n")
            self._read += len(whole) + len(end)
            for raw in whole.splitlines():
                self._add(json.loads(raw))
        return self._reports

    def _add(self, line: Line) -> None:
        schema.check(line)
        self._lines.append(line)
        if line["type"] == "report":
            self._reports.append(self._lines)
            self._lines = []

    def last(self) -> list[Line]:
        """The newest whole report; nothing before the first."""
        reports = self.reports()
        return reports[-1] if reports else []

    def loaded(self, container: str | None = None) -> set[str]:
        """The Python packages that the newest report calls loaded in one place (None: the host).

        Those of the system beside them are the business of `tests/live/ospkg`.
        """
        return {
            line["name"]
            for line in self.last()
            if line["type"] == "package"
            and line["runtime"] == "python"
            and line["state"] == "loaded"
            and line["container_id"] == container
        }

    def log(self) -> list[Line]:
        """The lines of the log so far."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def says(self, message: str) -> list[Line]:
        """The lines of the log that begin so."""
        return [line for line in self.log() if line["message"].startswith(message)]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{what}: {self._log.read_text()} {self.last()}"
            assert self.popen.poll() is None or condition(), f"ended before {what}: {self.log()}"
            select.select([], [], [], STEP)

    def health_port(self) -> int:
        """Where health is answered, as the log tells it."""
        self.until(lambda: self.says("health is answered"), "where health is answered")
        port: int = self.says("health is answered")[0]["port"]
        return port

    def workers(self) -> set[int]:
        """The children of the agent that run `sensor.worker`."""
        return {pid for pid in children(self.pid) if "sensor.worker" in command_line(pid)}

    def command(self) -> int:
        """The one child that is no worker: the command that the agent was given.

        Waits for it: the kernel's list of children can lack one while another ends, and a worker
        has our name until its exec.
        """
        self.until(lambda: len(self._others()) == 1, "the command is its child")
        (command,) = self._others()
        return command

    def _others(self) -> set[int]:
        return children(self.pid) - self.workers()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        for pid in self.told:
            os.kill(pid, number)
        return self.popen.wait(PATIENCE)

    @property
    def told(self) -> set[int]:
        """Who is told to end: unshare ignores signals and waits for its child."""
        return children(self.pid) if self._unshared else {self.pid}


def children(pid: int) -> set[int]:
    """The living children of a process of ours (CONFIG_PROC_CHILDREN)."""
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:
        return set()


def command_line(pid: int) -> str:
    """The words of a child of ours."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""


@contextmanager
def running(
    folder: Path,
    *words: str,
    nobodys: str | None = None,
    prefix: tuple[str, ...] = (),
    module: str = "sensor.cli",
) -> Iterator[Run]:
    """Start `run` with these words; end it at the end of the block, if it still runs.

    Another `module` may stand in for the command line. With the interpreter `nobodys` it runs as
    nobody, and out of `site` in the folder.
    """
    facts, log = folder / "facts.ndjson", folder / "log"
    options = ["--sink", f"file:{facts}", "--log-level", "debug", "--log-format", "json"]
    user = NOBODY if nobodys else None
    line = [*prefix, nobodys or sys.executable, "-m", module, "run", *options, *words]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            line,
            env={**os.environ, "PYTHONPATH": str(folder / "site" if nobodys else ROOT)},
            cwd="/",
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            text=True,
            user=user,
            group=user,
            extra_groups=() if nobodys else None,
        ) as popen,
    ):
        one = Run(popen, facts, log, unshared=prefix[:1] == ("unshare",))
        try:
            yield one
        finally:
            try:
                if popen.poll() is None:
                    one.end()
            finally:
                popen.kill()
