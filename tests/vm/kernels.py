"""The kernels that tests boot, as data: a further one is one row, and the toolbox takes it up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kernel:
    """One Debian kernel. `package` depends on the newest one of its suite; `arch` is Debian's."""

    suite: str
    arch: str
    package: str

    @property
    def component(self) -> str:
        """Its row in the toolbox."""
        return f"vm-kernel-{self.suite}-{self.arch}"


@dataclass(frozen=True, slots=True)
class Userland:
    """The programs inside: one suite for all kernels, so that only the kernel differs."""

    suite: str
    arch: str

    @property
    def component(self) -> str:
        """Its row in the toolbox."""
        return f"vm-userland-{self.suite}-{self.arch}"


# Linux 6.1. The cloud kernels are small; what they lack (9p, most drivers) nothing here needs.
BOOKWORM = Kernel("bookworm", "amd64", "linux-image-cloud-amd64")
KERNELS = (BOOKWORM,)

# Python 3.11. An emulated machine needs no more; what it runs comes in by the shared folder.
USERLAND_AMD64 = Userland("bookworm", "amd64")
USERLANDS = (USERLAND_AMD64,)
USERLAND_PACKAGES = ("python3", "python3-yaml", "python3-requests")
