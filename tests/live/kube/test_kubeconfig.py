"""kubeconfig files: exec plugins that are really run, certificates, and what is refused."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sensor.kube.errors import NoCredentials
from sensor.kube.http import Api
from sensor.kube.kubeconfig import endpoint_of
from tests.live.kube.apiserver import Answer, ApiServer
from tests.unit.kube.made import failure, pod, pod_list

if TYPE_CHECKING:
    from collections.abc import Callable

    import trustme

PODS = "/api/v1/pods"
# Counts its runs in a file and gives out a token with that number. Its arguments: the file of the
# count, and for how many seconds a token is good ("" says nothing about it).
PLUGIN = """#!{python}
import datetime, json, os, pathlib, sys
count, seconds = pathlib.Path(sys.argv[1]), sys.argv[2]
number = len(count.read_text()) + 1 if count.exists() else 1
count.write_text("x" * number)
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
status = {{"token": f"{{os.environ['PREFIX']}}-{{number}}"}}
if seconds:
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=int(seconds))
    status["expirationTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
print(json.dumps({{"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": status}}))
"""


@pytest.fixture
def write(tmp_path: Path, authority: trustme.CA) -> Callable[..., Path]:
    """Write a kubeconfig for a server and a user."""

    def made(url: str, user: dict[str, Any], **cluster: Any) -> Path:  # noqa: ANN401 (YAML)
        inline = base64.b64encode(authority.cert_pem.bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [
                {"name": "here", "context": {"cluster": "c", "user": "u"}},
                {"name": "nowhere", "context": {"cluster": "gone", "user": "u"}},
            ],
            "clusters": [
                {
                    "name": "c",
                    "cluster": {"server": url, "certificate-authority-data": inline, **cluster},
                }
            ],
            "users": [{"name": "u", "user": user}],
        }
        file = tmp_path / "config"
        file.write_text(json.dumps(config))  # JSON is YAML
        return file

    return made


@pytest.fixture
def plugin(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """A user of the plugin, whose tokens are good for so many seconds."""
    file = tmp_path / "plugin"
    file.write_text(PLUGIN.format(python=sys.executable))
    file.chmod(0o700)

    def user(seconds: str) -> dict[str, Any]:
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(file),
                "args": [str(tmp_path / "count"), seconds],
                "env": [{"name": "PREFIX", "value": "made"}],
                "interactiveMode": "Never",
            }
        }

    return user


def test_a_token_of_an_exec_plugin(
    secure: ApiServer, write: Callable[..., Path], plugin: Callable[[str], dict[str, Any]]
) -> None:
    secure.lists.extend([Answer(pod_list(pod())), Answer(pod_list())])
    api = Api(endpoint_of(write(secure.url, plugin("3600"))))
    assert len(api.get(PODS)["items"]) == 1
    api.get(PODS)
    api.close()
    assert [one.token for one in secure.asked] == ["made-1", "made-1"]


def test_an_expired_token_is_made_anew(
    secure: ApiServer, write: Callable[..., Path], plugin: Callable[[str], dict[str, Any]]
) -> None:
    secure.lists.append(Answer(pod_list()))
    # The package takes a token as expired some minutes before its end.
    endpoint = endpoint_of(write(secure.url, plugin("1")))
    before = endpoint.token.value() if endpoint.token else ""
    api = Api(endpoint)
    api.get(PODS)
    api.close()
    (asked,) = secure.asked
    assert before.startswith("made-")
    assert int(asked.token.removeprefix("made-")) > int(before.removeprefix("made-"))


def test_a_refused_token_is_made_anew(
    secure: ApiServer, write: Callable[..., Path], plugin: Callable[[str], dict[str, Any]]
) -> None:
    secure.lists.extend([Answer(failure(401, "Unauthorized"), 401), Answer(pod_list())])
    api = Api(endpoint_of(write(secure.url, plugin(""))))
    api.get(PODS)
    api.close()
    assert [one.token for one in secure.asked] == ["made-1", "made-2"]


def test_a_plugin_that_fails(secure: ApiServer, write: Callable[..., Path]) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}}
    with pytest.raises(NoCredentials, match="no token and no certificate"):
        endpoint_of(write(secure.url, user))


def test_a_plain_token(secure: ApiServer, write: Callable[..., Path]) -> None:
    secure.lists.append(Answer(pod_list()))
    endpoint = endpoint_of(write(secure.url, {"token": "plain"}))
    api = Api(endpoint)
    api.get(PODS)
    api.close()
    assert secure.asked[0].token == "plain"  # noqa: S105 (made up)
    assert "plain" not in repr(endpoint)


def test_a_client_certificate(authority: trustme.CA, write: Callable[..., Path]) -> None:
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(asking)
    authority.configure_trust(asking)
    asking.verify_mode = ssl.CERT_REQUIRED
    user = authority.issue_cert("admin@example.org")
    chain = b"".join(one.bytes() for one in user.cert_chain_pems)
    inline = {
        "client-certificate-data": base64.b64encode(chain).decode(),
        "client-key-data": base64.b64encode(user.private_key_pem.bytes()).decode(),
    }
    with ApiServer(asking) as server:
        server.lists.append(Answer(pod_list(pod())))
        api = Api(endpoint_of(write(server.url, inline)))
        assert len(api.get(PODS)["items"]) == 1
        api.close()
        assert server.asked[0].token == ""


@pytest.mark.parametrize(
    ("url", "cluster", "message"),
    [
        ("http://api.example.org", {}, "not an https server"),
        ("https://api.example.org", {"insecure-skip-tls-verify": True}, "insecure-skip-tls-verify"),
        ("https://api.example.org", {"proxy-url": "http://proxy.example.org"}, "proxy-url"),
    ],
)
def test_what_would_not_be_safe_or_is_not_supported(
    write: Callable[..., Path], url: str, cluster: dict[str, object], message: str
) -> None:
    with pytest.raises(NoCredentials, match=message):
        endpoint_of(write(url, {"token": "x"}, **cluster))


@pytest.mark.parametrize(
    ("user", "message"),
    [({}, "no token and no certificate"), ({"username": "a", "password": "b"}, "only bearer")],
)
def test_a_user_that_cannot_be_let_in(
    write: Callable[..., Path], user: dict[str, str], message: str
) -> None:
    with pytest.raises(NoCredentials, match=message):
        endpoint_of(write("https://api.example.org", user))


def test_a_context_that_is_not_there(write: Callable[..., Path]) -> None:
    file = write("https://api.example.org", {"token": "x"})
    for context in ("nowhere", "missing"):
        with pytest.raises(NoCredentials, match="config"):
            endpoint_of(file, context)


@pytest.mark.parametrize("text", [None, "", "[]", "a: [", "kind: Config"])
def test_a_file_that_is_none(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "config"
    if text is not None:
        file.write_text(text)
    with pytest.raises(NoCredentials, match="config"):
        endpoint_of(file)


def test_the_file_is_never_written(write: Callable[..., Path]) -> None:
    file = write("https://api.example.org", {"token": "x"})
    before = file.read_bytes(), file.stat().st_mtime_ns
    endpoint_of(file)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_nothing_but_kubeconfig_brings_the_package_along() -> None:
    program = (
        "import sys, sensor.kube.feed, sensor.kube.node, sensor.kube.deployed\n"
        "import sensor.kube.filters, sensor.kube.kubeconfig\n"
        "print('kubernetes' in sys.modules, 'asyncio' in sys.modules, 'yaml' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.split() == ["False"] * 3
