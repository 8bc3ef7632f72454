"""What an ordinary user sees, and how it is said. The questions are asked in a fork of nobody."""

from __future__ import annotations

import errno
import os
import subprocess
import traceback
from typing import TYPE_CHECKING

import pytest

from sensor.errors import FileRefused, NotPermitted
from sensor.host import memorygap
from sensor.host.local import LocalOpener
from sensor.host.procread import open_named
from tests.harness.skips import need
from tests.support.child import Child, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOBODY = 65534


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a running child."""
    with started() as running:
        yield running


def as_nobody(ask: Callable[[], str]) -> str:
    """Return what `ask` answers in a fork of ours that is nobody."""
    need(os.geteuid() == 0, "becomes another user", "root")
    reader, writer = os.pipe()
    fork = os.fork()
    if not fork:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            answer = ask()
        except BaseException:  # noqa: BLE001 - told to the test, which compares it
            answer = traceback.format_exc()
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = file.read()
    os.waitpid(fork, 0)
    return answer


@pytest.mark.root
def test_a_process_of_another_user_is_not_permitted(child: Child) -> None:
    opener = LocalOpener()

    def ask() -> str:
        key = opener.key(child.pid)
        try:
            opener.open_process(key)
        except NotPermitted as error:
            return f"{error} {error.help}"
        return "it was opened"

    answer = as_nobody(ask)
    assert answer.startswith(f"process {child.pid}: Permission denied")
    assert "SYS_PTRACE" in answer


@pytest.mark.root
def test_own_processes_need_no_privilege() -> None:
    def ask() -> str:
        with subprocess.Popen(["sleep", "600"]) as own:
            try:
                opener = LocalOpener()
                while True:
                    with opener.open_process(opener.key(own.pid)) as process:
                        if process.exe.endswith("sleep"):
                            (stack,) = [m for m in process.maps() if m.path == "[stack]"]
                            (data,) = process.read([(stack.end - 16, 8)])
                            return f"{process.memory_gap} {data is not None}"
            finally:
                own.kill()

    assert as_nobody(ask) == "None True"


@pytest.mark.root
def test_a_file_that_the_user_may_not_read_is_refused() -> None:
    def ask() -> str:
        with subprocess.Popen(["sleep", "600"]) as own:
            try:
                opener = LocalOpener()
                with opener.open_process(opener.key(own.pid)) as process:
                    process.files.open("/etc/shadow")
                    return "it was opened"
            except FileRefused as error:
                return str(error)
            finally:
                own.kill()

    assert as_nobody(ask) == "/etc/shadow: not permitted"


@pytest.mark.parametrize("name", ["mem", "pagemap"])
def test_without_memory_the_rest_is_read(
    child: Child, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with Yama, which lets maps be read but not memory."""

    def refused(directory: int, wanted: str) -> int:
        if wanted == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_named(directory, wanted)

    monkeypatch.setattr("sensor.host.localprocess.open_named", refused)
    monkeypatch.setattr(memorygap, "_ptrace_scope", lambda: "1")
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        assert process.memory_gap is not None
        assert "ptrace_scope is 1" in process.memory_gap
        assert process.read([(child.page(0), 4), (0, 1)]) == [None, None]
        assert process.find(b"pg00", [(child.page(0), 4)], limit=1) == []
        assert process.arguments.script
        process.files.open_mapped(next(m for m in process.maps() if m.path == process.exe)).close()
        process.verify()


@pytest.mark.parametrize(
    ("error", "scope", "said"),
    [
        (FileNotFoundError(), "0", "CONFIG_PROC_PAGE_MONITOR"),
        (PermissionError(), "3", "until the next boot"),
        (PermissionError(), "2", "SYS_PTRACE"),
        (PermissionError(), "0", "run as root or as the owner"),
        (PermissionError(), "", "run as root or as the owner"),
    ],
)
def test_every_reason_names_the_next_step(
    error: OSError, scope: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memorygap, "_ptrace_scope", lambda: scope)
    assert said in memorygap.explain(error)


def test_a_kernel_thread_has_nothing_to_read(tmp_path: Path) -> None:
    """On a made-up /proc: real kernel threads are not ours to look at."""
    folder = tmp_path / "2"
    (folder / "ns").mkdir(parents=True)
    fields = "S 0 0 0 0 -1 2129984 " + "0 " * 12 + "7 " + "0 " * 30
    (folder / "stat").write_text(f"2 (kthreadd) {fields}\n")
    (folder / "root").symlink_to("/")
    (folder / "ns" / "user").symlink_to("user:[1]")
    (folder / "ns" / "mnt").symlink_to("mnt:[1]")
    (folder / "fd").mkdir()
    opener = LocalOpener(str(tmp_path))
    with opener.open_process(opener.key(2)) as process:
        assert (process.exe, list(process.maps()), list(process.descriptors())) == ("", [], [])
        assert process.memory_gap == "a kernel thread has no memory of its own"
        assert process.read([(4096, 8)]) == [None]
        process.verify()
