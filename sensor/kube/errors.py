"""What can go wrong between us and the API server. Each says the next step in `help`.

KubeError
├── NoCredentials    no usable CA, token, certificate or kubeconfig
├── Unreachable      no answer: network, TLS, or an answer that breaks off
├── Closed           we were told to stop: normal, caught where the watch runs
├── TooLarge         an answer longer than its bound
└── Refused          an answer that is not 200
    ├── Unauthorized 401: the token or certificate is not accepted (any more)
    ├── Forbidden    403: the ClusterRole does not allow it
    ├── NotFound     404
    └── Expired      410, or a version the server does not have: list again
"""

from __future__ import annotations

from sensor.errors import SensorError


class KubeError(SensorError):
    """Base of all that the cluster can answer, or not answer."""

    help = "Without the API server containers are reported by their ids only; it is tried again."


class NoCredentials(KubeError):
    """The settings say no way, or a broken way, to the API server."""

    help = (
        "In a cluster the pod needs its service account token (automountServiceAccountToken); "
        "outside of one give --kubeconfig FILE with a server, a CA and a user."
    )
    exit_code = 2


class Unreachable(KubeError):
    """Nobody answered, or the connection broke."""

    help = (
        "Check that the pod may reach the API server (network policies, KUBERNETES_SERVICE_HOST), "
        "and that its certificate is of the CA we were given; it is tried again."
    )


class Closed(KubeError):
    """We were told to stop while asking."""

    help = "The sensor is ending."


class TooLarge(KubeError):
    """The server sent more than one answer may have: it is asked again in smaller pages."""

    help = "Some pod object is unusually large (annotations, environment): look for it by size."


class Refused(KubeError):
    """The server answered with another status than 200.

    `status` is the HTTP code, `reason` the word of the API ("Forbidden", "Expired", …; "" when the
    answer was not one of the API), `after` the seconds it asks us to wait, None when it does not.
    """

    help = "The API server refuses or is overloaded: its answer is in the message; tried again."

    def __init__(
        self, status: int, message: str, reason: str = "", after: float | None = None
    ) -> None:
        """Say which status, and what the server said."""
        super().__init__(f"the API server answered {status}: {message}")
        self.status = status
        self.reason = reason
        self.after = after


class Unauthorized(Refused):
    """401."""

    help = (
        "The token is not accepted: it expired, or its service account is gone. In a cluster the "
        "mounted token is read again by itself; outside log in again, or mend the exec plugin."
    )


class Forbidden(Refused):
    """403."""

    help = "The ClusterRole and its binding are missing or changed: install the chart's again."


class NotFound(Refused):
    """404."""

    help = "The object is gone, or the server does not have this API."


class Expired(Refused):
    """410 Gone, or a resource version that the server does not know (any more, or yet)."""

    help = "Normal after a restart of the API server: everything is listed again."


BY_STATUS: dict[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Expired,
}
