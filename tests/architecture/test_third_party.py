"""Each heavy or awkward package is used in the files named here, and in no other of the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import ROOT, SHIPPED, python_files, top_names

if TYPE_CHECKING:
    from pathlib import Path

# Package to the only files that may import it. An empty set: installed, not used yet.
ONLY_IN: dict[str, set[str]] = {
    "kubernetes": {"sensor/kube/kubeconfig.py"},
    "pyroute2": set(),
    "sentry_sdk": set(),
    "prometheus_client": set(),
    "elftools": set(),
    "psutil": {"sensor/scan.py"},
    "ctypes": {"sensor/host/syscalls.py", "probes/bpf/sys.py"},
    "jsonschema": {"sensor/receiver/check.py"},
    "packageurl": {"sensor/model/purl.py", "sensor/report/match.py"},
}


@pytest.mark.parametrize("package", ONLY_IN)
def test_only_the_named_files_import_it(package: str) -> None:
    users = {str(file) for file in python_files(*SHIPPED) if package in top_names(file)}
    assert users <= ONLY_IN[package]


@pytest.mark.parametrize("package", [name for name, files in ONLY_IN.items() if files])
def test_the_table_names_only_files_that_do_import_it(package: str) -> None:
    users = {str(file) for file in python_files(*SHIPPED) if package in top_names(file)}
    assert users >= {file for file in ONLY_IN[package] if (ROOT / file).exists()}


def test_probes_know_nothing_of_the_sensor() -> None:
    assert not [file for file in python_files("probes") if "sensor" in top_names(file)]


@pytest.mark.parametrize("file", python_files(*SHIPPED), ids=str)
def test_the_product_does_not_import_its_tests(file: Path) -> None:
    assert not top_names(file) & {"tests", "pytest", "hypothesis"}
