"""Why something is not known about distributions: the reasons of gaps, each a constant phrase.

CAPABILITIES.md explains each of them.
"""

from __future__ import annotations

from typing import Final

BAD_PATH: Final = "path of a module not usable"
CONDA: Final = "record of conda not read"
CONTESTED: Final = "too many contested modules"
DAMAGED: Final = "metadata of a distribution damaged"
DPKG: Final = "dpkg database not read"
DPKG_LIST: Final = "list of dpkg not read"
DPKG_STATUS: Final = "status of dpkg not read"
FROZEN: Final = "frozen program: distributions and versions are not known"
MORE_GAPS: Final = "more gaps in one directory"
NOT_THERE: Final = "claimed file is not there"
PINS: Final = "list of vendored copies not read"
REFUSED: Final = "metadata of a distribution refused"
ROOT: Final = "import root not read"
TOO_MANY_DISTS: Final = "too many distributions in one directory"
TOO_MANY_MODULES: Final = "more modules than are mapped"
TOO_SHARED: Final = "too many distributions share directories"
UNOWNED: Final = "module owned by no distribution"
VERSION_DIFFERS: Final = "module and metadata state different versions"
VERSION_MISSING: Final = "version not in metadata"

# These leave no package unseen.
HARMLESS: Final = frozenset((VERSION_MISSING, VERSION_DIFFERS))
