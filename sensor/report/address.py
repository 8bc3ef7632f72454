"""Where reports go: the text of `snykAPIBaseURL`, path and version become one checked URL. Pure.

The documented value is `host:port` without a scheme (`api.snyk.io:443`): that means https. Plain
http sends the token in the clear, so it must be written and must stay on this machine.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from sensor.errors import UsageError

# The one public precedent (kubernetes-monitor, src/transmitter/index.ts and config.default.json).
PATH: Final = "/v2/kubernetes-upstream/api/v1/runtime-results"
VERSION: Final = "2023-02-10"
HTTPS_PORT: Final = 443
HTTP_PORT: Final = 80
# A host name (RFC 1123) or an IPv4 address; an IPv6 address is checked apart.
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?", re.IGNORECASE)
# What a path may hold as it is (RFC 3986, pchar and "/").
_PATH_SAFE: Final = "/:@!$&'()*+,;=-._~%"


class BadAddress(UsageError):
    """The address of the receiver cannot be what it says."""

    help = (
        "Set snykAPIBaseURL (SNYK_API_BASE_URL, --api-base-url) to HOST:PORT, for example "
        "api.snyk.io:443 or api.eu.snyk.io:443."
    )


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `target` is the path with its query; `host` is without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def base(self) -> str:
        """What messages name: scheme, host and port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{name}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL of a request."""
        return self.base + self.target


def parse(text: str, path: str = PATH, version: str = VERSION) -> Address:
    """The address. Raises BadAddress."""
    scheme, host, port = _split(text)
    if scheme not in {"http", "https"}:
        raise BadAddress(f"the address of the Snyk API has the scheme {scheme!r}: only https")
    if scheme == "http" and not is_loopback(host):
        raise BadAddress(
            "the address of the Snyk API is http: the token would travel in the clear; plain http "
            "is for 127.0.0.1, [::1] and localhost only"
        )
    return Address(scheme, host, port or _default(scheme), _target(path, version))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(text: str) -> tuple[str, str, int | None]:
    whole = text.strip()
    if "://" not in whole:
        whole = f"https://{whole}"
    try:
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _unclear(text) from None
    if parts.username is not None or parts.password is not None:
        # Not shown: what stands before the @ can be a password.
        raise BadAddress("the address of the Snyk API holds a user name: the token is set apart")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadAddress(f"{_shown(text)} is more than HOST:PORT: the path is a setting of its own")
    if port == 0 or not _is_host(host):
        raise _unclear(text)
    return parts.scheme, host, port


def _unclear(text: str) -> BadAddress:
    return BadAddress(f"{_shown(text)} is no HOST:PORT")


def _shown(text: str) -> str:
    """The text for a message; not what stands before an @, which can be a password."""
    return ascii(text.rpartition("@")[2][:100])


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST.fullmatch(host))
    try:
        return bool(ipaddress.IPv6Address(host))
    except ValueError:
        return False


def _default(scheme: str) -> int:
    return HTTPS_PORT if scheme == "https" else HTTP_PORT


def _target(path: str, version: str) -> str:
    if not path.startswith("/") or not path.isprintable() or "?" in path or "#" in path:
        raise BadAddress(f"the path {path!r} of the Snyk API must begin with / and have no query")
    query = f"?version={quote(version, safe='~')}" if version else ""
    return quote(path, safe=_PATH_SAFE) + query
