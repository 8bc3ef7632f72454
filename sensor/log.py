"""Logging of the commands that run for long: the one place that says how a line looks.

On a terminal a line is for people, elsewhere it is one JSON object. A line says what happened and
with which numbers and names; contents of files and of memory are never given to a logger. As a
second wall, every text that was given to `hide` is cut out of each line.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, TextIO

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = "sensor"
HIDDEN: Final = "[hidden]"
# A shorter text would be found inside ordinary words, and a token is never so short.
LEAST_SECRET: Final = 8
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
FORMS: Final = ("auto", "json", "text")

_secrets: set[str] = set()


def setup(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Send all lines of our loggers to `stream` (stderr), those of libraries from warnings on."""
    stream = stream or sys.stderr
    as_text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(ROOT).setLevel(LEVELS[level])
    # Its warnings repeat every failed try, with the whole address; ours say it once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def logger(name: str) -> logging.Logger:
    """The logger of one module; give it `__name__`."""
    return logging.getLogger(name)


def fields(**values: object) -> dict[str, Mapping[str, object]]:
    """Numbers and names of a line: `logger.info("report sent", extra=fields(places=3))`."""
    return {"fields": values}


def hide(secret: str) -> None:
    """Cut this text out of every line from now on."""
    if len(secret) >= LEAST_SECRET:
        _secrets.add(secret)


def _clean(text: str) -> str:
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    values: Mapping[str, object] = getattr(record, "fields", {})
    return values


def where(error: BaseException) -> str:
    """The type of an unexpected error and the lines of code it came through, without any value."""
    places = []
    trace = error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' > '.join(places[-8:])}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the fields of the line."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line: dict[str, object] = {
            "time": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: _plain(value) for key, value in _fields(record).items()},
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = where(record.exc_info[1])
        return _clean(_dumped(line))


class TextFormatter(logging.Formatter):
    """One line for people: time of day, level, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        words = [self.formatTime(record, "%H:%M:%S"), record.levelname.lower(), record.getMessage()]
        words += [f"{key}={value}" for key, value in _fields(record).items()]
        if record.exc_info and record.exc_info[1]:
            words.append(where(record.exc_info[1]))
        return _clean(_printable(" ".join(words)))


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else str(value)


def _dumped(line: dict[str, object]) -> str:
    try:
        return orjson.dumps(line).decode()
    except TypeError:  # a lone surrogate in a name that a workload chose
        return orjson.dumps({key: _writable(value) for key, value in line.items()}).decode()


def _writable(value: object) -> object:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def _printable(text: str) -> str:
    """Control characters as escapes: names come from workloads, and a terminal obeys them."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
