"""A recording as JSON and one string of bytes, and back. What comes from a stranger is checked."""

from __future__ import annotations

import operator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sensor.host.intervals import Intervals
from sensor.host.recording import Content, Recording
from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey

if TYPE_CHECKING:
    from collections.abc import Callable


def to_plain(recording: Recording) -> tuple[dict[str, Any], bytes]:
    """The recording as JSON, and all known bytes one after the other. Same answers, same result."""
    blobs: list[bytes] = []
    plain = {
        "process": _process_to_plain(recording),
        "memory": _content_to_plain(recording.memory, blobs),
        "searches": [
            {"pattern": pattern.hex(), "ranges": ranges, "limit": limit, "hits": hits}
            for (pattern, ranges, limit), hits in sorted(recording.searches.items())
        ],
        "opened": recording.opened,
        "mapped": recording.mapped,
        "listed": recording.listed,
        "links": recording.links,
        "stats": recording.stats,
        "contents": {
            token: _content_to_plain(content, blobs)
            for token, content in sorted(recording.contents.items())
        },
    }
    return plain, b"".join(blobs)


def from_plain(plain: dict[str, Any], data: bytes) -> Recording:
    """The recording of `to_plain`. Raises KeyError, TypeError, ValueError when it is damaged."""
    process = plain["process"]
    recording = Recording(
        key=ProcessKey(process["pid"], process["start_ticks"]),
        at=process["at"],
        exe=process["exe"],
        arguments=Arguments(**process["arguments"]),
        memory_gap=process["memory_gap"],
        maps=[Mapping(*item) for item in process["maps"]],
        descriptors=_descriptors(process["descriptors"]),
        gone=process["gone"],
    )
    rest = memoryview(data)
    recording.memory, rest = _content(plain["memory"], rest)
    for token, item in plain["contents"].items():
        recording.contents[token], rest = _content(item, rest)
    if rest:
        raise ValueError("bytes that belong to nothing")
    for item in plain["searches"]:
        ranges = tuple((start, size) for start, size in item["ranges"])
        question = bytes.fromhex(item["pattern"]), ranges, item["limit"]
        recording.searches[question] = [operator.index(hit) for hit in item["hits"]]
    for name, check in _CHECKS.items():
        table = dict(plain[name])
        for answer in table.values():
            check(answer)
        setattr(recording, name, table)
    return recording


def _check_identity(plain: Any) -> None:  # noqa: ANN401 - whatever a stranger wrote
    *numbers, scope = plain
    if len(numbers) != _NUMBERS or not isinstance(scope, str):
        raise ValueError("not the identity of a file")
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError("an identity has numbers")


def _check_stat(plain: Any) -> None:  # noqa: ANN401 - whatever a stranger wrote
    if plain is not None:
        _check_identity(plain)


def _check_listing(plain: Any) -> None:  # noqa: ANN401 - whatever a stranger wrote
    identity, names = plain
    _check_identity(identity)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("names are texts")


def _check_link(plain: Any) -> None:  # noqa: ANN401 - whatever a stranger wrote
    if not isinstance(plain, str | None):
        raise TypeError("a link is a text")


def _answered(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """The check of an answer whose value passes `check`."""

    def checked(answer: Any) -> None:  # noqa: ANN401 - whatever a stranger wrote
        if "value" in answer:
            check(answer["value"])
        elif "missing" not in answer and not isinstance(answer["refused"], str):
            raise TypeError("a reason is a text")

    return checked


# Of a FileId, without its scope.
_NUMBERS = 5
_CHECKS = {
    "opened": _answered(_check_identity),
    "mapped": _answered(_check_identity),
    "listed": _answered(_check_listing),
    "links": _answered(_check_link),
    "stats": _check_stat,
}


def _process_to_plain(recording: Recording) -> dict[str, Any]:
    return {
        "pid": recording.key.pid,
        "start_ticks": recording.key.start_ticks,
        "at": recording.at,
        "exe": recording.exe,
        "arguments": asdict(recording.arguments),
        "memory_gap": recording.memory_gap,
        "maps": [list(mapping) for mapping in recording.maps],
        "descriptors": recording.descriptors and [list(item) for item in recording.descriptors],
        "gone": recording.gone,
    }


def _descriptors(plain: list[Any] | None) -> list[Descriptor] | None:
    return None if plain is None else [Descriptor(*item) for item in plain]


def _content_to_plain(content: Content, blobs: list[bytes]) -> dict[str, Any]:
    merged = content.known.merged()
    blobs += [data for _, data in merged]
    absent = sorted(asked for asked in content.absent if content.answer(*asked) is None)
    return {"known": [[start, len(data)] for start, data in merged], "absent": absent}


def _content(plain: dict[str, Any], data: memoryview) -> tuple[Content, memoryview]:
    known = []
    for start, size in plain["known"]:
        if not isinstance(start, int) or not isinstance(size, int):
            raise TypeError("a range has numbers")
        if not 0 < size <= len(data):
            raise ValueError("fewer bytes than its table says")
        known.append((start, bytes(data[:size])))
        data = data[size:]
    absent = {(start, size) for start, size in plain["absent"]}
    return Content(Intervals(known), absent), data
