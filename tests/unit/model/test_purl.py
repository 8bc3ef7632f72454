"""Package URLs are canonical: one thing has one spelling."""

from __future__ import annotations

import pytest
from packageurl import PackageURL

from sensor.model import purl


@pytest.mark.parametrize("name", ["Ruamel.YAML", "ruamel-yaml", "ruamel_yaml", "ruamel.-_yaml"])
def test_python_names_follow_pep_503(name: str) -> None:
    assert purl.pypi(name, "0.18.6") == "pkg:pypi/ruamel-yaml@0.18.6"


def test_unknown_version_is_left_out() -> None:
    assert purl.pypi("six", None) == "pkg:pypi/six"


def test_go_module_path_is_namespace_and_name() -> None:
    assert (
        purl.golang("github.com/google/uuid", "v1.6.0")
        == "pkg:golang/github.com/google/uuid@v1.6.0"
    )
    assert purl.golang("stdlib", "1.26.8") == "pkg:golang/stdlib@1.26.8"


def test_debian_versions_with_epoch_are_quoted_and_come_back() -> None:
    text = purl.deb("zlib1g", "1:1.2.13", arch="amd64", distro_id="debian", distro="debian-12")
    back = PackageURL.from_string(text)
    assert (back.namespace, back.name, back.version) == ("debian", "zlib1g", "1:1.2.13")
    assert back.qualifiers == {"arch": "amd64", "distro": "debian-12"}
