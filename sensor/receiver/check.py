"""Is this a request of the wire? By snyk.schema.json, the same file that docs/ shows.

The schema's validator is an extra: the agent does not need it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import orjson

from sensor.errors import SensorError, UsageError
from sensor.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA: Final = "snyk.schema.json"
# A message of the validator repeats what is wrong, which can be the whole request.
MAX_WORDS: Final = 200


class NoValidator(UsageError):
    """The package that checks schemas is not installed."""

    help = "Install it: pip install 'runtime-sensor[receiver]'."


class NotTheWire(SensorError):
    """A request that is no JSON, or breaks the schema."""

    help = "docs/snyk.md and docs/snyk.schema.json describe each field."


def schema() -> dict[str, Any]:
    """The schema."""
    found: dict[str, Any] = orjson.loads(files(__package__).joinpath(SCHEMA).read_bytes())
    return found


def checker() -> Callable[[bytes], dict[str, Any]]:
    """Make what decodes and checks one body; that raises NotTheWire. Raises NoValidator."""
    try:
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - an extra, and 5 MiB
    except ImportError:
        raise NoValidator("the receiver needs the package jsonschema") from None
    validator = Draft202012Validator(schema())

    def check(body: bytes) -> dict[str, Any]:
        try:
            value: dict[str, Any] = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise NotTheWire(f"the body is no JSON: {error}") from None
        broken = next(validator.iter_errors(value), None)
        if broken is not None:
            raise NotTheWire(f"{broken.json_path}: {printable(broken.message)[:MAX_WORDS]}")
        return value

    return check
