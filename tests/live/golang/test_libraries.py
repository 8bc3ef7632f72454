"""Go as a library: inside Python, and as plug-ins of a Go program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.resolvers.golang import GOLANG
from sensor.resolvers.python import PYTHON
from tests.live.golang.factory import Recipe
from tests.live.golang.targets import modules, running
from tests.live.golang.test_builds import expected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

LIBRARY = Recipe("1.26", ("-buildmode=c-shared", "-tags=withc"), cgo=True)
# A Python program that loads it, at once or not at all.
LOADER = """
import ctypes, sys
loaded = [ctypes.CDLL(path) for path in sys.argv[1:]]
print("ready", flush=True)
input()
"""


def test_a_library_in_python(built: Callable[[Recipe], Path], toolbox: Toolbox) -> None:
    """Both resolvers tell what is theirs, and nothing twice."""
    library, opener = built(LIBRARY), LocalOpener()
    python = (*toolbox.python("3.11").argv, "-c", LOADER)
    with running(*python, library, says="ready") as pid:
        looked = look_until_done(opener, opener.key(pid), (GOLANG, PYTHON), FileCache())
    found = looked.findings["golang"]
    assert modules(found) == expected(LIBRARY)
    assert {e.path for p in found.packages for e in p.evidence} == {str(library)}
    assert found.coverage
    assert found.coverage.complete
    assert looked.findings["python"].coverage
    purls = [p.purl for each in looked.findings.values() for p in each.packages]
    assert len(purls) == len(set(purls))


def test_python_without_one_is_looked_at_once(toolbox: Toolbox) -> None:
    opener, cache = LocalOpener(), FileCache()
    with running(*toolbox.python("3.11").argv, "-c", LOADER, says="ready") as pid:
        key = opener.key(pid)
        first = look_until_done(opener, key, (GOLANG,), cache)
        before = {kind: (s.puts, s.hits) for kind, s in cache.statistics.items()}
        again = look(opener, key, (GOLANG,), cache, first.memos)
    assert first.findings == again.findings == {}
    assert {kind: (s.puts, s.hits) for kind, s in cache.statistics.items()} == before
