"""The sink that speaks the Snyk wire: what each answer means, and which setting would mend it.

It keeps no report. While the gate is shut it makes no request, however often it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensor import log
from sensor.errors import SensorError, UsageError
from sensor.report.gate import Gate
from sensor.report.http import NoAnswer
from sensor.report.sink import Rejected, Retry
from sensor.report.snyk import bodies
from sensor.report.snykloaded import without_container
from sensor.report.token import NoToken

if TYPE_CHECKING:
    from sensor.model.batch import Batch
    from sensor.report.http import Answer, Client
    from sensor.report.snyk import Target
    from sensor.report.token import Token

LOGGER = log.logger(__name__)

ROLE_HELP: Final = (
    "The service account of the token needs the role Group Admin, or a group role with AppRisk "
    "edit, in the group that snykGroupId (SNYK_GROUP_ID) names."
)
CREDENTIAL_HELP: Final = (
    "Put a valid token of a Snyk service account into the key snykToken of the secret (or "
    "SNYK_TOKEN), and mind the region: a token of api.eu.snyk.io is not known to api.snyk.io."
)
PLACE_HELP: Final = (
    "Check snykAPIBaseURL (SNYK_API_BASE_URL, the region) and snykGroupId (SNYK_GROUP_ID)."
)


class BadTarget(UsageError):
    """A name that each report needs is not set."""

    help = "Set snykGroupId (SNYK_GROUP_ID) and clusterName (CLUSTER_NAME)."


class SnykSink:
    """Sends reports to the Snyk API, or to `runtime-sensor receive`."""

    name = "snyk"

    def __init__(
        self, client: Client, target: Target, token: Token, gate: Gate | None = None
    ) -> None:
        """Connect nowhere yet. Raises BadTarget."""
        _check(target)
        self._client = client
        self._target = target
        self._token = token
        self._gate = gate or Gate()
        self._problem: SensorError | None = None
        # The hash of the token that was refused: another one is tried at once.
        self._refused: int | None = None
        self._sunset = ""

    def send(self, batch: Batch) -> None:
        """Send a report in as many requests as it needs. Raises Retry, Rejected."""
        token = self._token_now()
        self._wait()
        parts = bodies(batch, self._target)
        for body in parts:
            self._send_one(body, token)
        self._gate.success()
        self._problem = None
        counts = {"requests": len(parts), "bytes": sum(map(len, parts))}
        left_out = without_container(batch)
        LOGGER.debug("report accepted", extra=log.fields(**counts, places_left_out=left_out))

    def close(self) -> None:
        """Close the connections. Closing twice is fine."""
        self._client.close()

    def _token_now(self) -> str:
        try:
            token = self._token.value()
        except NoToken as error:
            raise self._later(error, self._gate.remaining() or self._gate.refused()) from None
        if isinstance(self._problem, NoToken) or self._refused not in {None, hash(token)}:
            self._gate.open()
            self._problem = self._refused = None
        return token

    def _wait(self) -> None:
        remaining = self._gate.remaining()
        if remaining and self._problem:
            raise _retry(self._problem, remaining)

    def _send_one(self, body: bytes, token: str) -> None:
        self._refused = None
        try:
            answer = self._client.post(body, token)
        except NoAnswer as error:
            raise self._later(error, self._gate.trouble()) from None
        self._note_sunset(answer)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success, RFC 9110 15.3
            self._not_accepted(answer, token)

    def _not_accepted(self, answer: Answer, token: str) -> None:
        """Shut the gate, and raise what the answer means."""
        details = log.fields(status=answer.status, request_id=answer.request_id)
        LOGGER.debug("request not accepted", extra=details)
        error = _meaning(answer, self._client.address.base, self._target)
        if answer.status == 429:  # noqa: PLR2004 - too many requests, RFC 6585
            raise self._later(error, self._gate.too_many(answer.after))
        if answer.status == 408 or answer.status >= 500:  # noqa: PLR2004 - their trouble, RFC 9110
            raise self._later(error, self._gate.trouble(answer.after))
        wait = self._gate.refused()
        if answer.status == 401:  # noqa: PLR2004 - the secret can be replaced while we run
            self._refused = hash(token)
            raise self._later(error, wait)
        self._problem = error
        rejected = Rejected(str(error))
        rejected.help = error.help
        raise rejected

    def _later(self, error: SensorError, after: float) -> Retry:
        self._problem = error
        return _retry(error, after)

    def _note_sunset(self, answer: Answer) -> None:
        """A version of the API that will go is told once: somebody has to update the sensor."""
        if answer.sunset and answer.sunset != self._sunset:
            LOGGER.warning("this version of the API ends", extra=log.fields(sunset=answer.sunset))
        self._sunset = answer.sunset or self._sunset


def _check(target: Target) -> None:
    if not target.group_id:
        raise BadTarget("snykGroupId is not set: a report must say which group it belongs to")
    if not target.cluster:
        raise BadTarget("clusterName is not set: a report must say which cluster it is about")
    if not target.agent_id:
        raise BadTarget("this agent has no id: neither the node's UID nor one of its own is known")


def _retry(error: SensorError, after: float) -> Retry:
    retry = Retry(str(error), after)
    retry.help = error.help
    return retry


class _Answered(SensorError):
    """An answer that is no acceptance, in words."""

    def __init__(self, text: str, next_step: str) -> None:
        super().__init__(text)
        self.help = next_step


def _meaning(answer: Answer, base: str, target: Target) -> _Answered:
    text, next_step = _words(answer.status, base, target)
    said = f": {answer.words}" if answer.words else ""
    return _Answered(f"{text} ({answer.status}){said}", next_step)


def _words(status: int, base: str, target: Target) -> tuple[str, str]:
    """What a status means, and the next step."""
    group = target.group_id
    known = {
        400: (f"{base} does not accept the report as it is, or group {group} is none", PLACE_HELP),
        401: (f"{base} does not accept the token", CREDENTIAL_HELP),
        403: (f"the token may not report for group {group} at {base}", ROLE_HELP),
        404: (f"{base} does not take reports for group {group}", PLACE_HELP),
        407: ("the proxy wants credentials", "Put them into HTTPS_PROXY: http://USER:PASSWORD@…"),
        413: (f"{base} finds the report too large", PLACE_HELP),
        429: (f"{base} has had too many requests with this token", Retry.help),
    }
    if status in known:
        return known[status]
    if 300 <= status < 400:  # noqa: PLR2004 - redirection, RFC 9110 15.4
        return f"{base} sends us elsewhere, and a token is not sent on", PLACE_HELP
    trouble = status >= 500 or status == 408  # noqa: PLR2004 - as in `_not_accepted`
    return f"{base} {'has trouble' if trouble else 'refuses the report'}", Retry.help
