"""Where the API server is and how to speak to it, from inside a pod. Opens no connection.

Inside a pod the kubelet tells all of it: two environment variables of our own process, and a
folder with the CA and a token (kubernetes.io, "Accessing the Kubernetes API from a Pod"). From
outside: `kubeconfig`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sensor.kube.errors import NoCredentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# A projected token is replaced at 80 % of its life, ten minutes at the least: client-go reads the
# file again each minute too.
TOKEN_AGE = 60.0
# A projected token has about 1.2 KB; a header line longer than this is refused by servers.
MOST_TOKEN = 64 << 10


class Token(Protocol):
    """Where the bearer token comes from."""

    def value(self) -> str:
        """The token to send now. Raises NoCredentials."""

    def renew(self) -> None:
        """Forget what is kept: the server did not accept it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API server. `url` has no slash at its end; `ca` None means the system's authorities.

    `certificate` and `key` are files of a client certificate; `server_name` is the name in the
    server's certificate where it is not that of `url`.
    """

    url: str
    ca: str | None = None
    token: Token | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None


class TokenFile:
    """The token of the service account; kept for a minute, since the kubelet replaces it."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet."""
        self._path = path
        self._clock = clock
        self._value = ""
        self._read_at = 0.0

    def value(self) -> str:
        """The token to send now. Raises NoCredentials."""
        if not self._value or self._clock() - self._read_at >= TOKEN_AGE:
            self._value = self._read()
            self._read_at = self._clock()
        return self._value

    def renew(self) -> None:
        """Read the file again at the next use."""
        self._value = ""

    def _read(self) -> str:
        try:
            with self._path.open(encoding="ascii") as file:
                value = file.read(MOST_TOKEN + 1).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NoCredentials(f"no token in {self._path}: {_why(error)}") from None
        # The text itself is never part of a message.
        if not value or len(value) > MOST_TOKEN or not value.isprintable():
            raise NoCredentials(f"{self._path} holds no token")
        return value


def in_cluster(
    settings: Mapping[str, str] | None = None, folder: Path = SERVICE_ACCOUNT
) -> Endpoint | None:
    """The API server of the cluster whose pod we are; None when we are not in a pod.

    `settings` are the variables of our own process. Raises NoCredentials when they name a server
    but the CA or the token is missing.
    """
    settings = os.environ if settings is None else settings
    host = settings.get("KUBERNETES_SERVICE_HOST", "")
    port = settings.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        return None
    if not port.isdecimal():
        raise NoCredentials(f"KUBERNETES_SERVICE_PORT is {port!r}, which is no port")
    token = TokenFile(folder / "token")
    token.value()
    if not (folder / "ca.crt").is_file():
        raise NoCredentials(f"no CA in {folder / 'ca.crt'}")
    name = f"[{host}]" if ":" in host else host  # an IPv6 address
    return Endpoint(f"https://{name}:{port}", str(folder / "ca.crt"), token)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not text"
