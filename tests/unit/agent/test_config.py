"""Settings: where they come from, what each allows, what an error says, and their manual."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.config import Config, ConfigError, document, load
from sensor.settings import SETTINGS
from sensor.settingtypes import Secret

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text)
    return file


def test_the_manual_is_what_the_table_says() -> None:
    assert MANUAL.read_text() == document()


def test_each_setting_has_a_field_and_each_field_a_line() -> None:
    assert [one.name for one in fields(Config)] == list(SETTINGS)


def test_flags_and_variables_are_given_once() -> None:
    for column in ("flag", "variable"):
        given_names = [value for about in SETTINGS.values() if (value := getattr(about, column))]
        assert len(given_names) == len(set(given_names))


def test_without_anything_there_are_defaults() -> None:
    assert load({}, {}) == Config()
    assert Config().api_base_url == "api.snyk.io:443"


def test_the_names_of_the_chart_we_replace_are_understood() -> None:
    variables = {
        "SNYK_TOKEN": "t0k3n",
        "CLUSTER_NAME": "prod",
        "SNYK_GROUP_ID": "12345678-1234-1234-1234-123456789abc",
        "SNYK_API_BASE_URL": "api.eu.snyk.io:443",
    }
    got = load({}, variables)
    assert got.token.reveal() == "t0k3n"
    assert got.cluster_name == "prod"
    assert got.group_id == variables["SNYK_GROUP_ID"]
    assert got.api_base_url == "api.eu.snyk.io:443"


def test_a_flag_goes_before_a_variable_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'interval = 10\nsink = "snyk"\nprobes = "scan"\n')
    variables = {"RUNTIME_SENSOR_INTERVAL": "20", "RUNTIME_SENSOR_SINK": "file:/tmp/x"}
    got = load({"interval": "30", "sink": None}, variables, file)
    assert (got.interval, got.sink, got.probes) == (30.0, "file:/tmp/x", "scan")


def test_an_empty_variable_is_not_given(tmp_path: Path) -> None:
    file = written(tmp_path, "interval = 10\n")
    assert load({}, {"RUNTIME_SENSOR_INTERVAL": ""}, file).interval == 10.0


def test_the_file_holds_values_of_toml(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        'host = true\npids = [1, 2]\nnamespaces = ["a", "b"]\npod_labels = {app = "web", x = ""}\n'
        'health = ":8080"\ncpu_share = 0.5\n',
    )
    got = load({}, {}, file)
    assert got.host is True
    assert got.pids == (1, 2)
    assert got.namespaces == ("a", "b")
    assert got.pod_labels == (("app", "web"), ("x", ""))
    assert got.health == ("", 8080)
    assert got.cpu_share == 0.5


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("workload_types", "deployment, cronjob,", ("deployment", "cronjob")),
        (
            "pod_labels",
            "a=1, app.kubernetes.io/name=x",
            (("a", "1"), ("app.kubernetes.io/name", "x")),
        ),
        ("pids", ["5", "5", "7"], (5, 7)),
        ("health", "[::1]:80", ("::1", 80)),
        ("health", "127.0.0.1:0", ("127.0.0.1", 0)),
        ("kubeconfig", "a/b", Path("a/b")),
        ("dry_run", "YES", True),
        ("dry_run", "0", False),
        ("sink", "file:x", "file:x"),
    ],
)
def test_what_is_understood(name: str, value: object, expected: object) -> None:
    assert getattr(load({name: value}, {}), name) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sink", "mail"),
        ("sink", "file:"),
        ("probes", "magic"),
        ("interval", "5 minutes"),
        ("interval", "nan"),
        ("interval", "0"),
        ("interval", "inf"),
        ("cpu_share", "2"),
        ("pids", ["0"]),
        ("pids", ["abc"]),
        ("pids", [str(10**30)]),
        ("namespaces", "a b"),
        ("namespaces", "-"),
        ("pod_labels", "key"),
        ("pod_labels", "=x"),
        ("health", "8080"),
        ("health", ":70000"),
        ("host", "perhaps"),
        ("cluster_name", "a\nb"),
    ],
)
def test_an_error_names_the_flag_and_what_it_allows(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        load({name: value}, {})
    assert str(caught.value).startswith(SETTINGS[name].flag)
    assert str(caught.value).endswith(f"it must be {SETTINGS[name].type.allowed}")
    assert caught.value.exit_code == 2


def test_an_error_names_the_variable_or_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^the environment variable RUNTIME_SENSOR_INTERVAL is"):
        load({}, {"RUNTIME_SENSOR_INTERVAL": "x"})
    with pytest.raises(ConfigError, match=r"^interval in the file of settings is True"):
        load({}, {}, written(tmp_path, "interval = true\n"))


@pytest.mark.parametrize(
    ("text", "says"),
    [("nonsense", "is no TOML"), ("sinc = 'x'\n", "there is no setting 'sinc'"), ("\xff", "TOML")],
)
def test_a_file_that_is_not_understood(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load({}, {}, written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load({}, {}, tmp_path / "none")


@given(st.text(min_size=8).filter(lambda text: text.isprintable() and text == text.strip()))
def test_a_token_shows_itself_nowhere(token: str) -> None:
    got = load({}, {"SNYK_TOKEN": token})
    assert got.token.reveal() == token
    assert repr(got) == repr(load({}, {"SNYK_TOKEN": "another token"}))
    assert got.token == Secret(token)
    assert got.token


def test_a_token_that_cannot_be_one_is_not_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        load({}, {"SNYK_TOKEN": "very\nsecret"})
    assert "secret" not in str(caught.value)
    assert "SNYK_TOKEN" in str(caught.value)


@given(st.sampled_from(sorted(SETTINGS)), st.text(max_size=30))
def test_any_text_is_a_value_or_an_error_that_says_what_is_allowed(name: str, value: str) -> None:
    said = told({name: value})
    assert said is None or said.endswith(SETTINGS[name].type.allowed)


def told(flags: dict[str, object]) -> str | None:
    """What the error says, if there is one."""
    try:
        load(flags, {})
    except ConfigError as error:
        return str(error)
    return None
