"""Why a probe cannot run. Each says what happened in one line, and in `help` the next step.

ProbeError
├── NotPermitted     the kernel refuses: a capability is missing
│   └── MemlockLimit   the limit of locked memory, which kernels before 5.11 set for maps
├── KernelLacks      this kernel has not got what the probe needs
├── ProgramRefused   the verifier does not take the program
├── Malformed        an object or the kernel's types are not what they should be
├── LoaderFailed     the process that loads programs ended without an answer
├── SelfTestFailed   everything is attached, and yet our own child did not arrive as it should
└── NoProbe          none of the named probes runs here
"""

from __future__ import annotations


class ProbeError(Exception):
    """Base of the errors raised on purpose; its text is one line."""

    help = "This is a defect of runtime-sensor: please report it with the output of doctor."


class NotPermitted(ProbeError):
    """EPERM or EACCES of bpf(2)."""

    help = (
        "Run as root, or give the capabilities BPF and PERFMON (in Kubernetes by the chart's "
        "securityContext); an LSM or seccomp profile may refuse bpf(2) as well."
    )


class MemlockLimit(NotPermitted):
    """Kernels before 5.11 charge maps to RLIMIT_MEMLOCK, and we may not raise it."""

    help = (
        "Give the capability SYS_RESOURCE, or start the container with a higher limit of locked "
        "memory (ulimit -l): kernels before 5.11 charge BPF maps to it."
    )


class KernelLacks(ProbeError):
    """No BTF, no ring buffer, no such tracepoint, no bpf(2) at all."""

    help = (
        "This needs Linux 5.8 or newer with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF; "
        "without it the scan probe is used."
    )


class ProgramRefused(ProbeError):
    """The verifier refused a program; `log` is the end of what it said."""

    help = (
        "If it names bpf_probe_read_kernel: under lockdown=confidentiality programs may not read "
        "the kernel, and the scan probe is used. Otherwise please report it with the output of "
        "uname -a."
    )

    def __init__(self, message: str, log: str = "") -> None:
        """Say which program, and keep the log."""
        super().__init__(message)
        self.log = log


class Malformed(ProbeError):
    """Bytes of an object, of BTF or of a ring that break their format or a reader's bound."""

    help = "The package is damaged or the kernel is newer than this version knows: install anew."


class LoaderFailed(ProbeError):
    """The loading child ended, or was ended, without an answer."""

    help = (
        "See what it wrote above; it is the same Python with the same rights as the sensor. It is "
        "given a minute: a machine with very little CPU needs a higher limit."
    )


class SelfTestFailed(ProbeError):
    """A child of ours did not arrive, or not with the pid, start and cgroup that /proc shows."""

    help = (
        "Check that /proc is the host's (hostPID), and that the pod sees its own cgroup; "
        "the scan probe is used meanwhile."
    )


class NoProbe(ProbeError):
    """None of the named probes runs here; the text says of each why."""

    help = "Give the rights that the text names, or allow the scan probe."
