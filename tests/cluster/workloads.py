"""A small shop to be looked at: every kind of workload in Python and Go, and the other languages.

The images are made without a registry; a container's command says which modules it imports. What is
true of them: `truth`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.cluster import dotnet_image, java_image, node_image
from tests.cluster.archive import Image
from tests.cluster.manifests import container, controller, cron_job, job, pod, pod_spec
from tests.fetch.component import default_root
from tests.fetch.gomod import offline

if TYPE_CHECKING:
    from typing import Any

    from tests.cluster.lab import Cluster
    from tests.cluster.manifests import Object
    from tests.harness.fixtures import Toolbox

PROGRAMS = Path(__file__).with_name("programs")
PYTHON = "localhost/lab/shop-python:1"
GO = "localhost/lab/shop-go:1"
# The init container of the Deployment.
INIT = "prepare"
VENV = "/app/bin/python3"
DEBIAN = "/usr/bin/python3"
SITE = "lib/python3.11/site-packages"
# Nobody imports them, and they are half of all files; many of the 32 others are left that are not
# imported either.
LARGE = ("django", "pip")
# batch/v1 has CronJobs since 1.21, native sidecars are on by default since 1.29.
CRON_JOB_V1 = 21
NATIVE_SIDECARS = 29
# When the CronJob is told to have run last: so it is due at once. The controller of 1.20 gives up
# when more than a hundred runs were missed.
LONG_AGO = timedelta(minutes=3)
# Ten seconds on a machine with nothing else to do.
OPEN_SECONDS = 150


class Place(NamedTuple):
    """One container of a workload."""

    namespace: str
    kind: str
    workload: str
    container: str


def python_image(toolbox: Toolbox, folder: Path) -> Image:
    """Debian's Python with Debian's packages, and a virtual environment of many others in /app."""
    settings = folder / "pyvenv.cfg"
    settings.write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    files = {
        "/": toolbox.path("debian-python-root"),
        "/app/pyvenv.cfg": settings,
        "/app/app.py": PROGRAMS / "app.py",
    }
    for each in sorted((toolbox.path("python-apps") / SITE).iterdir()):
        if not each.name.lower().startswith(LARGE):
            files[f"/app/{SITE}/{each.name}"] = each
    return Image(PYTHON, files, (DEBIAN,), {VENV: DEBIAN})


def go_image(toolbox: Toolbox, folder: Path) -> Image:
    """One static program."""
    work = folder / "shop"
    shutil.copytree(PROGRAMS / "shop", work)
    modules = toolbox.path("go-modules")
    shutil.copy(modules / "go.sum", work)
    toolchain = toolbox.path("go-1.26")
    environment = offline(toolchain, modules, default_root() / "go-build")
    environment |= {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    command = [str(toolchain / "go/bin/go"), "build", "-buildvcs=false", "-o", "program", "."]
    subprocess.run(command, cwd=work, env=environment, check=True)
    return Image(GO, {"/program": work / "program"}, ("/program",), {})


# Each makes an image of the shop, with the help of an empty folder.
IMAGES = (
    python_image,
    go_image,
    java_image.java_image,
    node_image.node_image,
    dotnet_image.dotnet_image,
)


def python(name: str, *modules: str, python: str = VENV, seconds: float = 0) -> Object:
    """A container that imports the modules; it ends after `seconds` (0: never)."""
    command = [python, "/app/app.py", str(seconds), *modules]
    return {"name": name, "image": PYTHON, "command": command}


def go(name: str) -> Object:
    """A container of the Go program."""
    return {"name": name, "image": GO}


def shop(namespace: str, minor: int) -> list[Object]:
    """All of them but the late Job; `minor` is of the Kubernetes version."""
    web = pod_spec(python("main", "flask"), go("beside"), initContainers=[_init()])
    if minor >= NATIVE_SIDECARS:
        web["initContainers"].append(go("sidecar") | {"restartPolicy": "Always"})
    deployment = controller("Deployment", "web", namespace, web)
    deployment["spec"]["replicas"] = 2
    version = "batch/v1" if minor >= CRON_JOB_V1 else "batch/v1beta1"
    nightly = pod_spec(python("main", "dateutil.parser"))
    nightly_job = cron_job("nightly", namespace, nightly, version)
    # It is due each minute; the first one stays, and is to be the only one.
    nightly_job["spec"]["concurrencyPolicy"] = "Forbid"
    debian = python("main", "yaml", "requests", python=DEBIAN)
    return [
        deployment,
        controller("DaemonSet", "guard", namespace, pod_spec(go("main"))),
        controller("StatefulSet", "store", namespace, pod_spec(debian)),
        job("import", namespace, pod_spec(python("main", "requests", "yaml"))),
        nightly_job,
        pod("bare", namespace, pod_spec(python("python", "jinja2"), go("go"))),
        pod("others", namespace, pod_spec(*_others())),
    ]


def _others() -> list[Object]:
    """Containers of the other languages; each loads one package and has another one beside it."""
    return [
        java_image.java("java", java_image.CLASS),
        node_image.node("node", node_image.LOADED),
        dotnet_image.dotnet("dotnet", dotnet_image.LOADED),
    ]


def late_job(namespace: str) -> Object:
    """A Job that runs for some seconds (one, on a machine with nothing else to do) as its twin."""
    return job("late", namespace, pod_spec(python("main", "flask", seconds=1)))


def twin(namespace: str) -> Place:
    """The container that has imported what the late Job does."""
    return Place(namespace, "Deployment", "web", "main")


def deployed(namespace: str, minor: int) -> dict[Place, tuple[str, int]]:
    """Role and number of pods of each container of the shop, as `shop` makes them."""
    web = {INIT: "init", "main": "main", "beside": "main"}
    web |= {"sidecar": "sidecar"} if minor >= NATIVE_SIDECARS else {}
    rows = {("Deployment", "web", name): (role, 2) for name, role in web.items()}
    for kind, name in (
        ("DaemonSet", "guard"),
        ("StatefulSet", "store"),
        ("Job", "import"),
        ("CronJob", "nightly"),
    ):
        rows[kind, name, "main"] = ("main", 1)
    rows |= {("Pod", "bare", name): ("main", 1) for name in ("python", "go")}
    rows |= {("Pod", "others", one["name"]): ("main", 1) for one in _others()}
    return {Place(namespace, *key): row for key, row in rows.items()}


def start(cluster: Cluster, namespace: str) -> None:
    """Create the shop and wait until it runs."""
    cluster.client.apply(*shop(namespace, cluster.recipe.minor))
    before = (datetime.now(UTC) - LONG_AGO).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = json.dumps({"status": {"lastScheduleTime": before}})
    words = ("patch", "cronjob", "nightly", f"--namespace={namespace}", "--subresource=status")
    cluster.client.kubectl(*words, "--type=merge", f"--patch={patch}")
    # The last to be made; waiting for it costs less than looking again and again.
    ready = ("wait", "--for=condition=Ready", "pod/others", f"--timeout={OPEN_SECONDS}s")
    cluster.client.kubectl(*ready, f"--namespace={namespace}")
    cluster.until(lambda: _running(cluster, namespace), "the shop is open")


def _running(cluster: Cluster, namespace: str) -> bool:
    pods = cluster.client.get("pods", f"--namespace={namespace}")["items"]
    expected = Counter({("Deployment", "web"): 2})
    expected.update({place[1:3] for place in deployed(namespace, 0) if place.workload != "web"})
    running = [one for one in pods if one["status"]["phase"] == "Running"]
    return len(running) == len(pods) and Counter(map(workload_of, pods)) == expected


def workload_of(one: dict[str, Any]) -> tuple[str, str]:
    """Kind and name of the shop's workload that a pod belongs to, by the names that we gave."""
    name: str = one["metadata"]["name"].partition("-")[0]
    kinds = {
        "web": "Deployment",
        "guard": "DaemonSet",
        "store": "StatefulSet",
        "import": "Job",
        "nightly": "CronJob",
    }
    return kinds.get(name, "Pod"), name


def _init() -> Object:
    return container(INIT, "true")
