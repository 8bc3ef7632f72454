"""The errors of the sensor. Each says what happened in one line, and in `help` the next step.

SensorError
├── ProcessGone      it ended, or became another program: normal, caught in one place
├── NotPermitted     the kernel refused to let us look
├── FileRefused      a file of a workload that is not opened
│   └── FileMissing  it is not there
├── BudgetSpent      a look cost more than it may: becomes a gap
├── Malformed        bytes that are not what they should be: becomes a gap
├── FixtureError     a recording that cannot be read, or lacks what is asked for
├── UsageError       the command line asks for something that cannot be
├── NoSuchContainer  no process of such a container is seen
└── OutputFailed     what was found cannot be written
"""

from __future__ import annotations


class SensorError(Exception):
    """Base of the errors raised on purpose; `exit_code` is the CLI's (docs/exit-codes.md)."""

    help = "This is a defect of runtime-sensor: please report it with the command you ran."
    exit_code = 1


class ProcessGone(SensorError):
    """The process ended, its pid is another one's, or it has called exec since we opened it."""

    help = (
        "The process ended while we looked, or never was: look again with the pid of a living one."
    )
    exit_code = 3


class NotPermitted(SensorError):
    """The kernel refused to show us a process."""

    help = (
        "Run as root or as the owner of the process; in Kubernetes the pod needs the capabilities "
        "SYS_PTRACE and DAC_READ_SEARCH and an unconfined AppArmor profile."
    )
    exit_code = 4


class FileRefused(SensorError):
    """A path inside a workload's root that is not opened: `path`, and the `reason` as a phrase."""

    help = "The file is skipped and named as a gap: only regular files inside the root are read."

    def __init__(self, path: str, reason: str) -> None:
        """Say which path, and why."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileMissing(FileRefused):
    """There is no such file in the root of the process."""

    def __init__(self, path: str) -> None:
        """Say which path."""
        super().__init__(path, "no such file")


class BudgetSpent(SensorError):
    """A look read more than its hard limit."""

    help = "The process is larger than the budget of one look, or lies about itself."


class Malformed(SensorError):
    """Bytes that break their format or pass a bound of its reader."""

    help = "The file or memory is damaged, hostile, or newer than this version knows."


class FixtureError(SensorError):
    """A recorded process that is unreadable, or lacks an answer that is asked for."""

    help = "Record the process again with this version: runtime-sensor record PID DIR."
    exit_code = 6


class UsageError(SensorError):
    """The command asks for what cannot be: a wrong pid, package URL or option."""

    help = "See runtime-sensor --help."
    exit_code = 2


class NoSuchContainer(SensorError):
    """No process that we see belongs to a container with this id."""

    help = (
        "Give the first hex digits of the id of a running container, as docker ps, crictl ps or "
        "podman ps print it; inside a container only its own processes are seen."
    )
    exit_code = 5


class OutputFailed(SensorError):
    """Standard output does not take what we write: the disk is full, for example."""

    help = "Make room, or write the output to another place."
    exit_code = 7
