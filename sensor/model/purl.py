"""Canonical package URLs (the purl specification). The only place where one is built."""

from __future__ import annotations

import re
from functools import lru_cache

from packageurl import PackageURL

# Building one costs about 12 µs; a node sees few distinct packages again and again.
CACHED = 4096


@lru_cache(CACHED)
def pypi(name: str, version: str | None) -> str:
    """A Python distribution; the name is normalised as PEP 503 says."""
    return PackageURL("pypi", None, normalized(name), version).to_string()


def normalized(name: str) -> str:
    """A distribution name in the one spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(CACHED)
def maven(group: str | None, artifact: str, version: str | None) -> str:
    """A Maven artifact; `group` None where none is known, not even inferred."""
    return PackageURL("maven", group, artifact, version).to_string()


@lru_cache(CACHED)
def generic(group: str, name: str, version: str | None) -> str:
    """A thing of no ecosystem, such as a JDK."""
    return PackageURL("generic", group, name, version).to_string()


@lru_cache(CACHED)
def without(purl: str, parts: tuple[str, ...]) -> str:
    """The purl without these parts of it ("namespace", "version"); the rest stays as it is."""
    if not parts:
        return purl
    return PackageURL.from_string(purl)._replace(**dict.fromkeys(parts)).to_string()


@lru_cache(CACHED)
def npm(name: str, version: str | None) -> str:
    """An npm package; the scope ("@nestjs") of "@nestjs/core" is its namespace."""
    scope, _, rest = name.rpartition("/")
    return PackageURL("npm", scope or None, rest, version).to_string()


@lru_cache(CACHED)
def golang(module: str, version: str | None) -> str:
    """A Go module, by its path. The specification lower-cases the type, so compare without case."""
    namespace, _, name = module.rpartition("/")
    return PackageURL("golang", namespace or None, name, version).to_string()


@lru_cache(CACHED)
def deb(name: str, version: str | None, *, arch: str, distro_id: str, distro: str) -> str:
    """A Debian or Ubuntu binary package: `distro_id` "debian", `distro` "debian-12"."""
    qualifiers = {"arch": arch, "distro": distro}
    return PackageURL("deb", distro_id, name, version, qualifiers).to_string()


@lru_cache(CACHED)
def conda(name: str, version: str | None, *, build: str, subdir: str, channel: str) -> str:
    """A conda package; `build` "py311_0", `subdir` "linux-64", `channel` "conda-forge" or ""."""
    qualifiers = {"build": build, "channel": channel, "subdir": subdir}
    return PackageURL("conda", None, name, version, qualifiers).to_string()


@lru_cache(CACHED)
def nuget(name: str, version: str | None) -> str:
    """A NuGet package. Its names and versions have no case: compare without."""
    return PackageURL("nuget", None, name, version).to_string()
