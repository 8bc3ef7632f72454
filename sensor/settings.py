"""What each setting of `runtime-sensor run` is: the table behind flags, variables and the manual.

The values themselves, with their defaults, are `config.Config`: one field for each line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sensor import settingtypes as types

if TYPE_CHECKING:
    from sensor.settingtypes import SettingType


class About(NamedTuple):
    """What a setting is. `flag` and `variable` are "" where it cannot be given so."""

    help: str
    type: SettingType
    flag: str = ""
    variable: str = ""
    metavar: str = ""


SETTINGS: Final[dict[str, About]] = {
    "sink": About(
        "where reports go: stdout, snyk, or file:PATH",
        types.SINK,
        flag="--sink",
        variable="RUNTIME_SENSOR_SINK",
        metavar="SINK",
    ),
    "dry_run": About(
        "print what would be sent, send nothing",
        types.SWITCH,
        flag="--dry-run",
        variable="RUNTIME_SENSOR_DRY_RUN",
    ),
    "mode": About(
        (
            "daemonset: look at the processes of this node; deployment: only tell what the "
            "cluster has deployed; auto: deployment with --kubeconfig, else daemonset"
        ),
        types.one_of("auto", "daemonset", "deployment"),
        flag="--mode",
        variable="RUNTIME_SENSOR_MODE",
        metavar="MODE",
    ),
    "probes": About(
        ("how new processes are noticed: ebpf, scan (a timer), or auto: the best that works here"),
        types.one_of("auto", "ebpf", "scan"),
        flag="--probes",
        variable="RUNTIME_SENSOR_PROBES",
        metavar="PROBES",
    ),
    "host": About(
        "look at processes that are in no container, too",
        types.SWITCH,
        flag="--host",
        variable="RUNTIME_SENSOR_HOST",
    ),
    "pids": About(
        "keep to this process and its descendants (repeatable)",
        types.PIDS,
        flag="--pid",
        metavar="N",
    ),
    "interval": About(
        "seconds between two reports at most; what is new is reported sooner",
        types.number(1, 86400, "seconds"),
        flag="--interval",
        variable="RUNTIME_SENSOR_INTERVAL",
        metavar="S",
    ),
    "cpu_share": About(
        "the part of one processor that looks may use",
        types.number(0.001, 1, "processors"),
        flag="--cpu-share",
        variable="RUNTIME_SENSOR_CPU_SHARE",
        metavar="SHARE",
    ),
    "kubeconfig": About(
        "reach the cluster from outside by this file",
        types.PATH,
        flag="--kubeconfig",
        variable="RUNTIME_SENSOR_KUBECONFIG",
        metavar="FILE",
    ),
    "node_name": About(
        "the name of this node in the cluster",
        types.TEXT,
        flag="--node-name",
        variable="NODE_NAME",
        metavar="NAME",
    ),
    "workload_types": About(
        (
            "only pods of these workloads: deployment, daemonset, statefulset, replicaset, "
            "job, cronjob"
        ),
        types.NAMES,
        flag="--workload-types",
        variable="RUNTIME_SENSOR_WORKLOAD_TYPES",
        metavar="TYPES",
    ),
    "namespaces": About(
        "only pods of these namespaces",
        types.NAMES,
        flag="--namespaces",
        variable="RUNTIME_SENSOR_NAMESPACES",
        metavar="NAMES",
    ),
    "pod_labels": About(
        "only pods that have all of these labels",
        types.LABELS,
        flag="--pod-labels",
        variable="RUNTIME_SENSOR_POD_LABELS",
        metavar="LABELS",
    ),
    "cluster_name": About(
        "the name of the cluster in reports",
        types.TEXT,
        flag="--cluster-name",
        variable="CLUSTER_NAME",
        metavar="NAME",
    ),
    "group_id": About(
        "the id of the Snyk group that reports belong to",
        types.TEXT,
        flag="--group-id",
        variable="SNYK_GROUP_ID",
        metavar="ID",
    ),
    "api_base_url": About(
        "host and port of the Snyk API",
        types.TEXT,
        flag="--api-base-url",
        variable="SNYK_API_BASE_URL",
        metavar="HOST:PORT",
    ),
    "api_path": About(
        "the path of the reports there; by default the one of docs/snyk.md",
        types.TEXT,
        flag="--api-path",
        variable="RUNTIME_SENSOR_API_PATH",
        metavar="PATH",
    ),
    "api_version": About(
        "the version of the API; by default the one of docs/snyk.md",
        types.TEXT,
        flag="--api-version",
        variable="RUNTIME_SENSOR_API_VERSION",
        metavar="VERSION",
    ),
    "agent_id": About(
        "the id of this agent in reports; by default the uid of the node, or one of the cluster's "
        "or the machine's name",
        types.TEXT,
        flag="--agent-id",
        variable="RUNTIME_SENSOR_AGENT_ID",
        metavar="ID",
    ),
    "token": About(
        "the token of the Snyk API",
        types.SECRET,
        variable="SNYK_TOKEN",
    ),
    "token_file": About(
        "a file with the token, read again when it is refused; goes before SNYK_TOKEN",
        types.PATH,
        flag="--token-file",
        variable="RUNTIME_SENSOR_TOKEN_FILE",
        metavar="FILE",
    ),
    "extra_ca": About(
        "a file of further certificates (PEM) that the Snyk API may be signed by",
        types.PATH,
        flag="--extra-ca",
        variable="RUNTIME_SENSOR_EXTRA_CA",
        metavar="FILE",
    ),
    "health": About(
        "where /healthz and /readyz are answered; nowhere by default; the log tells a port of 0",
        types.ADDRESS,
        flag="--health",
        variable="RUNTIME_SENSOR_HEALTH",
        metavar="HOST:PORT",
    ),
    "log_level": About(
        "how much is logged",
        types.one_of("debug", "info", "warning"),
        flag="--log-level",
        variable="RUNTIME_SENSOR_LOG_LEVEL",
        metavar="LEVEL",
    ),
    "log_format": About(
        "how a log line looks; auto: text on a terminal, else json",
        types.one_of("auto", "json", "text"),
        flag="--log-format",
        variable="RUNTIME_SENSOR_LOG_FORMAT",
        metavar="FORMAT",
    ),
}
