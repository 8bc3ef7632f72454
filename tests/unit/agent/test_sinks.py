"""Which sink the settings make, and who the agent says it is."""

from __future__ import annotations

import socket
import uuid
from typing import TYPE_CHECKING, cast

import pytest

from sensor.agent.sinks import DrySink, LateSink, identity, sink_of
from sensor.config import Config
from sensor.errors import SensorError
from sensor.model.batch import Batch
from sensor.report.linesink import FileSink, StreamSink
from sensor.report.sink import Retry

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.kube.http import Api

GROUP = "0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11"


class Nodes:
    """Plays the API server for one question."""

    def get(self, path: str, accept: str = "") -> dict[str, object]:  # noqa: ARG002 - as Api.get
        return {"metadata": {"uid": f"uid of {path.rpartition('/')[2]}"}}


NODES = cast("Api", Nodes())


def test_the_sinks_by_their_names(tmp_path: Path) -> None:
    assert isinstance(sink_of(Config(), None, node=None), StreamSink)
    file = sink_of(Config(sink=f"file:{tmp_path}/x"), None, node=None)
    assert isinstance(file, FileSink)
    file.close()
    snyk = Config(sink="snyk", group_id=GROUP, cluster_name="c")
    assert sink_of(snyk, None, node=None).name == "snyk"


def test_a_dry_run_writes_no_file_and_sends_nothing(tmp_path: Path) -> None:
    config = Config(sink=f"file:{tmp_path}/x", dry_run=True)
    assert isinstance(sink_of(config, None, node=None), StreamSink)
    assert not list(tmp_path.iterdir())
    snyk = Config(sink="snyk", group_id=GROUP, cluster_name="c", dry_run=True)
    assert isinstance(sink_of(snyk, None, node=None), DrySink)


@pytest.mark.parametrize("config", [Config(sink="snyk"), Config(sink="snyk", group_id=GROUP)])
def test_what_is_missing_is_told_at_once(config: Config) -> None:
    with pytest.raises(SensorError, match="is not set"):
        sink_of(config, None, node=None)


def test_an_agent_is_its_node() -> None:
    assert identity(Config(), NODES, "node-1") == "uid of node-1"


def test_an_agent_of_a_cluster_stays_the_same() -> None:
    first = identity(Config(cluster_name="prod"), NODES, None)
    assert first == identity(Config(cluster_name="prod"), NODES, None)
    assert first != identity(Config(cluster_name="test"), NODES, None)
    assert uuid.UUID(first).version == 5


def test_an_agent_of_a_machine_is_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    here = identity(Config(), None, None)
    assert uuid.UUID(here).version == 5
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert identity(Config(), None, None) != here


def test_an_id_that_is_given_goes_before_all() -> None:
    assert identity(Config(agent_id="mine"), NODES, "node-1") == "mine"


class Recorder:
    """A sink that keeps what it gets."""

    name = "inner"

    def __init__(self) -> None:
        self.got: list[Batch] = []
        self.closed = False

    def send(self, batch: Batch) -> None:
        self.got.append(batch)

    def close(self) -> None:
        self.closed = True


def test_a_sink_waits_until_the_agent_knows_its_id() -> None:
    inner, made = Recorder(), []
    trouble = [SensorError("the API server does not answer")]

    def identify() -> str:
        if trouble:
            raise trouble.pop()
        return "me"

    def make(agent: str) -> Recorder:
        made.append(agent)
        return inner

    late = LateSink("snyk", make, identify)
    with pytest.raises(Retry, match="does not answer") as caught:
        late.send(Batch(1.0))
    assert caught.value.help == SensorError.help
    late.send(Batch(2.0))
    late.send(Batch(3.0))
    late.close()
    assert made == ["me"]
    assert [batch.at for batch in inner.got] == [2.0, 3.0]
    assert inner.closed


def test_a_sink_that_was_never_needed_can_be_closed() -> None:
    LateSink("snyk", lambda _agent: Recorder(), lambda: "me").close()
