"""The rows of the toolbox for tests/cluster: two versions of Kubernetes and what they stand on."""

from __future__ import annotations

from functools import partial

from tests.fetch import k8s
from tests.fetch.component import Component
from tests.fetch.pack import is_packed

TESTS = ("cluster",)
# The modules of these versions ask for this Go or an older one.
GO = "1.26.8"
CURRENT = "1.36.3"
ETCD = "3.6.16"

COMPONENTS = (
    Component(
        "kubernetes-current",
        CURRENT,
        "go",
        90,
        TESTS,
        partial(k8s.kubernetes, version=CURRENT, go=GO),
        is_packed,
    ),
    Component("etcd", ETCD, "go", 10, TESTS, partial(k8s.etcd, version=ETCD, go=GO), is_packed),
)
