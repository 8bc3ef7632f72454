"""What artifact an archive is: by pom.properties, else its manifest, else its file name.

An archive may carry the pom.properties of others too (shaded), and some carry one that is not their
own: it counts only when it fits the file name, or nothing else can be meant. Artifact and version
are read, never guessed; a group that is only inferred is marked so. The file name is read as Maven
writes it into a repository: `artifact-version.jar`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from sensor.resolvers.java import grouped, groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor.resolvers.java.index import Entry
    from sensor.resolvers.java.parts import Pom

POM: Final = "pom.properties"
MANIFEST: Final = "manifest"
FILE_NAME: Final = "file name"

_ENDING: Final = re.compile(
    r"\.(?:jar|war|ear|rar|zip|sar|har|par|kar|nar|hpi|jpi)\Z", re.IGNORECASE
)
# The version begins at the first part that is a number, or as r09, v20230907, build12 do. Which
# Scala it is built for belongs to the artifact: chill_2.12-0.10.0.
_VERSIONED: Final = re.compile(r"(.+?(?:_(?:2\.\d+|3)(?=-))?)[-_]((?:\d|r\d|v\d|build\d).*)")
# A number, then a word that is no part of a version, then a number: log4j-1.2-api-2.20.0.
_WORDED: Final = re.compile(
    r"(.+?-\d[\d.]*-(?!(?:alpha|beta|rc|cr|m|b|build|p|rev|sp|hadoop|spark|jre|v|pre|ga)\b)"
    r"[a-z]{2,})-(\d.*)",
    re.IGNORECASE,
)
# What Maven calls a classifier: the same artifact, another file of it.
_CLASSIFIER: Final = re.compile(
    r"[-.](?:linux|osx|macos|windows|natives?|tests?|sources|shaded|all|uber|fat|standalone"
    r"|jar-with-dependencies|nodep|no_aop|runtime|jakarta|indy|hadoop\d*|x86_64|aarch_?64)"
    r"(?:[-_].*)?"
)
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.+-]{0,200}")
_VERSION: Final = re.compile(r"[A-Za-z]{0,5}\d[\w.+-]{0,100}")


class Identity(NamedTuple):
    """An artifact. `by` is what says its name, `inferred` that its group is not certain.

    `others` are the pom.properties of what it contains.
    """

    group: str | None
    artifact: str
    version: str | None
    by: str
    inferred: bool
    others: tuple[Pom, ...]


def identify(file_name: str, entry: Entry) -> Identity | None:
    """The artifact of an archive; None when nothing names it."""
    stem = _ENDING.sub("", file_name)
    manifest: Mapping[str, str] = entry["manifest"]
    own = _own_pom(stem, manifest, entry["poms"])
    others = tuple(pom for pom in entry["poms"] if pom is not own)
    if own:
        return Identity(own[0], own[1], own[2] or None, POM, inferred=False, others=others)
    artifact, version, by = _named(stem, manifest)
    artifact = groups.cut(artifact, entry["top"])
    if not _NAME.fullmatch(artifact):
        return None
    stated, artifact = grouped.split(artifact, manifest)
    group = groups.inferred(artifact, manifest, entry["top"], stated)
    return Identity(group, artifact, version, by, inferred=group is not None, others=others)


def _own_pom(stem: str, manifest: Mapping[str, str], poms: Sequence[Pom]) -> Pom | None:
    """The pom.properties of the archive itself."""
    fitting = [pom for pom in poms if _fits(stem, pom)]
    if fitting:
        return max(fitting, key=lambda pom: len(pom[1]))
    if _VERSIONED.fullmatch(stem):
        return None
    titles, versions = _titles(manifest), _stated(manifest)
    named = [pom for pom in poms if pom[1] in titles]
    if not named and len(poms) == 1 and (not titles or poms[0][2] in versions):
        named = list(poms)
    return named[0] if len(named) == 1 else None


def _fits(stem: str, pom: Pom) -> bool:
    """Whether the file is called as Maven calls it, with the version or without."""
    group, artifact, version = pom[:3]
    # Eclipse and Jetty put the group before it, and Maven does in an EAR.
    names = (stem, stem.removeprefix(f"{group}."), stem.removeprefix(f"{group}-"))
    return any(_is_named(name, artifact, version) for name in names)


def _is_named(name: str, artifact: str, version: str) -> bool:
    rest = name.removeprefix(artifact)
    if not name.startswith(artifact):
        return False
    if not rest or not version:
        return not rest or _VERSIONED.fullmatch(name) is not None
    after = rest[1:].removeprefix(version) if rest[1:].startswith(version) else None
    return rest[0] in "-_." and after is not None and (not after or after[0] in "-.+")


def _titles(manifest: Mapping[str, str]) -> set[str]:
    """What a manifest calls the archive: a title, the last part of a symbolic or module name."""
    symbolic = manifest.get("bundle-symbolicname", "").partition(";")[0].strip()
    names = {symbolic, manifest.get("automatic-module-name", "")}
    tails = {name.rpartition(".")[2] for name in names}
    return {*names, *tails, manifest.get("implementation-title", "")} - {""}


def _named(stem: str, manifest: Mapping[str, str]) -> tuple[str, str | None, str]:
    """Artifact, version, and by what: the manifest where both agree or the file name has none."""
    stated = _stated(manifest)
    for known in stated:
        if stem.endswith(f"-{known}"):
            return stem.removesuffix(f"-{known}"), known, MANIFEST
    versioned = _WORDED.fullmatch(stem) or _VERSIONED.fullmatch(stem)
    if not versioned:
        return _stated_name(stem, manifest, stated[0] if stated else None)
    artifact, version = versioned.groups()
    for known in stated:
        if _is_classified(version, known):
            return artifact, known, MANIFEST
    return artifact, version, FILE_NAME


def _stated_name(
    stem: str, manifest: Mapping[str, str], version: str | None
) -> tuple[str, str | None, str]:
    """As `_named`, of a file whose name has no version."""
    title = manifest.get("implementation-title", "")
    symbolic = manifest.get("bundle-symbolicname", "").partition(";")[0].strip()
    tail = symbolic.rpartition(".")[2]
    if "-" in tail and version and _NAME.fullmatch(tail):
        # As Tomcat's own distribution does: catalina.jar is org.apache.tomcat-catalina.
        return tail, version, MANIFEST
    if _is_meant(stem, title, symbolic):
        return stem, version, MANIFEST
    for name in (title, symbolic):
        if _NAME.fullmatch(name) and version:
            return name, version, MANIFEST
    return (stem if _NAME.fullmatch(stem) else ""), None, FILE_NAME


def _stated(manifest: Mapping[str, str]) -> list[str]:
    names = ("implementation-version", "bundle-version")
    found = (manifest.get(name, "").partition(" ")[0] for name in names)
    return [version for version in found if _VERSION.fullmatch(version)]


def _is_classified(version: str, known: str) -> bool:
    rest = version.removeprefix(known)
    return rest != version and _CLASSIFIER.fullmatch(rest) is not None


def _is_meant(stem: str, title: str, symbolic: str) -> bool:
    """Whether the manifest speaks of the artifact that the file is named after."""
    plain = stem.lower().replace("-", ".").replace("_", ".")
    names = [name.lower().replace("-", ".").replace("_", ".") for name in (title, symbolic)]
    return any(name and (name == plain or name.endswith("." + plain)) for name in names)
