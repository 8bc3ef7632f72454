"""Why the memory of a process cannot be read, and what would fix it: the text of `memory_gap`."""

from __future__ import annotations

_YAMA = "/proc/sys/kernel/yama/ptrace_scope"


def explain(error: OSError) -> str:
    """The reason and the one next step, for what opening mem or pagemap answered."""
    if isinstance(error, FileNotFoundError):
        return (
            "the kernel has no page map (CONFIG_PROC_PAGE_MONITOR): memory is not read without it"
        )
    scope = _ptrace_scope()
    if scope == "3":
        return f"the kernel forbids it to everyone ({_YAMA} is 3, until the next boot)"
    if scope in {"1", "2"}:
        return (
            f"not permitted ({_YAMA} is {scope}): run as root, or in Kubernetes with the "
            "capability SYS_PTRACE"
        )
    return "not permitted: run as root or as the owner, or in Kubernetes with SYS_PTRACE"


def _ptrace_scope() -> str:
    """The setting of Yama, "" where the kernel does not have it."""
    try:
        with open(_YAMA) as file:  # noqa: PTH123 - no pathlib on the way of every process
            return file.read().strip()
    except OSError:
        return ""
