"""One archive that classes can come from: a file, or an archive inside one.

An archive inside another is named as a URL of java.net.JarURLConnection does: `outer.jar!/inner`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.formats import jar, zipdir

if TYPE_CHECKING:
    from sensor.formats.source import Source
    from sensor.host.seam import File
    from sensor.model.file import FileId

BETWEEN = "!/"
# What WildFly calls each file that it is given (see candidates.ARCHIVE).
NAMELESS = "content"

# Start, packed size, size, method: zipdir.Member as plain data.
Numbers = list[int]


class Place(NamedTuple):
    """Where an archive is: the `path` of the file as the process sees it, and the way `inside`.

    `file` is the identity of the outer file. `inside` is "" for the file itself.
    """

    path: str
    file: FileId
    inside: str = ""

    @property
    def text(self) -> str:
        """One text for people."""
        return f"{self.path}{BETWEEN}{self.inside}" if self.inside else self.path

    @property
    def name(self) -> str:
        """The file name, which may hold artifact and version; "" of one that has but a SHA-1."""
        name = (self.inside or self.path).rpartition("/")[2]
        return name if self.inside or name != NAMELESS else ""

    @property
    def carrier(self) -> str:
        """The text of the archive that it is in, or of the directory."""
        if not self.inside:
            return self.path.rpartition("/")[0]
        outer, between, _ = self.inside.rpartition(BETWEEN)
        return f"{self.path}{BETWEEN}{outer}" if between else self.path

    @property
    def content(self) -> tuple[FileId, str]:
        """Equal for one content under two paths."""
        return self.file, self.inside


def below(inside: str, name: str) -> str:
    """The way to an archive that lies in another."""
    return f"{inside}{BETWEEN}{name}" if inside else name


def opened(file: File, way: list[Numbers]) -> Source:
    """The bytes of an archive, by the members that lead to it. Raises Malformed."""
    source: Source = file
    for numbers in way:
        source = jar.nested(source, zipdir.Member(*numbers))
    return source
