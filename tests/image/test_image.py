"""The built image: what is in it and what is not, and that it runs as the chart runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sensor import __version__
from tests.image.sandbox import Sandbox, missing

if TYPE_CHECKING:
    from tests.image.buildah import Buildah

pytestmark = [pytest.mark.heavy, pytest.mark.root, pytest.mark.container]
HERE = Path(__file__).parent
COMPILERS = ("cc", "gcc*", "g++*", "clang*", "tcc", "ld", "as", "make", "cargo", "go", "rustc")
PLACES = ("usr/bin", "usr/local/bin", "usr/local/sbin", "usr/sbin", "opt/runtime-sensor/bin")
MODULES = (
    "sensor.cli.scan",
    "sensor.agent.assemble",
    "sensor.agent.cluster",
    "sensor.agent.sinks",
    "sensor.report.snyksink",
    "sensor.kube.endpoint",
    "sensor.worker",
    "sensor.resolvers",
    "probes.ebpf",
    "probes.bpf.child",
)
MEGABYTE = 1_000_000


@pytest.fixture
def sandbox(image: tuple[Buildah, str], rootfs: Path, tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path, rootfs, settings(image)["Env"])


def settings(image: tuple[Buildah, str]) -> dict[str, Any]:
    buildah, name = image
    found = json.loads(buildah.run("inspect", "--type", "image", name))
    config: dict[str, Any] = found["OCIv1"]["config"]
    return config


def ran(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_says_its_version(sandbox: Sandbox) -> None:
    assert ran(sandbox.run("runtime-sensor", "--version")) == f"runtime-sensor {__version__}\n"


def test_it_runs_as_nobody_unless_asked_and_starts_the_sensor(image: tuple[Buildah, str]) -> None:
    config = settings(image)
    assert config["Entrypoint"] == ["runtime-sensor"]
    assert config["User"] == "65532:65532"


def test_it_runs_without_any_right_as_the_deployment_does(sandbox: Sandbox) -> None:
    sandbox.uid = 65532
    assert "usage:" in ran(sandbox.run("runtime-sensor", "run", "--help"))


def test_the_memory_settings_of_glibc_are_in_the_environment(image: tuple[Buildah, str]) -> None:
    env = dict(each.split("=", 1) for each in settings(image)["Env"])
    assert env["MALLOC_TRIM_THRESHOLD_"] == env["MALLOC_MMAP_THRESHOLD_"] == "131072"
    assert env["PATH"].startswith("/opt/runtime-sensor/bin:")


def test_it_reads_a_process_of_the_host_with_the_capabilities_of_the_chart(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process that lives already, of another user than the sensor's image has."""
    program = "import pytest, sys; print('ready', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        words = ("scan", "--pid", str(child.pid), "--format", "ndjson")
        lines = ran(sandbox.run("runtime-sensor", *words)).splitlines()
        assert child.stdin is not None
        child.stdin.close()
    facts = [json.loads(line) for line in lines]
    loaded = {each["purl"] for each in facts if each.get("state") == "loaded"}
    assert f"pkg:pypi/pytest@{pytest.__version__}" in loaded
    with capsys.disabled():
        left_out = ", ".join(sorted(missing())) or "none"
        sys.stdout.write(f"\ncapabilities that this machine cannot give, left out: {left_out}\n")


def test_no_module_is_compiled_again_at_the_start(sandbox: Sandbox) -> None:
    script = (HERE / "caches.py").read_text()
    said = ran(sandbox.run("/opt/runtime-sensor/bin/python", "-c", script, *MODULES))
    assert said.startswith("all "), f"without a valid .pyc: {said}"


def test_there_is_no_compiler_and_no_pip_of_ours(rootfs: Path) -> None:
    found = [
        str(file.relative_to(rootfs))
        for place in PLACES
        for pattern in COMPILERS
        for file in (rootfs / place).glob(pattern)
    ]
    assert not found
    site = next((rootfs / "opt/runtime-sensor/lib").glob("python3*/site-packages"))
    assert not [*site.glob("pip*"), *site.glob("setuptools*")]
    assert not (rootfs / "src").exists()
    assert not (rootfs / "tools").exists()


def test_the_objects_of_the_probes_and_the_pages_of_resolvers_are_in_it(rootfs: Path) -> None:
    site = next((rootfs / "opt/runtime-sensor/lib").glob("python3*/site-packages"))
    assert [*(site / "ebpf_prebuilt").rglob("*.bpf.o")]
    assert [*(site / "sensor/resolvers").rglob("CAPABILITIES.md")]


def test_its_size_with_and_without_the_kubernetes_package(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (HERE / "sizes.py").read_text()
    report = json.loads(ran(sandbox.run("/opt/runtime-sensor/bin/python", "-c", script)))
    image, client = report["image"] / MEGABYTE, report["client"] / MEGABYTE
    with capsys.disabled():
        sys.stdout.write(
            f"\nimage: {image:.0f} MB unpacked with the kubernetes package, {image - client:.0f} MB"
            f" without it and the {len(report['only_for_client']) - 1} packages only it needs\n"
        )
    assert "kubernetes" in report["only_for_client"]
    assert not {"urllib3", "orjson", "psutil"} & set(report["only_for_client"])
    assert 0 < client < image
