"""Which proxy leads to a host, by the settings of our own process that every client knows.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not (small letters win, as in curl).
NO_PROXY is a list of names, `.suffixes`, addresses and networks (10.0.0.0/8), each perhaps with a
port; `*` is everything. Pure: the variables are given.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from sensor.errors import UsageError
from sensor.report.address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor.report.address import Address


class BadProxy(UsageError):
    """The proxy setting cannot be used. Its text is never shown: it can hold a password."""

    help = "Set HTTPS_PROXY to http://HOST:PORT (or https://), or name the host in NO_PROXY."


class Proxy(NamedTuple):
    """`url` is without credentials; those are "user:password", "" for none."""

    url: str
    credentials: str = ""


def proxy_for(address: Address, variables: Mapping[str, str]) -> Proxy | None:
    """The proxy to use, None for none. Raises BadProxy."""
    text = _setting(variables, f"{address.scheme}_proxy") or _setting(variables, "all_proxy")
    # This machine is never reached by way of another one.
    if not text or is_loopback(address.host):
        return None
    if _excepted(address, _setting(variables, "no_proxy")):
        return None
    return _parsed(text)


def _setting(variables: Mapping[str, str], name: str) -> str:
    return (variables.get(name) or variables.get(name.upper()) or "").strip()


def _parsed(text: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadProxy("the proxy setting is no URL") from None
    if parts.scheme not in {"http", "https"} or not host or not host.isprintable():
        raise BadProxy("the proxy setting must be http://HOST:PORT or https://HOST:PORT")
    name = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return Proxy(
        f"{parts.scheme}://{name}:{port or default}", "" if credentials == ":" else credentials
    )


def _excepted(address: Address, exceptions: str) -> bool:
    return any(_matches(address, word.strip().lower()) for word in exceptions.split(","))


def _matches(address: Address, word: str) -> bool:
    if not word:
        return False
    if word == "*":
        return True
    network = _network(word)
    if network is not None:
        return _is_in(address.host, network)
    name, _, port = word.rpartition(":") if word.rpartition(":")[2].isdecimal() else (word, "", "")
    if port and int(port) != address.port:
        return False
    name = name.strip("[]").removeprefix("*").lstrip(".").rstrip(".")
    host = address.host.lower().rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(word: str) -> _Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: _Network) -> bool:
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False  # a name: it is not looked up for this
