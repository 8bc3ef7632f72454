"""The one table of cgroup paths: each form, where it is from, and what it must say.

`seen` was read from a real process (kernel and runtimes named); `source` quotes the code or the
documentation that writes the form.
"""

from __future__ import annotations

from typing import NamedTuple

from sensor.model.container import HOST, Container

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
UID = "a1b2c3d4-0001-4000-8000-00000000abcd"
UID_ = UID.replace("-", "_")
HASH = "0123456789abcdef" * 2


class Form(NamedTuple):
    """One path as /proc/PID/cgroup shows it, and the container it means."""

    name: str
    path: str
    expected: Container
    origin: str


def _pod(runtime: str | None, qos: str | None, uid: str = UID) -> Container:
    return Container(ID, runtime, uid, qos)


_BEST = f"kubepods-besteffort-pod{UID_}.slice"
_USER = "/user.slice/user-1000.slice/user@1000.service/user.slice"

CONTAINERS = [
    Form(
        "kubelet, cgroupfs",
        f"/kubepods/besteffort/pod{UID}/{ID}",
        _pod(None, "besteffort"),
        "seen: kubelet 1.20 and 1.37 with containerd 1.6, runc 1.1.5",
    ),
    Form(
        "kubelet, cgroupfs, burstable",
        f"/kubepods/burstable/pod{UID}/{ID}",
        _pod(None, "burstable"),
        "source: kubelet pkg/kubelet/cm/pod_container_manager_linux.go",
    ),
    Form(
        "kubelet, cgroupfs, guaranteed",
        f"/kubepods/pod{UID}/{ID}",
        _pod(None, "guaranteed"),
        "seen: kubelet 1.37",
    ),
    Form(
        "kubelet, static pod: its uid is a hash",
        f"/kubepods/burstable/pod{HASH}/{ID}",
        _pod(None, "burstable", HASH),
        "source: kubelet pkg/kubelet/config/common.go applyDefaults",
    ),
    Form(
        "kubelet, a cgroup root of its own",
        f"/k8snew/kubepods/besteffort/pod{UID}/{ID}",
        _pod(None, "besteffort"),
        "seen: kubelet 1.37 with cgroupRoot",
    ),
    Form(
        "nested parent before kubepods",
        f"/process_api/{HASH}/kubepods/besteffort/pod{UID}/{ID}",
        _pod(None, "besteffort"),
        "seen: the memory line of a node inside a sandbox",
    ),
    Form(
        "containerd, systemd",
        f"/kubepods.slice/kubepods-besteffort.slice/{_BEST}/cri-containerd-{ID}.scope",
        _pod("containerd", "besteffort"),
        "seen: runc 1.1.5 and ctr in VMs with v1, v2 and both",
    ),
    Form(
        "containerd, systemd, guaranteed",
        f"/kubepods.slice/kubepods-pod{UID_}.slice/cri-containerd-{ID}.scope",
        _pod("containerd", "guaranteed"),
        "source: kubelet pkg/kubelet/cm/cgroup_manager_linux.go ToSystemd",
    ),
    Form(
        "kind: a cgroup root before kubepods, systemd",
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice"
        f"/kubelet-kubepods-burstable-pod{UID_}.slice/cri-containerd-{ID}.scope",
        _pod("containerd", "burstable"),
        "source: kind images, kubelet cgroupRoot /kubelet",
    ),
    Form(
        "slice parent, cgroupfs driver",
        f"/kubepods-besteffort-pod{UID_}.slice:cri-containerd:{ID}",
        _pod("containerd", "besteffort"),
        "seen: containerd 1.6 without SystemdCgroup under a systemd kubelet",
    ),
    Form(
        "slice parent, cgroupfs driver, below the daemon",
        f"/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}",
        _pod("containerd", "burstable"),
        "source: runc libcontainer/cgroups/fs/paths.go, a path that is not absolute",
    ),
    Form(
        "CRI-O, systemd",
        f"/kubepods.slice/kubepods-besteffort.slice/{_BEST}/crio-{ID}.scope",
        _pod("cri-o", "besteffort"),
        "source: cri-o internal/config/cgmgr/systemd_linux.go",
    ),
    Form(
        "CRI-O with crun: the workload one level below",
        f"/kubepods.slice/kubepods-besteffort.slice/{_BEST}/crio-{ID}.scope/container",
        _pod("cri-o", "besteffort"),
        "source: crun src/libcrun/cgroup-systemd.c, annotation run.oci.systemd.subgroup",
    ),
    Form(
        "CRI-O, cgroupfs",
        f"/kubepods/besteffort/pod{UID}/crio-{ID}",
        _pod("cri-o", "besteffort"),
        "source: cri-o internal/config/cgmgr/cgroupfs_linux.go",
    ),
    Form(
        "cri-dockerd, systemd",
        f"/kubepods.slice/kubepods-besteffort.slice/{_BEST}/docker-{ID}.scope",
        _pod("docker", "besteffort"),
        "source: moby daemon/oci_linux.go withCgroups",
    ),
    Form(
        "docker, cgroupfs",
        f"/docker/{ID}",
        Container(ID, "docker"),
        "source: moby daemon/oci_linux.go withCgroups",
    ),
    Form(
        "docker, systemd",
        f"/system.slice/docker-{ID}.scope",
        Container(ID, "docker"),
        "source: moby daemon/oci_linux.go withCgroups",
    ),
    Form(
        "docker, rootless",
        f"{_USER}/docker-{ID}.scope",
        Container(ID, "docker"),
        "source: docker docs, rootless mode with cgroup v2",
    ),
    Form(
        "docker, slice parent and cgroupfs",
        f"/system.slice:docker:{ID}",
        Container(ID, "docker"),
        "source: runc libcontainer/specconv, cgroupsPath of systemd",
    ),
    Form(
        "docker with a cgroup parent (ECS does so)",
        f"/ecs/cluster/{HASH}/{ID}",
        Container(ID),
        "source: amazon-ecs-agent agent/taskresource/cgroup",
    ),
    Form(
        "nerdctl and ctr, cgroupfs",
        f"/default/{ID}",
        Container(ID, "containerd"),
        "seen: containerd 1.6, ctr run",
    ),
    Form(
        "nerdctl, systemd",
        f"/system.slice/nerdctl-{ID}.scope",
        Container(ID, "containerd"),
        "source: nerdctl pkg/cmd/container/run_cgroup_linux.go",
    ),
    Form(
        "podman, systemd",
        f"/machine.slice/libpod-{ID}.scope",
        Container(ID, "podman"),
        "source: podman libpod/container_internal_linux.go getOCICgroupPath",
    ),
    Form(
        "podman, systemd with crun",
        f"/machine.slice/libpod-{ID}.scope/container",
        Container(ID, "podman"),
        "source: crun src/libcrun/cgroup-systemd.c",
    ),
    Form(
        "podman, rootless",
        f"{_USER}/libpod-{ID}.scope/container",
        Container(ID, "podman"),
        "source: podman libpod/container_internal_linux.go getOCICgroupPath",
    ),
    Form(
        "podman, cgroupfs",
        f"/libpod_parent/libpod-{ID}",
        Container(ID, "podman"),
        "source: podman libpod/container_internal_linux.go getOCICgroupPath",
    ),
    Form(
        "podman pod, cgroupfs: the pod's id is no container",
        f"/libpod_parent/{OTHER}/libpod-{ID}",
        Container(ID, "podman"),
        "source: podman libpod/runtime_pod_linux.go platformMakePod",
    ),
    Form(
        "podman pod, systemd: the pod's id is no container",
        f"/machine.slice/machine-libpod_pod_{OTHER}.slice/libpod-{ID}.scope",
        Container(ID, "podman"),
        "source: podman libpod/util_linux.go systemdSliceFromPath",
    ),
    Form(
        "podman, split mode (quadlet units)",
        f"/system.slice/web.service/libpod-payload-{ID}",
        Container(ID, "podman"),
        "source: podman libpod/container_internal_linux.go, cgroupSplit",
    ),
    Form(
        "systemd inside the container",
        f"/docker/{ID}/init.scope",
        Container(ID, "docker"),
        "source: systemd docs/CONTAINER_INTERFACE.md",
    ),
    Form(
        "docker in docker: the node knows the outer one",
        f"/docker/{ID}/docker/{OTHER}",
        Container(ID, "docker"),
        "source: moby hack/dind",
    ),
    Form(
        "a kind node seen from the machine: the node's container",
        f"/docker/{ID}/kubelet/kubepods/besteffort/pod{UID}/{OTHER}",
        Container(ID, "docker"),
        "source: kind, docker with the cgroup namespace of the host",
    ),
    Form(
        "a lie: the workload made a cgroup that looks like another container",
        f"/kubepods/besteffort/pod{UID}/{ID}/kubepods/pod{UID[:-1]}e/{OTHER}",
        _pod(None, "besteffort"),
        "seen: mkdir in a delegated cgroup",
    ),
    Form(
        "a lie below a scope",
        f"/kubepods.slice/{_BEST}/cri-containerd-{ID}.scope/crio-{OTHER}.scope",
        _pod("containerd", "besteffort"),
        "seen: mkdir in a delegated cgroup",
    ),
    Form(
        "seen from a neighbour's cgroup namespace",
        f"/../../pod{UID}/{ID}",
        _pod(None, None),
        "source: cgroup_namespaces(7)",
    ),
    Form(
        "seen from another container of the same pod",
        f"/../cri-containerd-{ID}.scope",
        Container(ID, "containerd"),
        "source: cgroup_namespaces(7)",
    ),
    Form(
        "the last process of a removed cgroup",
        f"/kubepods/besteffort/pod{UID}/{ID} (deleted)",
        _pod(None, "besteffort"),
        "source: linux kernel/cgroup/cgroup.c proc_cgroup_show",
    ),
]


