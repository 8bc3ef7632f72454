"""Runs in the toolbox's environment of kubernetes-validate: checks objects against real schemas.

Reads `[[version, object], …]` as JSON; prints a list of the same length: the error, or null.
"""

from __future__ import annotations

import json
import sys

import kubernetes_validate  # type: ignore[import-not-found]  # only that environment has it


def check(version: str, thing: dict[str, object]) -> str | None:
    """What is wrong with the object, in that version of Kubernetes; unknown fields are."""
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    return None


json.dump([check(*row) for row in json.load(sys.stdin)], sys.stdout)
