"""The programs of a cluster, started in their order and stopped in theirs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.cluster import archive, commands, keys, runtime, settings
from tests.cluster.program import Program
from tests.cluster.waiting import until
from tests.fetch.pack import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tests.cluster.archive import Image
    from tests.cluster.client import Client
    from tests.cluster.recipes import Recipe
    from tests.cluster.space import Space

# An idle machine needs 6 s for the API server of 1.20 and 30 s for its node, a busy one twice that.
READY_SECONDS = 180
# The API server before its etcd: without it, a current one does not end. Containers are killed
# with the space.
STOPPED = ("kubelet", "scheduler", "controllers", "apiserver", "etcd", "containerd")
RUNTIME_LOG = "runtime.log"


class Parts:
    """The programs, their settings and their logs."""

    def __init__(
        self, space: Space, recipe: Recipe, folder: Path, logs: Path, client: Client
    ) -> None:
        """`folder` takes settings and state, `logs` a file for each program."""
        self._space = space
        self._recipe = recipe
        self._folder = folder
        self._logs = logs
        self._client = client
        self._running: dict[str, Program] = {}

    def start(self, images: Collection[Image]) -> None:
        """Start all, until the node is Ready; without an image only the control plane."""
        self._unpack()
        self._start_control_plane()
        if images:
            self._start_containerd()
            self.load(*images)
            self._start_kubelet()

    def stop(self) -> None:
        """Stop all that run."""
        for name in STOPPED:
            if name in self._running:
                self._running.pop(name).stop()

    def restart_apiserver(self) -> None:
        """Kill it and start it on the same etcd."""
        # Asked to end, a current one waits for clients that watch: more than twenty seconds.
        self._running.pop("apiserver").kill()
        self._start_apiserver()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition, for as long as all programs run."""

        def look() -> object:
            for program in self._running.values():
                program.check()
            return condition()

        until(look, f"{self._recipe.version}: {what}", READY_SECONDS)

    def pids(self) -> dict[str, int]:
        """Return their processes, by name."""
        return {name: program.pid for name, program in self._running.items()}

    def load(self, *images: Image) -> None:
        """Import images into containerd."""
        file = archive.write(images, self._folder / "images.tar")
        self.load_archive(file)
        file.unlink()

    def load_archive(self, file: Path) -> None:
        """Import an image archive (OCI or docker) into containerd."""
        self._client.ctr("images", "import", str(file))

    @contextmanager
    def beside(self, name: str, command: Sequence[str]) -> Iterator[Program]:
        """Run a program in the cluster's space, as on its node, for the length of a block."""
        program = Program(self._space, command, self._log(name), self._client.environment)
        try:
            yield program
        finally:
            program.stop()

    def _unpack(self) -> None:
        programs = self._folder / "bin"
        programs.mkdir()
        for component in self._recipe.packed:
            unpack(component, programs)

    def _start_control_plane(self) -> None:
        self._keys = keys.make(self._folder / "keys")
        text = settings.kubeconfig(str(self._keys.authority), self._keys.token)
        self._client.kubeconfig.write_text(text)
        data = self._folder / "etcd"
        data.mkdir(mode=0o700)
        self._start("etcd", commands.etcd(data))
        self._start_apiserver()
        config, minor = self._client.kubeconfig, self._recipe.minor
        self._start("controllers", commands.controllers(config, self._keys, minor))
        self._start("scheduler", commands.scheduler(config, minor))

    def _start_apiserver(self) -> None:
        policy = self._folder / "audit.json"
        policy.write_text(settings.audit())
        command = commands.apiserver(self._keys, policy, self._folder / "audit.log")
        self._start("apiserver", command)
        self.until(self._client.is_serving, "the API server is ready")

    def _start_containerd(self) -> None:
        folder = self._folder / "containerd"
        (folder / "net.d").mkdir(parents=True)
        (folder / "net.d" / "lab.conflist").write_text(settings.network(str(folder)))
        (folder / "cni").symlink_to(self._recipe.plugins)
        config = folder / "config.toml"
        config.write_text(settings.containerd(str(folder), str(self._runtime())))
        self._start("containerd", ["containerd", "--config", str(config)])
        answers = self._client.ctr_command("version")
        self.until(lambda: self._client.works(answers), "containerd answers")

    def _runtime(self) -> Path:
        """The program that containerd starts as runc; its log is one of ours."""
        program = self._folder / "runc"
        words = [sys.executable, "-I", "-S", runtime.__file__, self._logs / RUNTIME_LOG]
        program.write_text(f'#!/bin/sh\nexec {" ".join(map(str, words))} "$@"\n')
        program.chmod(0o755)
        return program

    def _start_kubelet(self) -> None:
        config, root = self._folder / "kubelet.json", self._folder / "kubelet"
        (self._folder / "resolv.conf").touch()
        minor = self._recipe.minor
        config.write_text(settings.kubelet(str(self._folder), self._recipe.cgroup, minor))
        self._start("kubelet", commands.kubelet(self._client.kubeconfig, config, root, minor))
        self.until(self._client.is_ready, "the node is Ready")

    def _start(self, name: str, command: Sequence[str]) -> None:
        environment = self._client.environment
        self._running[name] = Program(self._space, command, self._log(name), environment)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"