def _host(name: str, path: str, origin: str) -> Form:
    return Form(name, path, HOST, origin)


HOSTS = [
    _host("the root", "/", "seen: kernel threads, and processes of a host without systemd"),
    _host("init", "/init.scope", "seen: systemd"),
    _host("a session", "/user.slice/user-0.slice/session-1.scope", "seen: systemd"),
    _host("dockerd", "/system.slice/docker.service", "source: moby contrib/init/systemd"),
    _host("containerd", "/system.slice/containerd.service", "source: containerd.service"),
    _host("kubelet", "/runtime.slice/kubelet.service", "source: EKS node images"),
    _host("a pod's own level", f"/kubepods/besteffort/pod{UID}", "seen: no process lives there"),
    _host(
        "conmon of CRI-O, systemd",
        f"/system.slice/crio-conmon-{ID}.scope",
        "source: cri-o internal/config/cgmgr/systemd_linux.go",
    ),
    _host(
        "conmon of CRI-O in the pod",
        f"/kubepods/besteffort/pod{UID}/crio-conmon-{ID}",
        "source: cri-o conmon_cgroup = pod",
    ),
    _host(
        "conmon of podman, systemd",
        f"/machine.slice/libpod-conmon-{ID}.scope",
        "source: podman libpod/oci_conmon_linux.go",
    ),
    _host("conmon of podman, cgroupfs", "/libpod_parent/conmon", "source: the same"),
    _host("a podman pod's own level", f"/libpod_parent/{ID}", "source: runtime_pod_linux.go"),
    _host("runc run NAME", "/mycontainer", "seen: runc 1.1.5"),
    _host("ctr run NAME", "/default/redis", "seen: containerd 1.6"),
    _host("LXC", "/lxc.payload.web/system.slice", "source: lxc src/lxc/cgroups/cgfsng.c"),
    _host("systemd-nspawn", "/machine.slice/machine-web.scope", "source: systemd-nspawn(1)"),
    _host("buildkit", "/docker/buildkit/u0g1c3bpzyq9r4nx7v2m5k8d6", "source: moby buildkit"),
    _host("63 digits", f"/docker/{ID[1:]}", "none: too short to be an id"),
    _host("65 digits", f"/docker/0{ID}", "none: too long to be an id"),
    _host("capital letters", f"/docker/{ID.upper()}", "none: runtimes write small letters"),
    _host("an unknown prefix", f"/system.slice/other-{ID}.scope", "none: may be a monitor"),
    _host("something behind", f"/system.slice/docker-{ID}.scope.d", "none: not the form"),
    _host("the host seen from a container", "/../../../system.slice/ssh.service", "cgroup ns"),
    _host("the root seen from a container", "/../../..", "source: cgroup_namespaces(7)"),
]
