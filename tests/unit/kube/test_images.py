"""Image names and digests, in each form that a runtime writes."""

from __future__ import annotations

import pytest

from sensor.kube.images import MOST_NAME, identity
from sensor.model.workload import ImageIdentity
from tests.unit.kube.made import CONFIG, DIGEST

HEX = CONFIG.removeprefix("sha256:")


@pytest.mark.parametrize(
    ("image_id", "digest", "config"),
    [
        (f"docker-pullable://shop/web@{DIGEST}", DIGEST, ""),
        (f"docker://{CONFIG}", "", CONFIG),
        (f"docker.io/shop/web@{DIGEST}", DIGEST, ""),
        (f"registry.example:5000/shop/web@{DIGEST}", DIGEST, ""),
        (CONFIG, "", CONFIG),
        (HEX, "", CONFIG),
        ("", "", ""),
        ("docker.io/shop/web:1", "", ""),
        ("docker://", "", ""),
        ("shop/web@sha256:short", "", ""),
        ("sha512:" + "ab" * 64, "", "sha512:" + "ab" * 64),
    ],
)
def test_every_form_of_an_image_id(image_id: str, digest: str, config: str) -> None:
    found = identity("shop/web:1", "docker.io/shop/web:1", image_id)
    assert (found.digest, found.config_digest) == (digest, config)
    assert (found.index_digest, found.manifest_digest, found.platform) == ("", "", "")


@pytest.mark.parametrize(
    ("spec", "image", "expected"),
    [
        ("web", "docker.io/library/web:latest", ("docker.io/library/web:latest", "latest", "")),
        ("web:1.2", "web:1.2", ("web:1.2", "1.2", "")),
        ("web", "", ("", "", "")),
        ("host:5000/web", "", ("", "", "")),
        ("host:5000/web:7", "", ("", "7", "")),
        ("web:1", CONFIG, ("", "1", CONFIG)),
        (f"web:1@{DIGEST}", "web:1", ("web:1", "1", "")),
        ("web:", "", ("", "", "")),
        ("web:no tag", "", ("", "", "")),
    ],
)
def test_names_and_tags(spec: str, image: str, expected: tuple[str, str, str]) -> None:
    found = identity(spec, image)
    assert (found.resolved, found.tag, found.config_digest) == expected
    assert found.spec == spec


def test_a_digest_in_the_spec_counts_until_the_status_tells_one() -> None:
    other = "sha256:" + "e2" * 32
    assert identity(f"web@{DIGEST}").digest == DIGEST
    assert identity(f"web@{DIGEST}", "web", f"web@{other}").digest == other


def test_a_configuration_is_known_by_both_fields() -> None:
    found = identity("web:1", CONFIG, f"docker.io/web@{DIGEST}")
    assert found == ImageIdentity("web:1", tag="1", digest=DIGEST, config_digest=CONFIG)


def test_long_names_are_cut() -> None:
    assert identity("w" * 5000).spec == "w" * MOST_NAME
