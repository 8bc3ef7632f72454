"""A child process of the demo: built in its own folder, up before anybody looks, ended at last."""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.closing import Closing

if TYPE_CHECKING:
    from sensor.cli.programs import Program

# A cold `go build` of the standard library takes 16 s on two busy cores; the demo ends in a minute.
BUILD_SECONDS = 40.0
# java and dotnet compile their source first: 0.6 s and about 5 s.
START_SECONDS = 15.0
# A program that reads the end of its input ends at once; after this it is killed.
END_SECONDS = 3.0
# So much of what a tool says goes into the reason.
SAID = 200


class NotStarted(Exception):
    """This machine cannot run the program; the text says why."""


class Child(Closing):
    """One program, running while the `with` lasts. Raises NotStarted."""

    def __init__(self, program: Program) -> None:
        """Start it and wait for its line."""
        if shutil.which(program.tool) is None:
            raise NotStarted(f"there is no {program.tool} on PATH")
        self._folder = tempfile.TemporaryDirectory(prefix="runtime-sensor-demo-")
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._start(program)
            self._wait_for_line()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        folder = Path(self._folder.name)
        for name, text in program.files:
            (folder / name).write_text(text, encoding="utf-8")
        environment = {**os.environ, **dict(program.environment)}
        if program.build:
            _build(program.build, folder, environment)
        return subprocess.Popen(  # noqa: S603 - the words are ours, the tool is the user's
            program.start,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NotStarted("it was not started")
        return self._process

    def _wait_for_line(self) -> None:
        output = self._running().stdout
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)  # type: ignore[arg-type]
            if not selector.select(START_SECONDS):
                raise NotStarted(f"it was not up within {START_SECONDS:.0f} s")
        if output is None or not output.readline():
            code = self._running().wait(END_SECONDS)
            raise NotStarted(f"it ended at once with {code}; is the development kit installed?")

    def close(self) -> None:
        """End it, by the end of its input and then by force, and remove its folder."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        self._folder.cleanup()


def _build(words: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
    try:
        built = subprocess.run(  # noqa: S603 - the words are ours, the tool is the user's
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotStarted(f"its build took more than {BUILD_SECONDS:.0f} s") from None
    if built.returncode:
        said = built.stderr.decode("utf-8", "replace").strip()
        raise NotStarted(f"its build failed: {said[-SAID:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
