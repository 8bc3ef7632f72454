"""Why something about a Go program is not known: the phrases by which gaps can be counted.

Each is explained in CAPABILITIES.md; a test compares.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a gap."""

    NO_TABLE = "function table not read"
    NO_INLINED = "inlined functions not read"
    NO_INFO = "build information not read"
    NO_MODULES = "no module information"
    NO_VERSION = "version not known"
    STRAYS = "packages of no listed module"
    BAD_PATH = "module path not valid"
    MANY_MODULES = "too many modules"
    PACKED = "packed by UPX"
    MANY_OBJECTS = "too many shared objects"
    OBJECT_REFUSED = "shared object not readable"
    FILE_REFUSED = "program file not readable"
