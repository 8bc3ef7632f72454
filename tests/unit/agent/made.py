"""Made-up findings, pods and keys for the tests of what is kept of them."""

from __future__ import annotations

from sensor.model.container import Container
from sensor.model.finding import Coverage, Depth, Evidence, Finding, Gap, Package, State
from sensor.model.process import ProcessKey
from sensor.model.workload import ContainerRole, ImageIdentity, Pod, PodContainer, Workload

ID_A, ID_B = "a" * 64, "b" * 64
BOX_A, BOX_B = Container(ID_A), Container(ID_B)
P1, P2, P3 = ProcessKey(1, 10), ProcessKey(2, 20), ProcessKey(3, 30)


def evidence(kind: str = "sys.modules", at: float = 1.0, detail: str = "x") -> Evidence:
    return Evidence(kind, "memory", "/site/x.py", detail, at)


def package(
    name: str = "x",
    *,
    depth: Depth | None = Depth.LOADED,
    state: State = State.LOADED,
    kinds: tuple[str, ...] = ("sys.modules",),
    reason: str | None = None,
    subpaths: tuple[str, ...] | None = None,
) -> Package:
    found = tuple(evidence(kind) for kind in kinds)
    return Package(
        f"pkg:pypi/{name}@1", name, "1", "python", state, depth, found, reason, subpaths=subpaths
    )


def unknown(name: str) -> Package:
    return package(name, state=State.UNKNOWN, depth=None, reason="contained", kinds=())


def not_observed(name: str) -> Package:
    return package(name, state=State.NOT_OBSERVED, depth=None, kinds=("pclntab",))


def finding(*packages: Package, gaps: tuple[Gap, ...] = (), since: float = 1.0) -> Finding:
    coverage = Coverage("python", complete=not gaps, since=since, how="CPython 3.11")
    return Finding(packages, gaps, coverage)


def pod(name: str, *ids: str, kind: str = "Deployment") -> Pod:
    workload = Workload("apps/v1", kind, "ns", name, f"uid-{name}")
    containers = tuple(
        PodContainer(f"c{number}", ContainerRole.MAIN, ImageIdentity("img:1"), one)
        for number, one in enumerate(ids)
    )
    return Pod(f"pod-{name}", "ns", f"{name}-1", "node", workload, containers=containers)
