"""Is this the package that was asked for? Compares purls the way their ecosystems compare names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from packageurl import PackageURL

from sensor.errors import UsageError
from sensor.model.purl import normalized
from sensor.report.text import printable

if TYPE_CHECKING:
    from sensor.model.finding import Package

# The purl specification: the names of these types are compared without case. NuGet's, too (its
# documentation of package ids).
CASELESS = frozenset({"golang", "github", "bitbucket", "composer", "nuget"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A purl that a person asks for. Without a version any version fits, and so with the rest."""

    text: str
    type: str
    name: str
    version: str | None
    qualifiers: frozenset[tuple[str, str]]
    subpath: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UsageError when it is no package URL."""
        try:
            purl = PackageURL.from_string(text)
        except ValueError:
            example = "write it as pkg:pypi/requests or pkg:golang/golang.org/x/net@v0.1.0"
            raise UsageError(f"{printable(text)!r} is no package URL: {example}") from None
        qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
        name = _name(purl)
        fixed = frozenset(qualifiers.items())
        return cls(purl.to_string(), purl.type, name, purl.version, fixed, purl.subpath)

    def names(self, package: Package) -> bool:
        """Whether it is this package, of whatever version; an alias counts too."""
        return any(self._name_fits(purl) for purl in (package.purl, *package.aliases))

    def fits(self, package: Package) -> bool:
        """Whether it is this package in this version. An unknown version fits no version."""
        return any(map(self.fits_purl, (package.purl, *package.aliases)))

    def could_be(self, package: Package) -> bool:
        """Whether it may be this one, since the group of a Maven artifact is not known for sure."""
        purl = PackageURL.from_string(package.purl)
        unsure = "namespace" in package.inferred or not purl.namespace
        artifact = self.name.rpartition("/")[2]
        return self.type == purl.type == "maven" and unsure and artifact == purl.name

    def fits_purl(self, text: str) -> bool:
        """As `fits`, for one purl."""
        return self._name_fits(text) and self.version in {None, version_of(text)}

    def has_subpath(self, package: Package) -> bool:
        """Whether the part of it that was asked for, if one was, is in it."""
        return self.subpath is None or self.subpath in (package.subpaths or ())

    def _name_fits(self, text: str) -> bool:
        purl = PackageURL.from_string(text)
        if (purl.type, _name(purl)) != (self.type, self.name):
            return False
        qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
        return self.qualifiers <= qualifiers.items()


def version_of(text: str) -> str | None:
    """The version in a purl."""
    return PackageURL.from_string(text).version


def _name(purl: PackageURL) -> str:
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    if purl.type == "pypi":
        return normalized(name)
    return name.lower() if purl.type in CASELESS else name
