"""Our words in those of the Snyk wire: the id and names of an image, and one package. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from sensor.model.purl import without
from sensor.report.facts import identity_words

if TYPE_CHECKING:
    from sensor.model.batch import Fact
    from sensor.model.workload import ImageIdentity
    from sensor.report.facts import Line

# Snyk's names of package managers by the type of a purl (docs.snyk.io, "Supported languages").
MANAGERS: Final = {
    "pypi": "pip",
    "golang": "gomodules",
    "maven": "maven",
    "npm": "npm",
    "nuget": "nuget",
}
# Packages of the operating system: told with osFamily, osVersion and arch in place of a type.
OS_TYPES: Final = frozenset({"deb", "rpm", "apk"})
NAMES: Final = {
    "name": "spec",
    "resolved": "resolved",
    "tag": "tag",
    "digest": "digest",
    "indexDigest": "index_digest",
    "manifestDigest": "manifest_digest",
    "configDigest": "config_digest",
    "platform": "platform",
}


def image_id(image: ImageIdentity) -> str:
    """The one id that the wire has room for: the best digest that is known, else a name.

    The precedent fills it with the image ID of the container runtime, which is the digest of the
    configuration.
    """
    return (
        image.config_digest
        or image.manifest_digest
        or image.digest
        or image.index_digest
        or image.resolved
        or image.spec
    )


def image_names(image: ImageIdentity) -> Line:
    """Every name that is known."""
    names = {word: getattr(image, field) for word, field in NAMES.items()}
    return {word: name for word, name in names.items() if name}


def package(fact: Fact, carrier: str | None = None) -> Line:
    """One loaded package. Without a version when none is known: it is never guessed.

    `purl` holds what was read only; with parts that were inferred it is `inferredPurl`. `carrier`
    is what was read of the purl that it is inside of.
    """
    known = fact.package
    line: Line = {"purl": without(known.purl, known.inferred), "name": known.name}
    if known.version is not None and "version" not in known.inferred:
        line["version"] = known.version
    line |= {
        "installedViaPackageManager": known.inside is None,
        **_kind(known.purl),
        "depth": known.depth,
        "evidence": sorted({one.kind for one in known.evidence}),
        "firstSeen": fact.first_seen,
        "lastSeen": fact.last_seen,
    }
    if known.inside is not None:
        line["inside"] = carrier or known.inside
    if known.subpaths is not None:
        line["subpaths"] = list(known.subpaths)
    if known.aliases:
        line["aliases"] = list(known.aliases)
    if known.inferred:
        line["inferredPurl"] = known.purl
    return {**line, **identity_words(known)}


def _kind(purl: str) -> Line:
    kind = purl.removeprefix("pkg:").partition("/")[0]
    if kind not in OS_TYPES:
        return {"type": MANAGERS.get(kind, kind)}
    qualifiers = parse_qs(purl.partition("?")[2].partition("#")[0])
    family, _, version = qualifiers.get("distro", [""])[0].partition("-")
    arch = qualifiers.get("arch", [""])[0]
    return {"osFamily": family or kind, "osVersion": version, "arch": arch}
