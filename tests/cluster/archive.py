"""Images without a registry: an OCI archive of one layer, for `ctr images import`.

Format: OCI image layout 1.0.0 and image spec 1.0 (index → manifest → config and layers); the name
is containerd's annotation `io.containerd.image.name`. The layer is not compressed: it travels from
one folder to the next.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OCI = "application/vnd.oci.image"


@dataclass(frozen=True, slots=True)
class Image:
    """A name, the files of the only layer, and what is started.

    `files` maps a path in the image to a file or a folder here; `links` to what a symlink says.
    """

    name: str
    files: Mapping[str, Path]
    command: Sequence[str]
    links: Mapping[str, str]


def write(image: Image, out: Path) -> Path:
    """Write the archive; return `out`. The same image gives the same bytes, so the same digest."""
    layer = _layer(image)
    config = _config(image, layer)
    manifest = _manifest(config, layer)
    index = _json(
        schemaVersion=2,
        manifests=[
            {
                **_blob(f"{OCI}.manifest.v1+json", manifest),
                "platform": {"architecture": "amd64", "os": "linux"},
                "annotations": {"io.containerd.image.name": image.name},
            }
        ],
    )
    with tarfile.open(out, "w") as archive:
        _add(archive, "oci-layout", _json(imageLayoutVersion="1.0.0"))
        _add(archive, "index.json", index)
        for blob in (config, manifest, layer):
            _add(archive, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
    return out


def _layer(image: Image) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, source in image.files.items():
            archive.add(source, path.strip("/"), filter=_anonymous)
        for path, target in image.links.items():
            link = tarfile.TarInfo(path.strip("/"))
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return buffer.getvalue()


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Drop what differs from machine to machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _config(image: Image, layer: bytes) -> bytes:
    return _json(
        architecture="amd64",
        os="linux",
        config={"Env": [PATH], "Cmd": list(image.command)},
        rootfs={"type": "layers", "diff_ids": [_digest(layer)]},
    )


def _manifest(config: bytes, layer: bytes) -> bytes:
    return _json(
        schemaVersion=2,
        mediaType=f"{OCI}.manifest.v1+json",
        config=_blob(f"{OCI}.config.v1+json", config),
        layers=[_blob(f"{OCI}.layer.v1.tar", layer)],
    )


def _blob(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
