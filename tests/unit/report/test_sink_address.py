"""The address of the receiver: what is taken, and what is refused with the setting's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.report.address import Address, BadAddress, parse
from sensor.report.proxy import BadProxy, Proxy, proxy_for

TARGET = "/v2/kubernetes-upstream/api/v1/runtime-results?version=2023-02-10"


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("api.snyk.io:443", "https://api.snyk.io:443"),
        ("api.eu.snyk.io", "https://api.eu.snyk.io:443"),
        (" api.snyk.io:443 ", "https://api.snyk.io:443"),
        ("https://API.snyk.io", "https://api.snyk.io:443"),
        ("https://receiver:8443/", "https://receiver:8443"),
        ("10.0.0.1:8443", "https://10.0.0.1:8443"),
        ("[fd00::1]:8443", "https://[fd00::1]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost:80"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_what_is_taken(text: str, base: str) -> None:
    assert parse(text).url == base + TARGET


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no HOST:PORT"),
        (":443", "no HOST:PORT"),
        ("api.snyk.io:0", "no HOST:PORT"),
        ("api.snyk.io:99999", "no HOST:PORT"),
        ("api.snyk.io:port", "no HOST:PORT"),
        ("api snyk.io", "no HOST:PORT"),
        ("api.snyk.io\nX: y", "no HOST:PORT"),
        ("[fe80::1", "no HOST:PORT"),
        ("[::zz]:443", "no HOST:PORT"),
        ("http://api.snyk.io", "in the clear"),
        ("http://10.0.0.1", "in the clear"),
        ("http://127.0.0.1.example", "in the clear"),
        ("ftp://api.snyk.io", "scheme 'ftp'"),
        ("https://api.snyk.io/v1", "more than HOST:PORT"),
        ("https://api.snyk.io?x=1", "more than HOST:PORT"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why) as caught:
        parse(text)
    assert "snykAPIBaseURL" in caught.value.help


@pytest.mark.parametrize("text", ["https://user:hunter2@api.snyk.io", "user:hunter2@ho st"])
def test_a_password_is_never_shown(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse(text)
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except BadAddress as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
    else:
        assert found.scheme == "https" or found.host in {"127.0.0.1", "::1", "localhost"}
        assert 0 < found.port <= 65535


def test_path_and_version_can_be_set() -> None:
    found = parse("api.snyk.io", "/hidden/groups/a b/facts", "2024-01-01~beta")
    assert found.target == "/hidden/groups/a%20b/facts?version=2024-01-01~beta"
    assert parse("api.snyk.io", "/x", "").target == "/x"


@pytest.mark.parametrize("path", ["x", "", "/x?y", "/x#y", "/x\n"])
def test_a_path_that_is_none(path: str) -> None:
    with pytest.raises(BadAddress, match="path"):
        parse("api.snyk.io", path)


SNYK = parse("api.snyk.io:443")


def way(no_proxy: str = "", address: Address = SNYK, **settings: str) -> Proxy | None:
    return proxy_for(
        address, {"https_proxy": "http://proxy:3128", "no_proxy": no_proxy, **settings}
    )


def test_without_settings_there_is_no_proxy() -> None:
    assert proxy_for(SNYK, {}) is None
    assert proxy_for(SNYK, {"HTTP_PROXY": "http://proxy:3128", "HTTPS_PROXY": " "}) is None


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_names_of_the_settings(name: str) -> None:
    assert proxy_for(SNYK, {name: "proxy:3128"}) == Proxy("http://proxy:3128")


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy", Proxy("http://proxy:80")),
        ("https://proxy/", Proxy("https://proxy:443")),
        ("http://me:p%40ss@proxy:8080", Proxy("http://proxy:8080", "me:p@ss")),
        ("http://[fd00::1]:8080", Proxy("http://[fd00::1]:8080")),
    ],
)
def test_the_forms_of_a_proxy(text: str, proxy: Proxy) -> None:
    assert way(https_proxy=text) == proxy


@pytest.mark.parametrize("text", ["socks5://me:hunter2@proxy", "http://me:hunter2@", "http://a:b"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(text: str) -> None:
    with pytest.raises(BadProxy) as caught:
        way(https_proxy=text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "exception",
    [
        *("*", "api.snyk.io", "API.SNYK.IO", ".snyk.io", "snyk.io", "*.snyk.io", "api.snyk.io."),
        *("api.snyk.io:443", "a, b ,.snyk.io"),
    ],
)
def test_a_host_that_is_excepted(exception: str) -> None:
    assert way(exception) is None


@pytest.mark.parametrize(
    "exception", ["", ",", "nyk.io", "api.snyk.io:8443", "10.0.0.0/8", "io.snyk.api", ".", "*x"]
)
def test_a_host_that_is_not_excepted(exception: str) -> None:
    assert way(exception) == Proxy("http://proxy:3128")


def test_networks_are_excepted_for_addresses() -> None:
    near = parse("10.1.2.3:8443")
    assert way("10.0.0.0/8", near) is None
    assert way("10.1.2.3", near) is None
    assert way("192.168.0.0/16", near) is not None
    assert way("fd00::/8", parse("[fd00::1]:8443")) is None


def test_this_machine_is_never_asked_for_by_way_of_another() -> None:
    assert way(address=parse("http://127.0.0.1:80"), http_proxy="http://proxy:1") is None
