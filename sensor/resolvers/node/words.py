"""What the memory side tells the package side: the modules that a Node.js process has loaded."""

from __future__ import annotations

from typing import NamedTuple


class Module(NamedTuple):
    """One loaded module.

    `path` is an absolute file name, as Node.js has it: links are resolved, an escaped URL is not
    ("%20" is a space, "?query" and "#part" are cut). `kind` is "cjs" (in `Module._cache`: .js,
    .cjs, .json …), "esm" (an ES module) or "addon" (a .node file). `worker` is that only isolates
    of worker threads have it, not that of the main thread.
    """

    path: str
    kind: str
    worker: bool = False


CJS = "cjs"
ESM = "esm"
ADDON = "addon"
