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
    """The programs inside: one suite for all kernels, so that only the kernel differs.

    `python` is the version of its Python, `platforms` are pip's names of its machine.
    """

    suite: str
    arch: str
    python: str
    platforms: tuple[str, ...]

    @property
    def component(self) -> str:
        """Its row in the toolbox."""
        return f"vm-userland-{self.suite}-{self.arch}"

    @property
    def site_component(self) -> str:
        """The row of the wheels for its Python."""
        return f"vm-site-{self.suite}-{self.arch}"


# Linux 6.1. The cloud kernels are small; what they lack (9p, most drivers) nothing here needs.
BOOKWORM = Kernel("bookworm", "amd64", "linux-image-cloud-amd64")
KERNELS = (BOOKWORM,)

USERLAND_AMD64 = Userland(
    "bookworm", "amd64", "3.11", ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
)
USERLANDS = (USERLAND_AMD64,)
# An emulated machine needs no more; the rest comes in by shared folders.
USERLAND_PACKAGES = ("python3", "python3-yaml", "python3-requests")
# What `scan` imports besides the standard library.
SITE_WHEELS = ("orjson>=3.10", "psutil>=5.9.8", "packageurl-python>=0.15")
