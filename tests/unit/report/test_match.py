"""Which packages a purl asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensor.errors import UsageError
from sensor.report.match import Wanted
from tests.support.seen import module, pypi

FLASK = pypi("Flask", "2.3.3")
NET = module("golang.org/x/net", "v0.17.0", ("http2",))
JSON = replace(pypi("Newtonsoft.Json", "10.0.3"), purl="pkg:nuget/Newtonsoft.Json@10.0.3")
YAML = replace(
    pypi("yaml", "6.0"),
    purl="pkg:deb/debian/python3-yaml@6.0-3?arch=amd64&distro=debian-12",
    aliases=("pkg:pypi/pyyaml@6.0",),
)


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("pkg:pypi/flask", FLASK),
        ("pkg:pypi/FLASK@2.3.3", FLASK),
        ("pkg:golang/golang.org/x/net", NET),
        ("pkg:golang/GoLang.org/X/Net@v0.17.0", NET),
        ("pkg:golang/golang.org/x/net@v0.17.0#http2", NET),
        ("pkg:nuget/newtonsoft.json@10.0.3", JSON),
        ("pkg:pypi/PyYAML", YAML),
        ("pkg:deb/debian/python3-yaml", YAML),
        ("pkg:deb/debian/python3-yaml?distro=debian-12", YAML),
    ],
)
def test_fits(text: str, package: object) -> None:
    assert Wanted.parse(text).fits(package)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("pkg:pypi/flask@2.3.4", FLASK),
        ("pkg:pypi/flask-cors", FLASK),
        ("pkg:npm/flask", FLASK),
        ("pkg:golang/golang.org/x/net/http2", NET),
        ("pkg:deb/ubuntu/python3-yaml", YAML),
        ("pkg:deb/debian/python3-yaml?distro=debian-11", YAML),
    ],
)
def test_does_not_fit(text: str, package: object) -> None:
    assert not Wanted.parse(text).fits(package)  # type: ignore[arg-type]


def test_an_unknown_version_fits_no_version_but_the_name() -> None:
    wanted = Wanted.parse("pkg:pypi/six@1.16.0")
    assert wanted.names(pypi("six", None))
    assert not wanted.fits(pypi("six", None))


def test_spellings_of_pep_503() -> None:
    assert Wanted.parse("pkg:pypi/Zope.Interface").fits(pypi("zope-interface", "6.0"))


@pytest.mark.parametrize("text", ["", "requests", "pkg:", "pkg:pypi", "pkg:pypi/", "\x1b[2J"])
def test_what_is_no_purl_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="is no package URL") as caught:
        Wanted.parse(text)
    assert str(caught.value).isprintable()
