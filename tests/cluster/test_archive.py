"""The image archives of the lab hold what they say, and the same image is the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.archive import Image, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def image(tmp_path: Path) -> Image:
    tree = tmp_path / "tree"
    (tree / "lib").mkdir(parents=True)
    (tree / "lib" / "a.txt").write_text("a")
    return Image("localhost/x/y:1", {"/opt": tree}, ("/bin/sh",), {"/bin/sh": "busybox"})


def blobs(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            file = opened.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    return found


def blob(found: dict[str, bytes], described: dict[str, Any]) -> bytes:
    """Return the blob, which must have the digest and the size that it is described with."""
    kind, digest = described["digest"].split(":")
    data = found[f"blobs/{kind}/{digest}"]
    assert hashlib.sha256(data).hexdigest() == digest
    assert len(data) == described["size"]
    return data


def test_each_part_is_found_by_its_digest(image: Image, tmp_path: Path) -> None:
    found = blobs(write([image], tmp_path / "image.tar"))
    (first,) = json.loads(found["index.json"])["manifests"]
    assert first["annotations"] == {"io.containerd.image.name": "localhost/x/y:1"}
    manifest = json.loads(blob(found, first))
    config = json.loads(blob(found, manifest["config"]))
    assert config["config"]["Cmd"] == ["/bin/sh"]
    (described,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [described["digest"]]
    with tarfile.open(fileobj=io.BytesIO(blob(found, described))) as layer:
        assert layer.getnames() == ["opt", "opt/lib", "opt/lib/a.txt", "bin/sh"]
        assert layer.getmember("bin/sh").linkname == "busybox"
        assert {member.mtime for member in layer.getmembers()} == {0}


def test_the_same_image_is_the_same_bytes(image: Image, tmp_path: Path) -> None:
    first = write([image], tmp_path / "1.tar")
    second = write([image], tmp_path / "2.tar")
    assert blobs(first) == blobs(second)


def test_images_on_the_same_root_share_its_layer(image: Image, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "below.txt").write_text("below")
    images = [
        replace(image, name=name, files={"/": root, **image.files}, command=(name,))
        for name in ("localhost/x/one:1", "localhost/x/two:1")
    ]
    found = blobs(write(images, tmp_path / "images.tar"))
    listed = json.loads(found["index.json"])["manifests"]
    assert [each["annotations"]["io.containerd.image.name"] for each in listed] == [
        each.name for each in images
    ]
    first, second = (json.loads(blob(found, each))["layers"] for each in listed)
    assert first == second
    lower, upper = (blob(found, each) for each in first)
    for data, names in (
        (lower, ["", "below.txt"]),
        (upper, ["opt", "opt/lib", "opt/lib/a.txt", "bin/sh"]),
    ):
        with tarfile.open(fileobj=io.BytesIO(data)) as layer:
            assert layer.getnames() == names
    # Layout and index, a manifest and a configuration of each, and the two layers.
    assert len(found) == 2 + 2 * 2 + 2
