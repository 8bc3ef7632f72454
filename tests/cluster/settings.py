"""The settings files of a cluster's programs: values in, text out. Starts nothing.

Formats: kubeconfig and KubeletConfiguration (v1beta1), which are YAML and so may be JSON;
containerd's config version 2; CNI 0.4.0; audit.k8s.io/v1.
"""

from __future__ import annotations

import json

from tests.cluster.space import NODE_ADDRESS

NODE = "lab-node"
PAUSE_IMAGE = "localhost/lab/pause:1"
# In the private /run of the space: a socket's path has at most 107 characters.
CONTAINERD_SOCKET = "/run/lab/containerd.sock"
URL = f"https://{NODE_ADDRESS}:443"
# The kubelet of 1.31 and later has the setting, and refuses cgroup v1 by default from 1.35 on.
KNOWS_FAIL_CGROUP_V1 = 31


def kubeconfig(authority: str, token: str) -> str:
    """Return the file for a user who is let in by the token."""
    cluster = {"server": URL, "certificate-authority": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "user"}}],
            "current-context": "lab",
        }
    )


def containerd(folder: str, runtime: str) -> str:
    """Return the file; `runtime` is the program that stands for runc, `folder` holds its state."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.gc.v1.scheduler"]
  # By default snapshots of removed containers are deleted after the next hundred changes only
  # (containerd, docs/garbage-collection.md).
  deletion_threshold = 1
[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  disable_apparmor = true
  # A machine without CAP_SYS_RESOURCE cannot lower a score.
  restrict_oom_score_adj = true
[{cri}.cni]
  bin_dir = "{folder}/cni"
  conf_dir = "{folder}/net.d"
[{cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
  BinaryName = "{runtime}"
"""


def network(folder: str) -> str:
    """Return the list of plugins: each pod gets a pair of interfaces and a route to its node."""
    # So wide that no address is given twice.
    ranges = [[{"subnet": "10.88.0.0/16"}]]
    addresses = {
        "type": "host-local",
        "dataDir": f"{folder}/addresses",
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": ranges,
    }
    plugin = {"type": "ptp", "ipam": addresses}
    return json.dumps({"cniVersion": "0.4.0", "name": "lab", "plugins": [plugin]})


def kubelet(folder: str, cgroup: str, minor: int) -> str:
    """Return the file; `cgroup` is the root of the pods' cgroups."""
    settings: dict[str, object] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "readOnlyPort": 0,
        "healthzPort": 0,
        "serializeImagePulls": False,
        # How often it looks whether it is Ready (10 s), and how often it says so again (5 min).
        "nodeStatusUpdateFrequency": "1s",
        "nodeStatusReportFrequency": "5m",
        "resolvConf": f"{folder}/resolv.conf",
        "volumePluginDir": f"{folder}/plugins",
        "makeIPTablesUtilChains": False,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        # A developer's disk can be rather full: that must not evict a test.
        "evictionHard": {
            "memory.available": "1Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }
    if minor >= KNOWS_FAIL_CGROUP_V1:
        settings["failCgroupV1"] = False
    return json.dumps(settings)


def audit() -> str:
    """Return the policy: each request of a ServiceAccount of our own is noted once, by its name."""
    rules = [
        {"level": "None", "users": ["admin", "system:apiserver"]},
        {"level": "None", "namespaces": ["kube-system"]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
        {"level": "None"},
    ]
    return json.dumps(
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": rules,
        }
    )
