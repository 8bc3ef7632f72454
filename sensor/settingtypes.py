"""How the text of a setting becomes a value: each type says what it allows. No I/O.

A type takes what a flag, an environment variable or a TOML file gives (text, or a value of TOML)
and raises ValueError when it does not fit; `allowed` is the sentence for the error and the manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN: Final = "[hidden]"
# PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h.
MAX_PID: Final = 4 * 1024 * 1024
MAX_PORT: Final = 65_535
YES: Final = frozenset({"true", "yes", "on", "1"})
NO: Final = frozenset({"false", "no", "off", "0"})
# Names of Kubernetes objects and the parts of label keys and values (RFC 1123, and `_`, `.`).
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_LABEL: Final = re.compile(rf"((?:{_NAME.pattern}/)?{_NAME.pattern})=((?:{_NAME.pattern})?)")


@dataclass(frozen=True, slots=True)
class SettingType:
    """`parse` raises ValueError; `allowed` completes "it must be …"."""

    parse: Callable[[object], object]
    allowed: str


class Secret:
    """A text that does not show itself: not in `repr`, not in a log, not in an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        """Hide a text; "" is no secret at all."""
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        """Compare the texts."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self._text)

    def __repr__(self) -> str:
        """Show only whether there is one."""
        return HIDDEN if self._text else "''"


def text(value: object) -> str:
    """Any text without control characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError
    return value.strip()


def switch(value: object) -> bool:
    """Yes or no."""
    word = value.strip().lower() if isinstance(value, str) else str(value).lower()
    if word not in YES | NO:
        raise ValueError
    return word in YES


def path(value: object) -> Path | None:
    """The name of a file; "" is none."""
    name = text(value)
    return Path(name) if name else None


def names(value: object) -> tuple[str, ...]:
    """Names with commas between them, or a list of names."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError  # noqa: TRY004 - a wrong setting, not a wrong call
    found = [text(item) for item in items]
    if not all(_NAME.fullmatch(name) for name in found if name):
        raise ValueError
    return tuple(dict.fromkeys(name for name in found if name))


def labels(value: object) -> tuple[tuple[str, str], ...]:
    """`key=value` with commas between them, or a table of texts."""
    if isinstance(value, dict):
        value = ",".join(f"{key}={text(item)}" for key, item in value.items())
    pairs = [part.strip() for part in text(value).split(",") if part.strip()]
    matches = [_LABEL.fullmatch(pair) for pair in pairs]
    found = [(match[1], match[2]) for match in matches if match]
    if len(found) < len(pairs):
        raise ValueError
    return tuple(sorted(dict(found).items()))


def pids(value: object) -> tuple[int, ...]:
    """Process ids: a list of them, or text with commas between them."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError  # noqa: TRY004 - a wrong setting, not a wrong call
    numbers = tuple(dict.fromkeys(int(str(item)) for item in items))
    if not all(0 < number <= MAX_PID for number in numbers):
        raise ValueError
    return numbers


def address(value: object) -> tuple[str, int] | None:
    """`HOST:PORT` or `:PORT` (all addresses of this machine); "" is none."""
    given = text(value)
    if not given:
        return None
    host, colon, port = given.rpartition(":")
    if not colon or not 0 <= int(port) <= MAX_PORT:
        raise ValueError
    return host.strip("[]"), int(port)


def sink(value: object) -> str:
    """`stdout`, `snyk` or `file:PATH`."""
    word = text(value)
    if word not in {"stdout", "snyk"} and not (word.startswith("file:") and word != "file:"):
        raise ValueError
    return word


def one_of(*words: str) -> SettingType:
    """One of these words."""

    def parse(value: object) -> str:
        word = text(value)
        if word not in words:
            raise ValueError
        return word

    return SettingType(parse, f"one of {', '.join(words)}")


def number(least: float, most: float, unit: str) -> SettingType:
    """A number between two bounds."""

    def parse(value: object) -> float:
        found = float(value) if isinstance(value, int | float) else float(text(value))
        if isinstance(value, bool) or not least <= found <= most:
            raise ValueError
        return found

    return SettingType(parse, f"a number of {unit} from {least:g} to {most:g}")


TEXT: Final = SettingType(text, "text in one line")
SECRET: Final = SettingType(lambda value: Secret(text(value)), "text in one line")
SWITCH: Final = SettingType(switch, "true or false")
PATH: Final = SettingType(path, "the path of a file")
NAMES: Final = SettingType(names, "names, with commas between them")
LABELS: Final = SettingType(labels, "key=value, with commas between them")
PIDS: Final = SettingType(pids, f"process ids (1 to {MAX_PID})")
ADDRESS: Final = SettingType(address, "HOST:PORT, or :PORT for all addresses")
SINK: Final = SettingType(sink, "stdout, snyk or file:PATH")
