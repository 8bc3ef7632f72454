"""Made-up processes of a scan, for tests of what is printed."""

from __future__ import annotations

from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.finding import Coverage, Depth, Evidence, Finding, Gap, Package, State
from sensor.model.seen import Outcome, Seen
from sensor.resolvers.unsupported import REASON

AT = 1_700_000_000.0
SITE = "/usr/lib/python3.11/site-packages"
POD = Container("3f" * 32, "containerd", "0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11", "burstable")
HOSTILE = "evil\x1b]0;owned\x07\u202e\udcff\n"
TYPES = {"python": ("pypi", "deb"), "golang": ("golang",), "java": ("maven",), "ruby": ("gem",)}


def evidence(kind: str, path: str, detail: str = "") -> Evidence:
    return Evidence(kind, "memory", path, detail, AT)


def pypi(name: str, version: str | None, *, inside: str | None = None) -> Package:
    """A loaded Python distribution."""
    return Package(
        f"pkg:pypi/{name}" + (f"@{version}" if version else ""),
        name,
        version,
        "python",
        State.LOADED,
        Depth.LOADED,
        (evidence("sys.modules", f"{SITE}/{name}/__init__.py", f"module {name}"),),
        inside=inside,
    )


def python(*packages: Package, gaps: tuple[Gap, ...] = (), complete: bool = True) -> Finding:
    coverage = Coverage("python", complete, AT, "CPython 3.11.7, sys.modules by debug offsets")
    return Finding(packages, gaps, coverage)


def module(path: str, version: str, subpaths: tuple[str, ...]) -> Package:
    """A Go module; without linked packages it is not observed."""
    state = State.LOADED if subpaths else State.NOT_OBSERVED
    depth = Depth.LOADED if subpaths else None
    seen = evidence("pclntab", "/app/server", f"functions of {path}")
    purl = f"pkg:golang/{path}@{version}"
    return Package(purl, path, version, "golang", state, depth, (seen,), subpaths=subpaths)


def go(*packages: Package) -> Finding:
    return Finding(packages, (), Coverage("golang", complete=True, since=AT, how="pclntab"))


def jar(name: str, artifact: str, version: str, inferred: tuple[str, ...] = ()) -> Package:
    """A loaded Java archive, its group read or inferred."""
    return Package(
        name,
        artifact,
        version,
        "java",
        State.LOADED,
        Depth.INITIALIZED,
        (evidence("class", f"/app/{artifact}.jar", "class org.x.Main"),),
        identity="manifest",
        inferred=inferred,
        sha1="ab" * 20,
    )


def jvm(*packages: Package) -> Finding:
    return Finding(packages, (), Coverage("java", complete=True, since=AT, how="HotSpot 17"))


def read(
    pid: int, exe: str, script: str = "", container: Container = HOST, **findings: Finding
) -> Seen:
    """A process that was read."""
    return Seen(pid, pid * 10, Outcome.READ, container, exe, script, findings)


def unread(pid: int, outcome: Outcome, reason: str, detail: str) -> Seen:
    return Seen(pid, None, outcome, gaps=(Gap("", reason, detail),))


def ruby(pid: int) -> Seen:
    gap = Gap("ruby", REASON, "Ruby, recognised by /usr/bin/ruby3.1")
    coverage = Coverage("ruby", complete=False, since=AT, how="recognised by its mappings")
    return read(pid, "/usr/bin/ruby3.1", ruby=Finding((), (gap,), coverage))


def scan() -> list[Seen]:
    """A machine with a bit of everything."""
    pip = pypi("pip", "23.2.1")
    parts = (
        pypi("urllib3", "1.26.16", inside=pip.purl),
        pypi("six", None, inside="pkg:pypi/absent@1.0"),
    )
    app = python(pypi("gunicorn", "21.2.0"), pypi("Flask", "2.3.3"), pip, *parts)
    contained = Package(
        "pkg:pypi/shaded@1.0", "shaded", "1.0", "python", State.UNKNOWN, reason="contained"
    )
    partly = python(
        contained,
        gaps=(Gap("python", "memory not readable", "set kernel.yama.ptrace_scope"),),
        complete=False,
    )
    server = go(
        module("golang.org/x/net", "v0.17.0", ("", "http2", "http2/hpack")),
        module("github.com/unused/one", "v1.0.0", ()),
    )
    return [
        *(read(pid, "/usr/bin/python3.11", "/srv/app.py", python=app) for pid in (401, 402, 403)),
        read(450, "/usr/bin/python3.11", "-m worker", python=partly),
        read(500, "/app/server", container=POD, golang=server),
        read(510, "/usr/bin/bash"),
        read(520, f"/srv/{HOSTILE}", python=python(pypi(HOSTILE, "1\x1b[31m"))),
        ruby(600),
        unread(700, Outcome.NOT_PERMITTED, "not permitted", "process 700: Permission denied"),
        unread(800, Outcome.ENDED, "process ended", "process 800 is gone"),
    ]


NOWHERE = Seen(
    900,
    9000,
    Outcome.READ,
    UNKNOWN,
    "/usr/bin/python3.11",
    findings={"python": python()},
    gaps=(Gap("", "container not known", "hidden"),),
)
