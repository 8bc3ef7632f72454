"""Writes chart/README.md out of the comments of values.yaml: `python -m tests.chart.document`.

The text of a value, or of a group of values, is the comment right above it; a value without one is
told by its group. Only the form of our own file is read, not any YAML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHART = Path(__file__).parents[2] / "chart"
LINE = re.compile(r"( *)([A-Za-z]\w*):(?: (.*))?")
INDENT = 2
HEAD = """\
# runtime-sensor: the Helm chart

Written from the comments of `values.yaml` by `python -m tests.chart.document`; a test compares it.

It needs Kubernetes 1.19 or newer, Helm 3.9 or newer, and nodes with Linux 5.8 or newer on amd64 or
arm64. With the chart in a repository that Helm knows as `runtime-sensor`:

```
kubectl create namespace snyk-runtime-sensor
kubectl create secret generic my-secret -n snyk-runtime-sensor --from-literal=snykToken=TOKEN
helm install my-runtime-sensor runtime-sensor/runtime-sensor -n snyk-runtime-sensor \\
  --set secretName=my-secret --set clusterName=CLUSTER --set snykGroupId=GROUP
```

Whatever the release is called, the DaemonSet (or Deployment), its container, the service account
and the cluster role are named `runtime-sensor`; there is one release in a cluster. Every other
setting of `runtime-sensor run` can be given as a variable by a ConfigMap named `env-config-map` in
the namespace of the release, or by `sensor.extraArgs`.

| value | default | what it is |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file, or a group. `default` is as it is written there, "" for a group."""

    name: str
    default: str
    text: str


def values(source: str) -> Iterator[Value]:
    """What the file has, in its order, without groups that say nothing.

    Raises ValueError for a value that neither itself nor its groups tell about.
    """
    path: list[str] = []
    told: list[str] = []
    comment: list[str] = []
    for line in source.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.strip().removeprefix("#").removeprefix(" --").strip())
            continue
        if found := LINE.fullmatch(line):
            depth, text = len(found[1]) // INDENT, " ".join(comment)
            path, told = [*path[:depth], found[2]], [*told[:depth], text]
            name, default = ".".join(path), found[3] or ""
            if default and not any(told):
                raise ValueError(f"values.yaml does not tell what {name} is")
            if default or text:
                yield Value(name, default, text)
        comment = []


def document(source: str) -> str:
    """The README."""
    return HEAD + "".join(_row(each) for each in values(source))


def _row(value: Value) -> str:
    default = f"`{value.default}`" if value.default else ""
    return f"| `{value.name}` | {default} | {value.text} |\n"


if __name__ == "__main__":
    (CHART / "README.md").write_text(document((CHART / "values.yaml").read_text()))
