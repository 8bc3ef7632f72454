"""Which components of the toolbox make which cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fetch import clusters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

OLD = "1.20"
CURRENT = "current"
VERSIONS = {OLD: clusters.OLD, CURRENT: clusters.CURRENT}
OLD_ETCD = "etcd-3.4"
# A kubectl much newer than the server is not made for it: the oldest of the toolbox is for 1.20.
KUBECTL = {OLD: "helm-3.9", CURRENT: "kubectl"}
HELM = {OLD: "helm-3.9", CURRENT: "helm-4.3"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a cluster is made of.

    `version` is "1.MINOR.PATCH"; `packed` are components with packed programs, `path` further
    folders with programs; `plugins` is the folder of the CNI plugins; `kubectl` and `helm` are
    those that the version is tried with; `cgroup` the root of the pods' cgroups: "/" as on most
    nodes, or /NAME.
    """

    version: str
    packed: tuple[Path, ...]
    path: tuple[Path, ...]
    plugins: Path
    kubectl: Path
    helm: Path
    cgroup: str

    @property
    def minor(self) -> int:
        """The 36 of 1.36.3."""
        return int(self.version.split(".")[1])


def recipe(name: str, toolbox: Toolbox, cgroup: str, *, with_old_etcd: bool = False) -> Recipe:
    """Return the recipe, or skip the test; `with_old_etcd` takes 3.4 for a current cluster too."""
    toolbox.path("cluster-tools")
    packed = [toolbox.path(f"kubernetes-{name}")]
    path = [toolbox.path("containerd") / "usr/bin"]
    if name == OLD or with_old_etcd:
        path.append(toolbox.path(OLD_ETCD) / "usr/bin")
    else:
        packed.append(toolbox.path("etcd"))
    return Recipe(
        version=VERSIONS[name],
        packed=tuple(packed),
        path=tuple(path),
        plugins=toolbox.path("cni-plugins") / "usr/lib/cni",
        kubectl=toolbox.path(KUBECTL[name]) / "bin/kubectl",
        helm=toolbox.path(HELM[name]) / "bin/helm",
        cgroup=cgroup,
    )
