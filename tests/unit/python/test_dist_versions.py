"""Two spellings of one version, and two versions."""

from __future__ import annotations

import pytest

from sensor.resolvers.python.versions import differ


@pytest.mark.parametrize(
    ("stated", "recorded"),
    [
        ("1.0", "1.0.0"),
        ("v2.1", "2.1"),
        ("1.0-alpha1", "1.0a1"),
        ("2.3.0+cpu", "2.3.0"),
        ("2024.07.04", "2024.7.4"),
        ("1.0rc1", "1.0.RC1"),
    ],
)
def test_one_version(stated: str, recorded: str) -> None:
    assert not differ(stated, recorded)


@pytest.mark.parametrize(
    ("stated", "recorded"), [("1.0", "1.0.1"), ("1.0a1", "1.0"), ("2.0", "20"), ("x" * 300, "1")]
)
def test_two_versions(stated: str, recorded: str) -> None:
    assert differ(stated, recorded)
