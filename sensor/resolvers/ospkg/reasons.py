"""Why something about OS packages is not known: the phrases by which gaps can be counted.

Each is explained in CAPABILITIES.md; a test compares.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a gap."""

    FORMAT = "format not read yet"
    DATABASE = "package database not read"
    LIST = "list of files not read"
    NO_LIST = "package without a list of files"
    UNOWNED = "file owned by no package"
    MOUNTED = "file on a mount of its own"
    OTHER_FILE = "mapped file is not the one at its path"
    DELETED = "mapped file was deleted since"
    NO_STATUS = "package not in status: version not known"
    MANY_FILES = "too many mapped files"
    MANY_ODD = "too many files in unusual places"


# The reason of a package that is one of several that claim a file.
CONTESTED = "file claimed by several packages"

# These leave no package of the image unseen.
HARMLESS = frozenset((Reason.UNOWNED, Reason.MOUNTED, Reason.DELETED, Reason.NO_STATUS))
