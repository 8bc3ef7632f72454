"""The token: where it comes from, what cannot be one, and that it never shows itself."""

from __future__ import annotations

import gzip
import io
import logging
import traceback
from typing import TYPE_CHECKING

import orjson
import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from urllib3.response import HTTPResponse

from sensor import log
from sensor.report import address
from sensor.report.gate import Gate
from sensor.report.http import Client
from sensor.report.sink import Rejected, Retry
from sensor.report.snyksink import SnykSink
from sensor.report.token import MAX_TOKEN, NoToken, Token
from tests.support.batches import TARGET, batch

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_goes_before_the_text_and_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "snykToken"
    token = Token("from-settings", file)
    file.write_text("first-token\n")
    assert token.value() == "first-token"
    file.write_text("second-token")
    assert token.value() == "second-token"
    assert Token("from-settings").value() == "from-settings"


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"two words", b"line\nbreak", b"\xff\xfe", b"x" * (MAX_TOKEN + 1)]
)
def test_what_cannot_be_a_token_is_refused_without_being_shown(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "snykToken"
    file.write_bytes(content)
    with pytest.raises(NoToken, match="snykToken") as caught:
        Token(file=file).value()
    assert "secretName" in caught.value.help
    assert str(caught.value).isprintable()
    assert not [word for word in content.decode("latin1").split() if word in str(caught.value)]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_secret_without_the_key(tmp_path: Path, kind: str) -> None:
    file = tmp_path if kind == "folder" else tmp_path / "snykToken"
    with pytest.raises(NoToken, match=r"No such file|Is a directory"):
        Token(file=file).value()


def test_no_token_at_all_names_the_setting() -> None:
    with pytest.raises(NoToken, match="SNYK_TOKEN"):
        Token().value()


# A token can be anything that fits into a header; real ones are UUIDs or signed. Marked, so that it
# is not found in an address or a time by chance.
tokens = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80).map(
    "qj{}jq".format
)
STATUSES = st.sampled_from([200, 204, 301, 400, 401, 403, 404, 413, 429, 500, 503])
BROKEN = (
    lambda text: urllib3.exceptions.ProtocolError(f"Connection aborted. {text}", OSError(text)),
    urllib3.exceptions.SSLError,
    lambda text: urllib3.exceptions.ProxyError(text, OSError(5, text)),
    urllib3.exceptions.InvalidHeader,
)


class Talker(Client):
    """A client whose server, or whose library, repeats all that it was told."""

    def __init__(self, status: int, broken: int | None) -> None:
        super().__init__(address.parse("api.example"))
        self._pool = Parrot(status, broken)


class Parrot(urllib3.PoolManager):
    def __init__(self, status: int, broken: int | None) -> None:
        super().__init__()
        self.status = status
        self.broken = broken

    def request(  # type: ignore[override]
        self, method: str, url: str, *, body: bytes, headers: dict[str, str], **_: object
    ) -> HTTPResponse:
        said = f"{method} {url} {headers}"
        if self.broken is not None:
            raise BROKEN[self.broken](said)
        assert gzip.decompress(body)
        answer = {"errors": [{"detail": headers["Authorization"] + said, "id": said}]}
        return HTTPResponse(
            io.BytesIO(orjson.dumps(answer)),
            {"Retry-After": said, "Sunset": said},
            self.status,
            preload_content=False,
        )


@given(tokens, STATUSES, st.none() | st.integers(0, len(BROKEN) - 1))
def test_the_token_is_in_no_error_and_no_log_whatever_the_server_says(
    text: str, status: int, broken: int | None
) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log.JsonFormatter())
    bare = Bare()
    root = logging.getLogger(log.ROOT)
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    root.addHandler(bare)
    known = set(log._secrets)  # noqa: SLF001 - so that later tests do not hide these words
    try:
        shown = sent(text, status, broken)
    finally:
        root.removeHandler(handler)
        root.removeHandler(bare)
        log._secrets.intersection_update(known)  # noqa: SLF001 - as above
    for told in (shown, written.getvalue(), "".join(bare.texts)):
        assert text.casefold() not in told.casefold()


class Bare(logging.Handler):
    """Records as they come, before anything cuts secrets out of them."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.getMessage()} {vars(record)}")


def sent(text: str, status: int, broken: int | None) -> str:
    """All that can be seen of one try: the objects, and the error with its whole traceback."""
    token = Token(text)
    client = Talker(status, broken)
    sink = SnykSink(client, TARGET, token, Gate())
    shown = f"{token!r} {token} {sink!r} {client!r}"
    try:
        sink.send(batch())
    except (Retry, Rejected) as error:
        shown += f"{error} {error!r} {error.help} {''.join(traceback.format_exception(error))}"
    return shown
