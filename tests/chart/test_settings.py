"""The sensor takes what the chart gives it: arguments and variables, by its own code."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pytest

from sensor.cli import run
from sensor.config import load
from sensor.report import address
from sensor.settings import SETTINGS
from tests.chart.helm import GROUP

if TYPE_CHECKING:
    from sensor.config import Config
    from tests.chart.helm import Helm, Rendered

pytestmark = pytest.mark.runtimes


def config_of(made: Rendered) -> Config:
    """The settings of the container, as the kubelet starts it; the secret has a token."""
    parser = argparse.ArgumentParser()
    run.add(parser)
    command, *words = made.container["args"]
    assert (made.container["command"], command) == (["runtime-sensor"], "run")
    arguments = parser.parse_args(words)
    assert arguments.command == []
    fields = {"SNYK_TOKEN": "secret-text", "NODE_NAME": "node-1"}
    variables = {name: fields.get(name, value) for name, value in made.env.items()}
    flags = {name: getattr(arguments, name, None) for name in SETTINGS}
    return load(flags, variables)


def test_the_documented_command(helm: Helm) -> None:
    config = config_of(helm.template())
    assert config.sink == "snyk"
    assert config.mode == "daemonset"
    assert config.node_name == "node-1"
    assert (config.cluster_name, config.group_id) == ("my-cluster", GROUP)
    assert config.token.reveal() == "secret-text"
    assert str(config.token_file) == "/etc/runtime-sensor/token/snykToken"
    assert config.health == ("", 8181)
    assert (config.workload_types, config.namespaces, config.pod_labels) == ((), (), ())
    assert not config.host


def test_the_deployment(helm: Helm) -> None:
    assert config_of(helm.template("workloadType=deployment")).mode == "deployment"


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("api.snyk.io:443", "https://api.snyk.io:443"),
        ("api.eu.snyk.io:443", "https://api.eu.snyk.io:443"),
        ("https://api.au.snyk.io", "https://api.au.snyk.io:443"),
    ],
)
def test_the_address_of_a_region(helm: Helm, given: str, base: str) -> None:
    config = config_of(helm.template(f"snykAPIBaseURL={given}"))
    assert address.parse(config.api_base_url).base == base


def test_filters_and_certificates(helm: Helm) -> None:
    config = config_of(
        helm.template(
            "sensor.filters.workloadTypes={deployment,cronjob}",
            "sensor.filters.namespaces={ns1,ns2}",
            "sensor.filters.podLabels.key1=value1",
            "sensor.extraCA.configMap=ca",
        )
    )
    assert config.workload_types == ("deployment", "cronjob")
    assert config.namespaces == ("ns1", "ns2")
    assert config.pod_labels == (("key1", "value1"),)
    assert str(config.extra_ca) == "/etc/runtime-sensor/ca/ca.crt"


def test_further_arguments_replace_those_of_the_chart(helm: Helm) -> None:
    config = config_of(helm.template("sensor.extraArgs={--sink,stdout,--interval,5}"))
    assert (config.sink, config.interval) == ("stdout", 5.0)
