"""Checks facts against docs/facts.schema.json, and that it names every field that we write."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parents[2] / "docs" / "facts.schema.json"
Broken = jsonschema.ValidationError


@cache
def definitions() -> dict[str, Any]:
    """Every definition, after the schema itself was checked."""
    text = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(text)
    found: dict[str, Any] = text["$defs"]
    return found


def check(line: dict[str, Any]) -> None:
    """Validate one line or document. Raises Broken, AssertionError for a field without a word."""
    schema = {"$defs": definitions(), "$ref": f"#/$defs/{line['type']}"}
    jsonschema.validate(line, schema, jsonschema.Draft202012Validator)
    unnamed = set(line) - set(definitions()[line["type"]]["properties"])
    assert not unnamed, f"fields that the schema does not name: {unnamed}"
