"""Lines of the log: JSON or text, never a secret, never a control character."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest

from sensor import log

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGGER = log.logger("sensor.test")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Give back what `setup` changes."""
    root, ours, libs = (
        logging.getLogger(),
        logging.getLogger("sensor"),
        logging.getLogger("urllib3"),
    )
    before = root.handlers[:], root.level, ours.level, libs.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    libs.setLevel(before[3])
    log._secrets.clear()  # noqa: SLF001 - the state of the module


def lines(form: str = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    log.setup(level, form, stream)
    return stream


def test_a_line_is_one_object_with_its_fields() -> None:
    stream = lines()
    LOGGER.info("report sent", extra=log.fields(places=3, sink="file", at=1.5, none=None))
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line["message"] == "report sent"
    assert (line["level"], line["logger"]) == ("info", "sensor.test")
    assert (line["places"], line["sink"], line["at"], line["none"]) == (3, "file", 1.5, None)


def test_without_a_terminal_it_is_json() -> None:
    stream = lines("auto")
    LOGGER.warning("x")
    assert json.loads(stream.getvalue())["message"] == "x"


@pytest.mark.parametrize("form", ["json", "text"])
def test_hidden_texts_are_cut_out_of_every_line(form: str) -> None:
    stream = lines(form)
    log.hide("very-secret-token")
    log.hide("x")  # too short to be one: it stands in ordinary words
    LOGGER.info("sent very-secret-token", extra=log.fields(url="https://very-secret-token@x"))
    assert "very-secret" not in stream.getvalue()
    assert stream.getvalue().count(log.HIDDEN) == 2


def test_text_obeys_nobody() -> None:
    stream = lines("text")
    LOGGER.info("name", extra=log.fields(name="\x1b[2Jx\ny"))
    assert stream.getvalue().count("\n") == 1
    assert "name=\\x1b[2Jx\\ny" in stream.getvalue()


def test_a_name_that_is_no_utf_8_can_be_logged() -> None:
    stream = lines()
    LOGGER.info("x", extra=log.fields(name="a\udcffb"))
    assert json.loads(stream.getvalue())["name"] == "a\\udcffb"


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_is_told_by_type_and_place_without_its_values(form: str) -> None:
    stream = lines(form)
    try:
        int("bytes of a workload")
    except ValueError:
        LOGGER.exception("it broke")
    assert "bytes of a workload" not in stream.getvalue()
    assert "ValueError at test_log.py:" in stream.getvalue()


def test_levels() -> None:
    stream = lines(level="warning")
    LOGGER.info("no")
    LOGGER.warning("yes")
    logging.getLogger("urllib3.pool").warning("no")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["yes"]
