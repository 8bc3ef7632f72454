"""Images without a registry: an OCI archive for `ctr images import`.

Format: OCI image layout 1.0.0 and image spec 1.0 (index → manifest → config and layers); the name
is containerd's annotation `io.containerd.image.name`. A root folder is a layer of its own, which
several images of an archive share. Layers are not compressed: they travel from one folder to the
next.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OCI = "application/vnd.oci.image"


@dataclass(frozen=True, slots=True)
class Image:
    """A name, its files, and what is started.

    `files` maps a path in the image to a file or a folder here; `links` to what a symlink says.
    What is at "/" is the lower one of two layers.
    """

    name: str
    files: Mapping[str, Path]
    command: Sequence[str]
    links: Mapping[str, str]


class Blob(NamedTuple):
    """Bytes, and the digest that names them."""

    data: bytes
    digest: str


def write(images: Iterable[Image], out: Path) -> Path:
    """Write the archive; return `out`. The same images give the same bytes and the same digests."""
    blobs: dict[str, Blob] = {}
    roots: dict[Path, Blob] = {}
    manifests = []
    for image in images:
        layers = list(_layers(image, roots))
        config = _config(image, layers)
        manifest = _manifest(config, layers)
        manifests.append(_listed(image, manifest))
        blobs |= {blob.digest: blob for blob in (config, manifest, *layers)}
    with tarfile.open(out, "w") as archive:
        _add(archive, "oci-layout", _json(imageLayoutVersion="1.0.0"))
        _add(archive, "index.json", _json(schemaVersion=2, manifests=manifests))
        for digest, blob in blobs.items():
            _add(archive, f"blobs/{digest.replace(':', '/')}", blob)
    return out


def _layers(image: Image, roots: dict[Path, Blob]) -> Iterable[Blob]:
    """The layers, lowest first; `roots` are those of other images, and are added to."""
    above = dict(image.files)
    root = above.pop("/", None)
    if root:
        if root not in roots:
            roots[root] = _layer({"/": root}, {})
        yield roots[root]
    if above or image.links:
        yield _layer(above, image.links)


def _layer(files: Mapping[str, Path], links: Mapping[str, str]) -> Blob:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, source in files.items():
            archive.add(source, path.strip("/"), filter=_anonymous)
        for path, target in links.items():
            link = tarfile.TarInfo(path.strip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return _blob(buffer.getvalue())


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Drop what differs from machine to machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _config(image: Image, layers: Iterable[Blob]) -> Blob:
    return _json(
        architecture="amd64",
        os="linux",
        config={"Env": [PATH], "Cmd": list(image.command)},
        rootfs={"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    )


def _manifest(config: Blob, layers: Iterable[Blob]) -> Blob:
    return _json(
        schemaVersion=2,
        mediaType=f"{OCI}.manifest.v1+json",
        config=_described(f"{OCI}.config.v1+json", config),
        layers=[_described(f"{OCI}.layer.v1.tar", layer) for layer in layers],
    )


def _listed(image: Image, manifest: Blob) -> dict[str, object]:
    return {
        **_described(f"{OCI}.manifest.v1+json", manifest),
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": {"io.containerd.image.name": image.name},
    }


def _described(media_type: str, blob: Blob) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": len(blob.data)}


def _json(**fields: object) -> Blob:
    return _blob(json.dumps(fields).encode())


def _blob(data: bytes) -> Blob:
    return Blob(data, f"sha256:{hashlib.sha256(data).hexdigest()}")


def _add(archive: tarfile.TarFile, name: str, blob: Blob) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(blob.data)
    archive.addfile(member, io.BytesIO(blob.data))
