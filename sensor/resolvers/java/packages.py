"""The packages of an archive, from the names of its classes: sorted, those of one stand together.

So nothing is counted for each class: what lies below a package is found by halving.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# A package that holds so much of an archive is what its classes have in common. More than a half,
# so that the class in the middle lies in it.
MOST: Final = 0.7


class Packages:
    """The packages of some classes, by their names in UTF-8 ("java/util/List")."""

    def __init__(self, classes: Sequence[bytes]) -> None:
        """The names are sorted."""
        self._names = classes

    def __contains__(self, package: object) -> bool:
        """Whether a class lies in a package, or below it."""
        return isinstance(package, str) and self._below(package.encode(errors="replace")) > 0

    def top(self) -> str:
        """The longest package that most classes lie in; "" when there is none."""
        if not self._names:
            return ""
        package = _above(self._names[len(self._names) // 2])
        while package and self._below(package) < MOST * len(self._names):
            package = _above(package)
        return package.decode(errors="replace")

    def _below(self, package: bytes) -> int:
        """How many classes lie in a package and below it."""
        # The byte after "/" is "0".
        first, after = (bisect_left(self._names, package + end) for end in (b"/", b"0"))
        return after - first


def _above(name: bytes) -> bytes:
    return name.rpartition(b"/")[0]
