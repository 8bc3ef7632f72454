"""Processes of this machine: the Opener that the sensor uses when it may look itself."""

from __future__ import annotations

import os

from sensor.host.localprocess import LocalProcess
from sensor.host.procread import kernel_says, read_stat
from sensor.model.process import ProcessKey


class LocalOpener:
    """An `Opener` for this machine. `proc` is where its /proc is mounted."""

    def __init__(self, proc: str = "/proc") -> None:
        """Learn which user namespace is ours."""
        self._proc = proc
        self._user_ns = os.readlink("/proc/self/ns/user")  # noqa: PTH115 - no path is made of it

    def key(self, pid: int) -> ProcessKey:
        """See `Opener.key`."""
        with kernel_says(pid):
            directory = self._open(pid)
            try:
                return ProcessKey(pid, read_stat(directory, pid).start_ticks)
            finally:
                os.close(directory)

    def open_process(self, key: ProcessKey) -> LocalProcess:
        """See `Opener.open_process`."""
        with kernel_says(key.pid):
            return LocalProcess(key, self._open(key.pid), self._user_ns)

    def _open(self, pid: int) -> int:
        return os.open(f"{self._proc}/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
