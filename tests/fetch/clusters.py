"""The rows of the toolbox for tests/cluster: two versions of Kubernetes and what they stand on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.fetch import deb, k8s, k8sdebian, system
from tests.fetch.component import Component, always
from tests.fetch.pack import is_packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TESTS = ("cluster",)
# The modules of these versions ask for this Go or an older one.
GO = "1.26.8"
CURRENT = "1.36.3"
OLD = "1.20.2"
ETCD = "3.6.16"
# Of this suite are the source of the old release, its etcd, and what runs containers for both: the
# kubelet of 1.20 speaks CRI v1alpha2, which containerd 1.6 is the last to serve.
SUITE = "bookworm"
# Of the machine itself: namespaces, interfaces, and a shell for the image of the pods.
SYSTEM_PACKAGES = ("util-linux", "iproute2", "mount", "runc", "busybox-static", "zstd")
SYSTEM_PROGRAMS = ("unshare", "nsenter", "ip", "mount", "runc", "busybox", "zstd")


def _row(
    name: str, version: str, client: str, size_mb: int, fetch: Callable[[Path], None]
) -> Component:
    holds = is_packed if client.startswith("go") else always
    return Component(name, version, client, size_mb, TESTS, fetch, holds)


def _deb(name: str, size_mb: int, package: str) -> Component:
    fetch = partial(deb.fetch_files, suite=SUITE, packages=(package,))
    return _row(name, SUITE, "apt", size_mb, fetch)


LONGEST = _row(
    "kubernetes-current", CURRENT, "go", 85, partial(k8s.kubernetes, version=CURRENT, go=GO)
)
# The builds take turns (`k8s.BUILD_LOCK`): the second one comes last.
COMPONENTS = (
    Component(
        "cluster-tools",
        "system",
        "apt-get",
        0,
        TESTS,
        partial(system.install, packages=SYSTEM_PACKAGES, programs=SYSTEM_PROGRAMS),
        partial(system.has, programs=SYSTEM_PROGRAMS),
    ),
    _deb("containerd", 110, "containerd"),
    _deb("cni-plugins", 60, "containernetworking-plugins"),
    _deb("etcd-3.4", 20, "etcd-server"),
    _row("etcd", ETCD, "go", 8, partial(k8s.etcd, version=ETCD, go=GO)),
    _row(
        "kubernetes-1.20",
        OLD,
        "go+apt",
        79,
        partial(k8sdebian.kubernetes, suite=SUITE, version=OLD),
    ),
)
