"""The first elements of the import paths of Go's standard library, and its version. Data only."""

from __future__ import annotations

import re

NAME = "stdlib"
# `go list std` of Go 1.12, 1.16, 1.18, 1.21, 1.26 and 1.27, first elements; a test compares. Only
# the standard library may use them: cmd/go looks there first. "vendor" holds its own copies of
# golang.org/x modules. One that a newer Go adds is reported as a package of unknown module.
ROOTS = frozenset(
    (
        *("archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto"),
        *("database", "debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go"),
        *("hash", "html", "image", "index", "internal", "io", "iter", "log", "maps", "math"),
        *("mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices"),
        *("sort", "strconv", "strings", "structs", "sync", "syscall", "testing", "text"),
        *("time", "unicode", "unique", "unsafe", "uuid", "vendor", "weak"),
    )
)
# "go1.26.8", "go1.27rc1", "go1.22.5-vendor"; experiments stand behind a blank ("X:nodwarf5").
_RELEASE = re.compile(r"go(\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?(?:[-+][\w.+-]+)?)(?: |$)")


def contains(path: str) -> bool:
    """Whether an import path belongs to the standard library."""
    return path.partition("/")[0] in ROOTS


def version(text: str) -> str | None:
    """The version of Go in the build information without "go"; None for a development build."""
    match = _RELEASE.match(text)
    return match[1] if match else None
