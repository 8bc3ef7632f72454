"""Kubernetes objects for tests, as JSON: small, with the images that the lab has."""

from __future__ import annotations

from typing import Any

from tests.cluster.images import SHELL_IMAGE

Object = dict[str, Any]


def container(name: str = "main", *command: str, **more: object) -> Object:
    """A container of the shell's image; without a command it stays."""
    # A grace period is left to the pod: our shell ends at once when it is told to.
    made: Object = {"name": name, "image": SHELL_IMAGE, **more}
    return made | ({"command": ["/bin/sh", "-c", *command]} if command else {})


def pod_spec(*containers: Object, **more: object) -> Object:
    """What a pod is made of: one container that stays, unless others are given."""
    return {
        "terminationGracePeriodSeconds": 2,
        "containers": list(containers) or [container()],
        **more,
    }


def pod(name: str, namespace: str, spec: Object | None = None, **metadata: object) -> Object:
    """A bare pod."""
    return _object("v1", "Pod", name, namespace, spec or pod_spec(), **metadata)


def controller(kind: str, name: str, namespace: str, spec: Object | None = None) -> Object:
    """A Deployment, DaemonSet, StatefulSet or ReplicaSet with one pod."""
    labels = {"app": name}
    own: Object = {
        "selector": {"matchLabels": labels},
        "template": _template(spec or pod_spec(), labels),
    }
    if kind != "DaemonSet":
        own["replicas"] = 1
    if kind == "StatefulSet":
        own["serviceName"] = name
    return _object("apps/v1", kind, name, namespace, own)


def job(name: str, namespace: str, spec: Object) -> Object:
    """A Job with one pod, which is not tried again."""
    return _object("batch/v1", "Job", name, namespace, _job_spec(spec))


def cron_job(name: str, namespace: str, spec: Object, version: str) -> Object:
    """A CronJob that is due each minute; `version` is batch/v1 or batch/v1beta1."""
    own = {"schedule": "* * * * *", "jobTemplate": {"spec": _job_spec(spec)}}
    return _object(version, "CronJob", name, namespace, own)


def _job_spec(spec: Object) -> Object:
    return {"backoffLimit": 0, "template": _template(spec | {"restartPolicy": "Never"}, {})}


def _template(spec: Object, labels: dict[str, str]) -> Object:
    return {"metadata": {"labels": labels}, "spec": spec}


def _object(
    version: str, kind: str, name: str, namespace: str, spec: Object, **metadata: object
) -> Object:
    named = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": version, "kind": kind, "metadata": named, "spec": spec}
