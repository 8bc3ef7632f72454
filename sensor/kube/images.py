"""Every name of an image, out of what a pod says about one container. Pure.

The runtimes write the same two fields of a status in many forms:

- `imageID`: `docker-pullable://NAME@sha256:…` and `docker://sha256:…` (dockershim, until 1.23);
  `NAME@sha256:…` (containerd, CRI-O); `sha256:…` or 64 bare hex digits where the image has no
  repository (imported, or CRI-O): that is the digest of its configuration.
- `image`: the name, with a tag; or `sha256:…`, the configuration, when the name was lost.
"""

from __future__ import annotations

import re

from sensor.model.workload import ImageIdentity

# docker's reference grammar allows 255 characters for a repository and 128 for a tag.
MOST_NAME = 1024
# OCI image-spec, descriptor.md: algorithm and encoded part.
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,128}")
_BARE = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SCHEME = re.compile(r"[a-z-]{1,40}://")


def identity(spec: str, image: str = "", image_id: str = "") -> ImageIdentity:
    """The image of a container: `spec` from the pod's spec, the other two from its status."""
    spec, image, image_id = spec[:MOST_NAME], image[:MOST_NAME], image_id[:MOST_NAME]
    name, config = ("", _digest(image)) if _digest(image) else (image, "")
    return ImageIdentity(
        spec=spec,
        resolved=name,
        tag=_tag(spec) or _tag(name),
        digest=_repository_digest(image_id) or _repository_digest(spec),
        config_digest=_digest(_SCHEME.sub("", image_id, count=1)) or config,
    )


def _digest(text: str) -> str:
    """The digest, if the text is nothing else; with its algorithm."""
    if _BARE.fullmatch(text):
        return f"sha256:{text}"
    return text if _DIGEST.fullmatch(text) else ""


def _repository_digest(text: str) -> str:
    _, at, digest = text.rpartition("@")
    return _digest(digest) if at else ""


def _tag(name: str) -> str:
    """What stands behind the last colon, if that is no port: `host:5000/app` has no tag."""
    _, colon, tag = name.partition("@")[0].rpartition("/")[2].partition(":")
    return tag if colon and _TAG.fullmatch(tag) else ""
