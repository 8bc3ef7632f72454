"""Why something is not known of the memory of Node.js: the reasons of gaps, constant phrases.

CAPABILITIES.md explains each of them.
"""

from __future__ import annotations

from typing import Final

CACHE_MISSING: Final = "module cache not found"
CACHE_TORN: Final = "module cache is changing"
CLOSED: Final = "memory not readable"
ESM_FAILED: Final = "ES module ended in an error"
ESM_IDLE: Final = "ES module not evaluated"
HEAP_UNKNOWN: Final = "heap of V8 not understood"
ISOLATE_UNKNOWN: Final = "isolates of V8 not found"
NAME_UNREADABLE: Final = "module name not readable"
NOT_A_PATH: Final = "module name is not a path"
NO_SYMBOLS: Final = "no postmortem symbols"
PROGRAM_REFUSED: Final = "program file not readable"
SPENT: Final = "budget spent"
TOO_MANY_CACHES: Final = "too many objects that can be module caches"
TOO_MANY_MODULES: Final = "too many modules"
UNSUPPORTED: Final = "runtime not supported yet"

# These leave no package unseen.
HARMLESS: Final = frozenset((NOT_A_PATH,))
