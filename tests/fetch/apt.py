"""Debian packages of any suite, fetched into a private apt root; the system's apt stays untouched.

The mirror is the one that this machine's own apt sources name. Signatures are checked against
Debian's archive keyring. Nothing is installed and no maintainer script runs: `deb.py` unpacks.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.component import default_root, locked
from tests.fetch.outcome import GoneError, UnavailableError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUITES = ("bullseye", "bookworm", "trixie", "forky", "sid")
# Suites that have a security archive of their own, and the name of it.
SECURITY = {suite: f"{suite}-security" for suite in ("bullseye", "bookworm", "trixie")}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Sources of these suites are Debian's own; a third party's archive names other suites.
OWN_SUITE = re.compile(r"^(bullseye|bookworm|trixie|forky|sid|stable|testing|unstable)$")
OWN_SECURITY = re.compile(r"^\w+[-/](security|updates)$")
# What apt says of a file that is in the list and no longer on the mirror.
NOT_SERVED = "404  Not Found"
# Lists younger than this are not asked for again: the suites move once a day at most.
LIST_SECONDS = 24 * 3600


class PrivateApt:
    """One suite of one architecture, with its own lists, archives and empty package database."""

    def __init__(self, suite: str, arch: str = "amd64", cache: Path | None = None) -> None:
        """Use a folder below `cache` (the toolbox by default), made at the first download."""
        if suite not in SUITES:
            raise ValueError(f"unknown suite {suite}")
        self.suite = suite
        self.arch = arch
        self.root = (cache or default_root()) / "apt" / f"{suite}-{arch}"

    def download(self, packages: Sequence[str], *, closure: bool = True) -> list[Path]:
        """Return the .deb files of the packages, and with `closure` of all that they depend on.

        Recommended packages are left out. Raises UnavailableError when the suite has no such
        package or cannot be reached, GoneError when the list names a file that is not served.
        """
        with locked(self.root / "lock"):
            self._prepare()
            names = self._closure(packages) if closure else list(packages)
            files = self._files(names)
            if not all(file.exists() for file in files):
                self._get("download", *names)
            return files

    def source(self, package: str, folder: Path) -> Path:
        """Unpack the newest source of the package into `folder`; return the folder of the tree.

        Debian's patches are applied. Raises UnavailableError as `download` does.
        """
        folder.mkdir(parents=True)
        with locked(self.root / "lock"):
            self._prepare()
            self._get("source", "--download-only", package, cwd=folder)
        (description,) = folder.glob("*.dsc")
        tree = folder / "tree"
        run(["dpkg-source", "--no-check", "--extract", description, tree], cwd=folder)
        return tree

    def version(self, package: str) -> str:
        """Return the version that the suite would install. Raises UnavailableError when none."""
        with locked(self.root / "lock"):
            self._prepare()
            for line in self._apt("apt-cache", "policy", package).splitlines():
                word, _, value = line.strip().partition(": ")
                if word == "Candidate" and value != "(none)":
                    return value
        raise UnavailableError(f"{self.suite} has no {package}")

    def _prepare(self) -> None:
        for folder in ("lists/partial", "archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        (self.root / "sources.list").write_text("".join(self._sources()))
        updated = self.root / "updated"
        if updated.exists() and time.time() - updated.stat().st_mtime < LIST_SECONDS:
            return
        # A list that cannot be had must be an error here, not a warning: an old one would serve.
        self._apt("apt-get", "-qq", "update", "--error-on=any")
        updated.touch()

    def _sources(self) -> Iterator[str]:
        if not KEYRING.exists():
            raise UnavailableError("no Debian keys here: install debian-archive-keyring")
        main, security = mirrors()
        options = f"[arch={self.arch} signed-by={KEYRING}]"
        for kind in ("deb", "deb-src"):
            yield f"{kind} {options} {main} {self.suite} main\n"
        if security and self.suite in SECURITY:
            yield f"deb {options} {security} {SECURITY[self.suite]} main\n"

    def _closure(self, packages: Sequence[str]) -> list[str]:
        plan = self._apt("apt-get", "-qq", "--simulate", "install", *packages)
        found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", plan, re.MULTILINE)
        return [f"{name}={version}" for name, version in found]

    def _files(self, names: Sequence[str]) -> list[Path]:
        """Return where apt keeps each file: epoch and architecture are part of the name."""
        listing = self._apt("apt-cache", "show", "--no-all-versions", *names)
        files = []
        for text in listing.strip().split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture): (.*)$", text, re.MULTILINE))
            version = fields["Version"].replace(":", "%3a")
            name = f"{fields['Package']}_{version}_{fields['Architecture']}.deb"
            files.append(self.root / "archives" / name)
        return files

    def _get(self, *words: str, cwd: Path | None = None) -> None:
        try:
            self._apt("apt-get", "-qq", *words, cwd=cwd)
        except UnavailableError as error:
            if NOT_SERVED in str(error):
                raise GoneError(f"{self.suite} lists it, its mirror has it no longer") from error
            raise

    def _apt(self, program: str, *words: str, cwd: Path | None = None) -> str:
        settings = {
            "Dir::State": self.root,
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root,
            "Dir::Cache::archives": self.root / "archives",
            "Dir::Etc::sourcelist": self.root / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": self.arch,
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            # A suite that is no longer updated has an old date; its signature is still checked.
            "Acquire::Check-Valid-Until": "false",
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "root",
        }
        options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        # Not the system's list of architectures: it would be asked for in each of them.
        options += ["-o", f"APT::Architectures::={self.arch}"]
        env = dict(os.environ, LC_ALL="C")
        return run([program, *options, *words], cwd=cwd or self.root / "archives", env=env)


def mirrors(etc: Path = Path("/etc/apt")) -> tuple[str, str | None]:
    """Return Debian's mirror and its security mirror, as this machine's apt sources name them.

    Raises UnavailableError when no source is Debian's. Formats: sources.list(5), both styles.
    """
    main: str | None = None
    security: str | None = None
    for uri, suite in _entries(etc):
        if OWN_SECURITY.match(suite) and suite.endswith(("-security", "/updates")):
            security = security or uri
        elif OWN_SUITE.match(suite):
            main = main or uri
    if main is None:
        raise UnavailableError("this machine's apt sources name no Debian mirror")
    return main, security


def _entries(etc: Path) -> Iterator[tuple[str, str]]:
    for file in sorted([*etc.glob("sources.list"), *etc.glob("sources.list.d/*.list")]):
        pattern = r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s"
        yield from re.findall(pattern, file.read_text(), re.MULTILINE)
    for file in sorted(etc.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            fields = dict(re.findall(r"^(URIs|Suites):\s*(.*)$", stanza, re.MULTILINE))
            for suite in fields.get("Suites", "").split():
                yield from ((uri, suite) for uri in fields.get("URIs", "").split())
