"""Why something about archives and artifacts is not known: the phrases by which gaps are counted.

Each is explained in CAPABILITIES.md; a test compares.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a gap of the archive side; CONTAINED is one of a package."""

    REFUSED = "archive not readable"
    TOO_MANY = "too many archives"
    PARTLY = "archive not wholly read"
    SEVERAL = "class in several archives"
    NOBODY = "classes of no known archive"
    EARLIER = "classes of an earlier deployment"
    NO_MODULES = "modules of the JDK not readable"
    NO_IDENTITY = "artifact not known"
    NO_VERSION = "version not known"
    NOT_HASHED = "archive too large to hash"
    UNPROVEN = "class not found in its archive"
    SEARCH_ENDED = "search for archives ended at a bound"
    CONTAINED = "contained"


# These hide no package: what is loaded is known, or that it is doubtful is said at the package.
HARMLESS = frozenset({Reason.NO_VERSION, Reason.NOT_HASHED, Reason.NO_IDENTITY})
