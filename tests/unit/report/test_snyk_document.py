"""docs/snyk.md says what the code does: its example fits the schema, its numbers are ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from sensor.cli import receive
from sensor.report import address, gate, snyk

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "snyk.md").read_text()


def test_the_example_fits_the_schema() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    schema = json.loads((DOCS / "snyk.schema.json").read_text())
    jsonschema.validate(json.loads(example), schema, jsonschema.Draft202012Validator)


def test_the_schema_in_the_manual_is_the_one_that_is_shipped() -> None:
    link = DOCS / "snyk.schema.json"
    assert link.is_symlink()
    assert link.resolve().relative_to(DOCS.parent) == Path("sensor/receiver/snyk.schema.json")


def test_the_address_and_the_waits_are_ours() -> None:
    assert f"POST https://HOST:PORT{address.PATH}?version={address.VERSION}" in TEXT
    assert f"after 2, 4, 8 … {gate.MOST:.0f} seconds" in TEXT
    assert gate.FIRST == 2
    assert f"then each {gate.REFUSED_MOST / 60:.0f} minutes" in TEXT
    assert (gate.REFUSED_FIRST, gate.QUIET, gate.LONGEST) == (60, 60, 3600)
    assert snyk.MAX_BODY == 1_000_000
    host, port = receive.LISTEN
    assert f"# on {host}:{port}" in TEXT
