"""Why something about a .NET process is not known: the phrases by which gaps can be counted.

Each is explained in CAPABILITIES.md; a test compares.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a gap."""

    NATIVE = "compiled ahead of time"
    CLOSED = "memory not readable"
    NO_VERSION = "version not known"
    MISFIT = "deps.json does not fit the file"
    AMBIGUOUS = "deps.json names several packages"
    MANIFEST = "deps.json not readable"
    ASSEMBLY = "assembly not readable"
    BUNDLE = "bundle not readable"
    PACKED = "bundle is compressed"
    PAGE = "assemblies share a page"
    PROGRAM = "program file not readable"
    TOO_MANY = "too many assemblies"


# These name particulars of packages that are reported all the same; nothing is missing.
HARMLESS = frozenset((Reason.NO_VERSION, Reason.MISFIT, Reason.AMBIGUOUS))
