"""Dependency manifests: what the host reads of them, and what it would choke on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sensor.errors import Malformed
from sensor.formats import depsjson
from sensor.formats.depsjson import File, Library
from tests.unit.formats.dotnet import made

JSON = ("Newtonsoft.Json", "13.0.3", "package")
VERSIONS = {"assemblyVersion": "13.0.0.0", "fileVersion": "13.0.3.27908"}


def test_files_of_every_kind() -> None:
    data = made.manifest(
        (*JSON, {"runtime": {"lib/net6.0/Newtonsoft.Json.dll": VERSIONS}}),
        (
            *("Data.Client", "4.8.6", "package"),
            {
                "runtimeTargets": {
                    "runtimes/unix/lib/net6.0/Data.Client.dll": {"rid": "unix"},
                    "runtimes/win/native/sni.dll": {"rid": "win", "assetType": "native"},
                },
                "resources": {"lib/net6.0/de/Data.Client.resources.dll": {"locale": "DE"}},
                "native": {"runtimes/linux-x64/native/libdata.so": {"fileVersion": "0.0.0.1"}},
            },
        ),
        ("App", "1.0.0", "project", {"runtime": {"App.dll": {}}}),
        ("Facade", "4.3.0", "package", {"runtime": {"lib/netstandard1.0/_._": {}}}),
        ("Meta", "1.0.0", "package", {"dependencies": {"Facade": "4.3.0"}}),
    )
    found = {file.place: file for file in depsjson.files(data)}
    assert found.keys() == {
        *("newtonsoft.json.dll", "data.client.dll", "sni.dll", "libdata.so", "app.dll"),
        "de/data.client.resources.dll",
    }
    assert found["newtonsoft.json.dll"] == File(
        "lib/net6.0/Newtonsoft.Json.dll", Library(*JSON), "13.0.0.0", "13.0.3.27908", ""
    )
    assert found["app.dll"].library.kind == "project"


@pytest.mark.parametrize("named", ["t", {"name": "t"}, None])
def test_the_target_that_is_run(named: object) -> None:
    files: dict[str, Any] = {"runtime": {"a.dll": {}}}
    targets = {"t": {"A/1.0": files}}
    if named:
        targets["other"] = {"B/2.0": files}
    document = {"runtimeTarget": named, "targets": targets}
    (found,) = depsjson.files(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert found.library == Library("A", "1.0", "")


def test_none_of_several_targets() -> None:
    document: dict[str, Any] = {"targets": {"a": {"A/1": {"runtime": {"a.dll": {}}}}, "b": {}}}
    assert depsjson.files(json.dumps(document).encode()) == ()


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"[]", b"5", b"{", b"\xff", b"[" * 100_000, b'{"targets": []}'),
        *(b'{"runtimeTarget": 5, "targets": {"": 5}}', b'{"targets": {"a": {"A/1": []}}}'),
        b'{"targets": {"a": {"A/1": {"runtime": []}}}}',
        b'{"targets": {"a": {"A/1": {"runtime": {"a.dll": []}}}}}',
        b'{"targets": {"a": {"A/1": {}}}, "libraries": {"A/1": "package"}}',
    ],
)
def test_what_is_no_manifest_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        depsjson.files(data)


def test_odd_values_say_nothing() -> None:
    files = {"runtime": {"a.dll": {"assemblyVersion": 5, "fileVersion": "9" * 1000}}}
    long = "L" * 300
    data = made.manifest(("A", "1", "package", files), (long, "1", "package", files))
    (found,) = depsjson.files(data)
    assert found == File("a.dll", Library("A", "1", "package"), "", "", "")


def test_bounds() -> None:
    many: dict[str, Any] = {"runtime": {f"{n}.dll": {} for n in range(depsjson.MAX_FILES + 1)}}
    with pytest.raises(Malformed, match="more than 5000 files"):
        depsjson.files(made.manifest(("A", "1", "package", many)))
    with pytest.raises(Malformed, match="1048577 bytes"):
        depsjson.files(b" " * (depsjson.MAX_BYTES + 1))
