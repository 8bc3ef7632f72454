"""The image of this tree, built once for all tests, and its root folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fetch.chart import BASE_SUITE
from tests.harness.skips import need
from tests.image.buildah import built

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.fixtures import Toolbox
    from tests.image.buildah import Buildah


@pytest.fixture(scope="session")
def image(toolbox: Toolbox) -> tuple[Buildah, str]:
    """Buildah and the name of the image."""
    need(os.geteuid() == 0, "buildah builds images here as root", "root")
    toolbox.path("buildah")
    return built(toolbox.path("image-base"), BASE_SUITE)


@pytest.fixture(scope="session")
def rootfs(image: tuple[Buildah, str]) -> Iterator[Path]:
    """Where the root folder of the image is mounted."""
    buildah, name = image
    with buildah.mounted(name) as root:
        yield root
