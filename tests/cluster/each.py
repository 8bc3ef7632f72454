"""Tests of both clusters at once: most of their time is that of kubelets and of watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.at_once import for_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.lab import Cluster

    Check = Callable[[Cluster, str], None]


def check_each(clusters: dict[str, Cluster], check: Check) -> None:
    """Check every cluster at once, each in a namespace of its own, in which all ends afterwards."""

    def check_one(cluster: Cluster) -> None:
        with cluster.namespace() as namespace:
            check(cluster, namespace)

    for_each(list(clusters.values()), check_one)


def of_each(check: Check) -> Callable[[dict[str, Cluster]], None]:
    """Make a test of what one cluster must do in a namespace."""

    def test(clusters: dict[str, Cluster]) -> None:
        check_each(clusters, check)

    test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
    return test
