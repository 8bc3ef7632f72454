"""A kubeconfig file → an Endpoint for our own client. The only file that imports `kubernetes`.

The package knows contexts, inline certificates, exec plugins and cloud logins; we take what it
finds and speak with the server ourselves. Importing it takes 0.3 to 0.7 s of CPU and 30 MiB (its
typed API, which is not used, 115 MiB and 2 s): so it is imported only here, in a function, and
never inside a cluster.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from sensor.kube.endpoint import Endpoint
from sensor.kube.errors import NoCredentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The name of the token's place in Configuration.api_key: since 36 or so, and before.
TOKEN_KEYS = ("BearerToken", "authorization")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Configuration(Protocol):
    """What of the package's Configuration is used."""

    host: str
    ssl_ca_cert: str | None
    cert_file: str | None
    key_file: str | None
    tls_server_name: str | None
    verify_ssl: bool
    proxy: str | None
    api_key: dict[str, str]
    refresh_api_key_hook: Callable[[Configuration], None] | None


def endpoint_of(file: Path, context: str | None = None) -> Endpoint:
    """The server of a context (the current one) and how its user is let in.

    Runs the user's exec plugin, if there is one. Raises NoCredentials.
    """
    configuration = _load(file, context)
    url = str(configuration.host).rstrip("/")
    _check(url, configuration)
    token = KubeconfigToken(file, context, configuration)
    if not token.value() and not configuration.cert_file:
        raise NoCredentials(f"{file}: the user has no token and no certificate we could use")
    return Endpoint(
        url=url,
        ca=configuration.ssl_ca_cert,
        token=token if token.value() else None,
        certificate=configuration.cert_file,
        key=configuration.key_file,
        server_name=configuration.tls_server_name,
    )


class KubeconfigToken:
    """The token of a kubeconfig's user; an expired one is made anew by the package."""

    def __init__(self, file: Path, context: str | None, configuration: Configuration) -> None:
        """Keep what was loaded."""
        self._file = file
        self._context = context
        self._configuration = configuration
        self._is_stale = False
        self._lock = threading.Lock()

    def value(self) -> str:
        """The token to send now, "" for a user without one. Raises NoCredentials."""
        with self._lock:
            if self._is_stale:
                self._configuration = _load(self._file, self._context)
                self._is_stale = False
            header = _authorization(self._configuration)
        kind, _, token = header.partition(" ")
        if header and (kind != "Bearer" or not token):
            raise NoCredentials(f"{self._file}: only bearer tokens and certificates are supported")
        return token

    def renew(self) -> None:
        """Load everything again at the next use; the exec plugin is run again."""
        self._is_stale = True


def _load(file: Path, context: str | None) -> Configuration:
    from kubernetes import client, config  # noqa: PLC0415 (0.7 s of CPU, 30 MiB)

    configuration = cast("Configuration", client.Configuration())
    load: Callable[..., None] = config.load_kube_config
    configuration.proxy = None  # it takes the environment's; a proxy-url of the file is told below
    try:
        load(str(file), context, configuration, persist_config=False)
    except Exception as error:
        # Only the first line: YAML's others can quote the file.
        why = str(error).partition("\n")[0] or type(error).__name__
        raise NoCredentials(f"{file}: {why}") from error
    return configuration


def _check(url: str, configuration: Configuration) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise NoCredentials(f"{url} is not an https server: a token must not be sent to it")
    if not configuration.verify_ssl:
        raise NoCredentials("insecure-skip-tls-verify is set: give certificate-authority instead")
    if configuration.proxy:
        raise NoCredentials("proxy-url is not supported: the API server must be reached directly")


def _authorization(configuration: Configuration) -> str:
    hook = configuration.refresh_api_key_hook
    if hook is not None:
        hook(configuration)
    return next((v for key in TOKEN_KEYS if (v := configuration.api_key.get(key))), "")
