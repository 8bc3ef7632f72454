"""package.json: which npm package a directory holds. Nothing else of the file is kept.

Fields: docs.npmjs "package.json"; names: validate-npm-package-name 6 (with the capitals of old
packages); versions: semver 7, and what npm makes of others when it installs (semver `clean`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import orjson

from sensor.errors import Malformed

# npm 1 to 6 wrote the README into it: the largest seen has 300 KB.
MAX_BYTES = 1 << 20

# 214 characters with the scope; the bound on each part keeps the pattern linear.
_NAME = re.compile(r"(?:@[A-Za-z0-9~._-]{1,100}/)?[A-Za-z0-9~_-][A-Za-z0-9~._-]{0,213}")
MAX_NAME = 214
# semver.MAX_LENGTH is 256. The prerelease may lack its dash ("1.2.3beta": loose).
_NUMBER = "[0-9]{1,16}"
_VERSION = re.compile(rf"(?:{_NUMBER}\.){{2}}{_NUMBER}(?:[+-]?[0-9A-Za-z][0-9A-Za-z.+-]{{0,200}})?")


class PackageJson(NamedTuple):
    """What one package.json says; None for what it lacks, or what no name or version can be.

    `private` packages are never published: an application, or a part of the package around them.
    """

    name: str | None
    version: str | None
    private: bool


def parse(data: bytes) -> PackageJson:
    """Read a package.json. Raises Malformed when Node.js would not read it as an object either.

    As Node.js does, a byte order mark is passed over and bytes that are not UTF-8 are replaced.
    """
    if len(data) > MAX_BYTES:
        raise Malformed(f"package.json of {len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = orjson.loads(data.decode("utf-8-sig", "replace"))
    except orjson.JSONDecodeError as error:
        raise Malformed(f"package.json: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("package.json is no object")
    name, version = named(value.get("name")), versioned(value.get("version"))
    return PackageJson(name, version, value.get("private") is True)


def named(value: object) -> str | None:
    """The value if it can be the name of a package, else None."""
    if not isinstance(value, str) or len(value) > MAX_NAME:
        return None
    return value if _NAME.fullmatch(value) else None


def versioned(value: object) -> str | None:
    """The version as npm cleans it (without "v" or "="), None if it can be none."""
    if not isinstance(value, str):
        return None
    clean = value.strip().lstrip("=v").strip()
    return clean if _VERSION.fullmatch(clean) else None
