"""The kernels that tests boot, as data: a further one is one row, and the toolbox takes it up."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Kernel:
    """One Debian kernel. `package` is it or depends on the newest one; `arch` is Debian's."""

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

    `python` is the version of its Python, `platforms` are pip's names of its machine. `more` are
    packages beside those that every machine has, which `use` names.
    """

    suite: str
    arch: str
    python: str
    platforms: tuple[str, ...]
    use: str = ""
    more: tuple[str, ...] = ()

    @property
    def component(self) -> str:
        """Its row in the toolbox."""
        return f"vm-userland-{self.suite}-{self.arch}{self.use}"

    @property
    def site_component(self) -> str:
        """The row of the wheels for its Python."""
        return f"vm-site-{self.suite}-{self.arch}"


# Linux 6.1. The cloud kernels are small; what they lack (9p, most drivers) nothing here needs.
BOOKWORM = Kernel("bookworm", "amd64", "linux-image-cloud-amd64")
# Linux 5.10, the oldest that we test: there maps are charged to the limit of locked memory. The
# last one of the suite itself: what its security archive lists is no longer served.
BULLSEYE = Kernel("bullseye", "amd64", "linux-image-5.10.0-32-cloud-amd64")
BOOKWORM_ARM64 = Kernel("bookworm", "arm64", "linux-image-cloud-arm64")
KERNELS = (BOOKWORM, BULLSEYE, BOOKWORM_ARM64)

USERLAND_AMD64 = Userland(
    "bookworm", "amd64", "3.11", ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
)
USERLAND_ARM64 = Userland(
    "bookworm", "arm64", "3.11", ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
)
USERLANDS = (USERLAND_AMD64, USERLAND_ARM64)
# Runtimes of another machine than that of the tests, and dpkg, which tells what they map.
RUNTIMES_ARM64 = replace(
    USERLAND_ARM64,
    use="-runtimes",
    more=("base-files", "dpkg", "openjdk-17-jre-headless", "nodejs"),
)
# An emulated machine needs no more; the rest comes in by shared folders.
USERLAND_PACKAGES = ("python3", "python3-yaml", "python3-requests")
# What `scan` imports besides the standard library.
SITE_WHEELS = ("orjson>=3.10", "psutil>=5.9.8", "packageurl-python>=0.15")
