"""Buildah in a storage of its own, without any registry: makes a base image and builds on it.

The storage lies beside the toolbox and is kept: layers that did not change are not built again. All
of it needs root.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.component import default_root, locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
BASE = "localhost/runtime-sensor-base"
IMAGE = "localhost/runtime-sensor"
# Signatures are of registries, and none is asked: the only images are those made here.
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}
# Where each system keeps the certificates that its clients trust (Debian; Red Hat).
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
INSIDE = "/etc/ssl/certs/ca-certificates.crt"
# Settings of pip that name files of this machine: they mean nothing inside.
LOCAL = {"cert", "find-links", "cache-dir", "log"}
SECONDS = 600
# Layers of former trees are kept for the next build; of more than this most are of no use.
MOST_LAYERS = 200
# Other checkouts of this machine use the same storage, maybe just now.
KEPT = 5


class BuildFailed(Exception):
    """Buildah ended with an error; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Buildah:
    """Buildah with its storage in `folder`."""

    folder: Path

    def run(self, *words: str | Path) -> str:
        """What it printed. Raises BuildFailed."""
        done = subprocess.run(
            ["buildah", *self._storage(), *words],
            env={**os.environ, "CONTAINERS_REGISTRIES_CONF": str(self._file("registries.conf"))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise BuildFailed(f"buildah {words[0]}: {(done.stdout + done.stderr)[-4000:]}")
        return done.stdout.strip()

    def prepare(self) -> None:
        """Write the settings; no registry is in them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file("policy.json").write_text(json.dumps(POLICY))
        self._file("registries.conf").write_text("unqualified-search-registries = []\n")
        self._file("pip.conf").write_text(pip_settings())

    def has(self, image: str) -> bool:
        """Whether the storage has the image."""
        names = json.loads(self.run("images", "--json") or "[]") or []
        return any(image in (each.get("names") or ()) for each in names)

    def base(self, rootfs: Path, tag: str) -> str:
        """The image of a root folder, made when it is not there."""
        image = f"{BASE}:{tag}"
        if not self.has(image):
            container = self.run("from", "scratch")
            try:
                self.run("add", "--quiet", container, f"{rootfs}/", "/")
                self.run("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
                self.run("commit", "--quiet", *self._policy(), container, image)
            finally:
                self.run("rm", container)
        return image

    def build(self, base: str, image: str) -> None:
        """Build our Dockerfile on the base."""
        certificates = next(path for path in CERTIFICATES if Path(path).exists())
        volumes = (f"{certificates}:{INSIDE}:ro", f"{self._file('pip.conf')}:/etc/pip.conf:ro")
        self.run(
            *("bud", "--quiet", "--layers", "--pull-never", "--isolation", "chroot"),
            *("--network", "host", *self._policy(), "--build-arg", f"BASE={base}"),
            *(word for volume in volumes for word in ("--volume", volume)),
            *("--file", ROOT / "Dockerfile", "--tag", image, ROOT),
        )

    def forget(self) -> None:
        """Remove the images of former trees but the newest, and layers when there are many."""
        found = [
            (each["created"], name)
            for each in json.loads(self.run("images", "--json"))
            for name in each.get("names") or ()
            if name.startswith(f"{IMAGE}:")
        ]
        used = {each["imagename"] for each in json.loads(self.run("containers", "--json")) or ()}
        for _, name in sorted(found, reverse=True)[KEPT:]:
            if name not in used:
                self.run("rmi", name)
        if len(self.run("images", "--all", "--quiet").splitlines()) > MOST_LAYERS:
            self.run("rmi", "--prune", "--force")

    def archive(self, image: str, file: Path) -> None:
        """Write the image as an OCI archive, which `ctr images import` takes."""
        file.unlink(missing_ok=True)
        self.run("push", "--quiet", *self._policy(), image, f"oci-archive:{file}:{image}")

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """The root folder of the image; what is written there is lost."""
        container = self.run("from", "--pull-never", *self._policy(), image)
        try:
            yield Path(self.run("mount", container))
        finally:
            self.run("rm", container)

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _policy(self) -> Sequence[str]:
        return ("--signature-policy", str(self._file("policy.json")))

    def _storage(self) -> Sequence[str]:
        places = {"--root": "storage", "--runroot": "run"}
        return [word for flag, name in places.items() for word in (flag, str(self._file(name)))]


def pip_settings() -> str:
    """The pip.conf for inside: this machine's own settings, with the certificates of inside."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
    kept = {key: value for key, value in found.items() if key not in LOCAL} | {"cert": INSIDE}
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in kept.items())


def sources() -> str:
    """A digest of everything that goes into the image."""
    digest = hashlib.sha256()
    names = ("Dockerfile", ".dockerignore", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
    rooms = (ROOT / room for room in ("sensor", "probes", "ebpf_prebuilt"))
    files = [ROOT / name for name in names]
    files += sorted(
        file
        for room in rooms
        for file in room.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    )
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def built(rootfs: Path, suite: str) -> tuple[Buildah, str]:
    """The image of this tree, built unless the storage has it. Raises BuildFailed.

    `rootfs` is the base's root folder, of the toolbox; one build runs at a time.
    """
    buildah = Buildah(default_root() / "images")
    with locked(default_root() / ".locks" / "images"):
        buildah.prepare()
        image = f"{IMAGE}:{sources()}"
        if not buildah.has(image):
            buildah.build(buildah.base(rootfs, suite), image)
            buildah.forget()
    return buildah, image
