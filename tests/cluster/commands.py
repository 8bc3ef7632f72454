"""The command lines of a cluster's programs, by the minor version of Kubernetes. Starts nothing.

Differences are those that were met with 1.20.2 and 1.36.3, each with the version it came with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.settings import CONTAINERD_SOCKET, NODE, PAUSE_IMAGE
from tests.cluster.space import NODE_ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.keys import Keys

ETCD_URL = "http://127.0.0.1:2379"
# `--port` of the controllers ended with 1.24.
NO_INSECURE_PORT = 24
# Kubelets up to 1.26 also knew Docker and had to be told.
REMOTE_ONLY = 27


def etcd(data: Path) -> list[str]:
    """A server of one member; what it holds need not survive a power cut."""
    listen = ("--listen-client-urls", ETCD_URL, "--advertise-client-urls", ETCD_URL)
    peers = ("--listen-peer-urls", "http://127.0.0.1:2380")
    return ["etcd", "--data-dir", str(data), *listen, *peers, "--unsafe-no-fsync"]


def apiserver(keys: Keys, policy: Path, audit_log: Path) -> list[str]:
    """Listens on all addresses of the space, port 443, so that pods find it at the service's."""
    flags = {
        "etcd-servers": ETCD_URL,
        "bind-address": "0.0.0.0",  # noqa: S104 (of a network namespace without a way out)
        "advertise-address": NODE_ADDRESS,
        "secure-port": "443",
        "tls-cert-file": keys.server,
        "tls-private-key-file": keys.server_key,
        "service-account-key-file": keys.accounts,
        "service-account-signing-key-file": keys.accounts,
        "service-account-issuer": "https://kubernetes.default.svc",
        "token-auth-file": keys.tokens,
        "authorization-mode": "Node,RBAC",
        "service-cluster-ip-range": "10.96.0.0/16",
        "allow-privileged": "true",
        "kubelet-preferred-address-types": "InternalIP",
        "audit-policy-file": policy,
        "audit-log-path": audit_log,
    }
    return ["kube-apiserver", *(f"--{name}={value}" for name, value in flags.items())]


def controllers(kubeconfig: Path, keys: Keys, minor: int) -> list[str]:
    """Deployments, Jobs and the others; gives ServiceAccounts what signs and what to trust."""
    return [
        "kube-controller-manager",
        f"--root-ca-file={keys.authority}",
        f"--service-account-private-key-file={keys.accounts}",
        "--use-service-account-credentials",
        *_controller(kubeconfig, minor),
    ]


def scheduler(kubeconfig: Path, minor: int) -> list[str]:
    """Puts pods on the one node."""
    return ["kube-scheduler", *_controller(kubeconfig, minor)]


def _controller(kubeconfig: Path, minor: int) -> list[str]:
    port = "--secure-port=0" if minor >= NO_INSECURE_PORT else "--port=0"
    return [f"--kubeconfig={kubeconfig}", "--leader-elect=false", port]


def kubelet(kubeconfig: Path, config: Path, root: Path, minor: int) -> list[str]:
    """The node's agent; `root` takes the volumes of its pods."""
    old = ["--container-runtime=remote", f"--pod-infra-container-image={PAUSE_IMAGE}"]
    return [
        "kubelet",
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        f"--root-dir={root}",
        f"--container-runtime-endpoint=unix://{CONTAINERD_SOCKET}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        *(old if minor < REMOTE_ONLY else ()),
    ]
