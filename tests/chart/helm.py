"""A Helm of the toolbox: lints and renders our chart, without a cluster and without a network."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "chart"
NAMESPACE = "snyk-runtime-sensor"
GROUP = "11111111-2222-3333-4444-555555555555"
# What the documented command sets.
DOCUMENTED = ("secretName=my-secret", "clusterName=my-cluster", f"snykGroupId={GROUP}")
Object = dict[str, Any]


class Refused(Exception):
    """Helm ended with an error; the text is all that it said."""


@dataclass(frozen=True, slots=True)
class Helm:
    """One version of Helm. `home` is where it may keep files of its own.

    What it makes of our chart and the same words is made once: a tenth of a second each.
    """

    program: Path
    version: str
    home: Path
    _printed: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False)

    def run(self, *words: str | Path) -> str:
        """What Helm printed. Raises Refused."""
        names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        env |= {name: str(self.home / name) for name in names}
        done = subprocess.run(
            [self.program, *words],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    def template(
        self,
        *values: str,
        documented: bool = True,
        kube: str = "1.29.0",
        apis: tuple[str, ...] = (),
        chart: Path = CHART,
    ) -> Rendered:
        """Render with `--set` for each of `values`. Raises Refused."""
        words = ["template", "my-runtime-sensor", str(chart), "--namespace", NAMESPACE]
        words += ["--kube-version", kube]
        for value in (*(DOCUMENTED if documented else ()), *values):
            words += ["--set", value]
        for api in apis:
            words += ["--api-versions", api]
        printed = self._printed.get(tuple(words)) or self.run(*words)
        if chart == CHART:
            self._printed[tuple(words)] = printed
        # The loader in C: the other one would take longer than Helm.
        found = yaml.load_all(printed, Loader=yaml.CSafeLoader)
        return Rendered(tuple(each for each in found if each))


@dataclass(frozen=True, slots=True)
class Rendered:
    """The objects that the chart makes."""

    objects: tuple[Object, ...]

    @property
    def kinds(self) -> list[str]:
        return sorted(each["kind"] for each in self.objects)

    def one(self, kind: str) -> Object:
        """The only object of a kind."""
        (found,) = (each for each in self.objects if each["kind"] == kind)
        return found

    @property
    def workload(self) -> Object:
        (found,) = (each for each in self.objects if each["kind"] in {"DaemonSet", "Deployment"})
        return found

    @property
    def pod(self) -> Object:
        template: Object = self.workload["spec"]["template"]
        return template

    @property
    def container(self) -> Object:
        (found,) = self.pod["spec"]["containers"]
        container: Object = found
        return container

    @property
    def env(self) -> dict[str, Any]:
        """Variables of the container: the text, or where it is from."""
        return {
            each["name"]: each.get("value", each.get("valueFrom")) for each in self.container["env"]
        }
