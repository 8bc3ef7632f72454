"""Real Node.js processes that tests start, with the truth that they print, and readings of them."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.node import NODE
from sensor.resolvers.node.loaded import Loaded, loaded
from sensor.resolvers.node.postmortem import Program, program
from sensor.resolvers.node.reasons import CACHE_MISSING, CACHE_TORN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.host.seam import Cache
    from sensor.model.finding import Finding

PROGRAM = Path(__file__).parents[1] / "live" / "node" / "programs" / "truth.js"
# What Node.js needs to import ES modules, and to know threads.
FLAGS = {"10": ("--experimental-modules", "--experimental-worker", "--no-warnings")}
HAVE_GC = ("--expose-gc",)
MAX_SLICES = 200
# Gaps of "no answer this time", and how often a test asks again: as the agent does.
RESTLESS = {CACHE_TORN, CACHE_MISSING}
MAX_LOOKS = 5


@dataclass
class Target:
    """A started process, its folder, and what it last said of itself."""

    popen: subprocess.Popen[str]
    folder: Path
    said: dict[str, Any]

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def cjs(self) -> set[str]:
        """The keys of Module._cache of the main thread."""
        return set(self.said["cjs"])

    @property
    def esm(self) -> set[str]:
        """The files of ES modules that have run in the main thread."""
        return files_of(self.said["esm"])

    def tell(self, line: str) -> None:
        """Have it do something, and read what it says then. See `truth.js`."""
        self.begin(line)
        assert self.popen.stdout
        self.said = json.loads(self.popen.stdout.readline())

    def begin(self, line: str) -> None:
        """Have it do something that does not end."""
        assert self.popen.stdin
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()


def files_of(urls: Sequence[str]) -> set[str]:
    """Paths of file URLs."""
    return {unquote(urlsplit(url).path) for url in urls}


def application(folder: Path) -> Path:
    """Write a small application: CommonJS, JSON, ES modules, packages. Returns its main file."""
    texts = {
        "main.js": "require('left'); require('right'); require('./data.json'); require('@s/one');",
        "data.json": "{}",
        "late.js": "module.exports = 'late';",
        "late.json": "{}",
        "one.mjs": "import two from 'esm'; evaluated.push(import.meta.url); export default two;",
        "with space.mjs": "evaluated.push(import.meta.url);",
        "broken.mjs": "this is no JavaScript",
        "throws.mjs": "evaluated.push(import.meta.url); throw new Error('on purpose');",
        "unlinked.mjs": "import { nothing } from 'esm'; evaluated.push(import.meta.url);",
        "worker.js": _WORKER,
        "node_modules/left/index.js": "exports.f = () => 1; require('./sub');",
        "node_modules/left/sub.js": "module.exports = 4;",
        "node_modules/right/index.js": "exports.x = 5;",
        "node_modules/idle/index.js": "exports.x = 6;",
        "node_modules/extra/index.js": "exports.f = () => 7;",
        "node_modules/@s/one/index.js": "exports.f = () => 8;",
        "node_modules/esm/index.mjs": _ESM,
        "node_modules/esm/sub.mjs": "evaluated.push(import.meta.url); export default 2;",
    }
    for name, version in (("left", "1.0.0"), ("right", "2.0.0"), ("idle", "3.0.0")):
        texts[f"node_modules/{name}/package.json"] = _described(name, version)
    texts["node_modules/extra/package.json"] = _described("extra", "4.0.0")
    texts["node_modules/@s/one/package.json"] = _described("@s/one", "5.0.0")
    texts["node_modules/esm/package.json"] = _described("esm", "6.0.0", main="index.mjs")
    texts |= {f"many/m{number}.js": f"exports.n = {number};" for number in range(400)}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "main.js"


_ESM = "import './sub.mjs'; evaluated.push(import.meta.url); export default 1;"
_WORKER = """
const { parentPort } = require('worker_threads');
require('left'); require('extra');
parentPort.postMessage({ cjs: Object.keys(require('module')._cache) });
setInterval(() => {}, 1 << 30);
"""


def _described(name: str, version: str, **more: str) -> str:
    return json.dumps({"name": name, "version": version, **more})


def flags(version: str) -> tuple[str, ...]:
    """What a Node.js of this major version needs for the commands of `truth.js`."""
    return (*FLAGS.get(version, ("--no-warnings",)), *HAVE_GC)


@contextmanager
def target(node: Sequence[str], folder: Path, inside: str = "") -> Iterator[Target]:
    """Write the application into a folder and run it; its first line of output is its truth.

    `inside` is the path of the folder as the process sees it, where that is another one.
    """
    main = application(folder)
    script = folder / "truth.js"
    script.write_text(PROGRAM.read_text())
    seen = inside or str(folder)
    with subprocess.Popen(
        [*node, f"{seen}/{script.name}", f"{seen}/{main.name}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    ) as popen:
        try:
            assert popen.stdout
            line = popen.stdout.readline()
            assert line, f"{node} said nothing"
            yield Target(popen, folder, json.loads(line))
        finally:
            popen.kill()


def found(pid: int, cache: Cache | None = None) -> Finding:
    """What the resolver says of a process; looked at again while V8 moves what is read."""
    opener, known = LocalOpener(), cache or FileCache()
    for _ in range(MAX_LOOKS):
        look = look_until_done(opener, opener.key(pid), (NODE,), known)
        finding = look.findings["node"]
        if not {gap.reason for gap in finding.gaps} & RESTLESS:
            break
    return finding


def purls(finding: Finding) -> set[str]:
    """The packages of a finding."""
    return {package.purl for package in finding.packages}


def modules(pid: int, cache: Cache | None = None) -> Loaded:
    """What its memory says is loaded; looked at again while V8 moves what is read."""
    known = cache or FileCache()
    for _ in range(MAX_LOOKS):
        told = once(pid, known)
        if not {reason for reason, _ in told.gaps} & RESTLESS:
            break
    return told


def once(pid: int, cache: Cache) -> Loaded:
    """What one look at its memory says, in as many slices as it takes."""
    opener, state = LocalOpener(), None
    for _ in range(MAX_SLICES):
        with opener.open_process(opener.key(pid)) as process:
            binary = program(process, cache)
            assert isinstance(binary, Program), binary
            told = loaded(process, Budget(process.meter), cache, binary, state)
        if isinstance(told, Loaded):
            return told
        state = json.loads(json.dumps(told.state))
    raise AssertionError("it does not end")
