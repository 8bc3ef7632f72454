"""What the kubelet gives a pod: server, CA and a token that is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.kube.endpoint import MOST_TOKEN, TOKEN_AGE, TokenFile, in_cluster
from sensor.kube.errors import NoCredentials

if TYPE_CHECKING:
    from pathlib import Path

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
SECRET = "a.secret.token"  # noqa: S105 (made up)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "ca.crt").write_text("not read here")
    return tmp_path


def test_all_of_it(folder: Path) -> None:
    found = in_cluster(POD, folder)
    assert found is not None
    assert (found.url, found.ca) == ("https://10.0.0.1:443", str(folder / "ca.crt"))
    assert found.token is not None
    assert found.token.value() == SECRET


def test_an_address_of_ipv6(folder: Path) -> None:
    found = in_cluster({**POD, "KUBERNETES_SERVICE_HOST": "fd00::1"}, folder)
    assert found is not None
    assert found.url == "https://[fd00::1]:443"


@pytest.mark.parametrize("missing", list(POD))
def test_outside_of_a_cluster_there_is_none(missing: str, folder: Path) -> None:
    assert in_cluster({key: value for key, value in POD.items() if key != missing}, folder) is None


def test_the_variables_are_those_of_this_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in POD.items():
        monkeypatch.setenv(key, value)
    found = in_cluster(folder=folder)
    assert found is not None
    assert found.url == "https://10.0.0.1:443"


@pytest.mark.parametrize("name", ["token", "ca.crt"])
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(NoCredentials, match=name):
        in_cluster(POD, folder)


def test_a_port_that_is_none(folder: Path) -> None:
    with pytest.raises(NoCredentials, match="KUBERNETES_SERVICE_PORT"):
        in_cluster({**POD, "KUBERNETES_SERVICE_PORT": "tcp://10.0.0.1:443"}, folder)


def test_the_token_is_read_again_after_a_minute(folder: Path) -> None:
    clock = Clock()
    token = TokenFile(folder / "token", clock)
    assert token.value() == SECRET
    (folder / "token").write_text("newer")
    clock.now += TOKEN_AGE - 1
    assert token.value() == SECRET
    clock.now += 1
    assert token.value() == "newer"


def test_the_token_is_read_again_when_it_is_refused(folder: Path) -> None:
    token = TokenFile(folder / "token", Clock())
    assert token.value() == SECRET
    (folder / "token").write_text("newer")
    token.renew()
    assert token.value() == "newer"


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"two\nlines", b"\xff\xfe", b"x" * (MOST_TOKEN + 1), b"nul\0"],
    ids=["empty", "blank", "lines", "no text", "long", "control"],
)
def test_what_is_no_token_is_said_without_showing_it(folder: Path, data: bytes) -> None:
    (folder / "token").write_bytes(data)
    with pytest.raises(NoCredentials, match="token") as caught:
        TokenFile(folder / "token").value()
    assert len(str(caught.value)) < 200
    assert "two" not in str(caught.value)


def test_the_token_is_in_no_repr(folder: Path) -> None:
    found = in_cluster(POD, folder)
    assert found is not None
    assert found.token is not None
    assert SECRET not in repr(found) + repr(found.token) + str(vars(found.token)["_path"])
