"""Made-up reports of a small cluster, for tests of sinks and of the receiver."""

from __future__ import annotations

from dataclasses import replace

from sensor.model.batch import Batch, Fact, Loaded, Place
from sensor.model.finding import Coverage, Depth, Evidence, Gap, Package, State
from sensor.model.process import ProcessKey
from sensor.model.workload import ContainerRole, ImageIdentity, Pod, PodContainer, Workload
from sensor.report.snyk import Target

AT = 1_700_000_000.0
DIGEST = "sha256:" + "ab" * 32
CONFIG = "sha256:" + "cd" * 32
GROUP = "0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11"
TARGET = Target(GROUP, "prod", "node-uid-1")
SHOP = Workload("apps/v1", "Deployment", "shop", "web", "uid-web")
NIGHT = Workload("batch/v1", "CronJob", "shop", "night", "uid-night")
IMAGE = ImageIdentity(
    "registry.example/web:1.2", "registry.example/web:1.2", "1.2", DIGEST, config_digest=CONFIG
)
PLAIN = ImageIdentity("busybox")


def container(
    number: int,
    name: str = "web",
    image: ImageIdentity = IMAGE,
    role: ContainerRole = ContainerRole.MAIN,
) -> PodContainer:
    return PodContainer(name, role, image, f"{number:064x}")


def pod(number: int, workload: Workload, *containers: PodContainer) -> Pod:
    name = f"{workload.name}-{number}"
    return Pod(f"pod-uid-{number}", "shop", name, "node-1", workload, containers=containers)


def package(  # noqa: PLR0913 - one keyword for each word of a package
    purl: str,
    name: str,
    version: str | None,
    runtime: str = "python",
    *,
    depth: Depth = Depth.LOADED,
    inside: str | None = None,
    subpaths: tuple[str, ...] | None = None,
    aliases: tuple[str, ...] = (),
) -> Package:
    kind = "pclntab" if runtime == "golang" else "sys.modules"
    evidence = (Evidence(kind, "memory", "/srv/secret-place", f"module {name}", AT),)
    return Package(
        purl,
        name,
        version,
        runtime,
        State.LOADED,
        depth,
        evidence,
        inside=inside,
        subpaths=subpaths,
        aliases=aliases,
    )


REQUESTS = package("pkg:pypi/requests@2.31.0", "requests", "2.31.0")
NO_VERSION = package("pkg:pypi/own", "own", None)
INSIDE = package("pkg:pypi/urllib3@1.26.16", "urllib3", "1.26.16", inside="pkg:pypi/pip@23.2.1")
NET = package(
    "pkg:golang/golang.org/x/net@v0.17.0",
    "golang.org/x/net",
    "v0.17.0",
    "golang",
    subpaths=("", "http2"),
)
OPENSSL = package(
    "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
    "libssl3",
    "3.0.11-1",
    aliases=("pkg:generic/openssl@3.0.11",),
)
UNKNOWN = Package(
    "pkg:pypi/shaded@1.0", "shaded", "1.0", "python", State.UNKNOWN, reason="contained"
)
PYTHON = Coverage("python", complete=True, since=AT - 5, how="CPython 3.11.7, sys.modules")
GO = Coverage("golang", complete=False, since=AT - 4, how="pclntab")


def fact(one: Package, first: float = AT - 60, last: float = AT) -> Fact:
    return Fact(one, first, last)


WEB_1 = pod(1, SHOP, container(0x11), container(0x12, "proxy", PLAIN, ContainerRole.SIDECAR))
WEB_2 = pod(2, SHOP, container(0x21), container(0x22, "proxy", PLAIN, ContainerRole.SIDECAR))
NIGHT_1 = pod(3, NIGHT, container(0x31, "night", PLAIN))


def place(of: Pod, number: int = 0) -> Place:
    one = of.containers[number]
    return Place(one.id, of, one)


def batch() -> Batch:
    """Two pods of one Deployment, one of a CronJob, a container without a pod, and the host."""
    deeper = replace(REQUESTS, depth=Depth.INITIALIZED)
    return Batch(
        AT,
        (WEB_1, WEB_2, NIGHT_1),
        (
            Loaded(
                place(WEB_1),
                (fact(REQUESTS), fact(NO_VERSION), fact(INSIDE), fact(UNKNOWN), fact(OPENSSL)),
                (PYTHON,),
                (Gap("python", "memory not readable", "/srv/secret-place"),),
                (ProcessKey(101, 1001), ProcessKey(102, 1002)),
            ),
            Loaded(
                place(WEB_2),
                (fact(deeper, AT - 90, AT - 30),),
                (replace(PYTHON, complete=False, since=AT - 9),),
                (Gap("python", "memory not readable"), Gap("", "too many processes")),
            ),
            Loaded(place(NIGHT_1), (fact(NET),), (GO,)),
            Loaded(Place("5" * 64), (fact(REQUESTS),), (PYTHON,)),
            Loaded(Place(None), (), gaps=(Gap("", "inventory full", "more than 5 facts"),)),
        ),
    )
