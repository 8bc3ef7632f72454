"""The settings of `runtime-sensor run`: one typed place.

Each comes from its flag, else from its environment variable, else from the file (TOML), else it has
its default. docs/settings.md is written by `document` and compared by a test. What a setting means
is said in `settings`, what may be written for it in `settingtypes`.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from sensor import settingtypes as types
from sensor.errors import UsageError
from sensor.settings import SETTINGS, About
from sensor.settingtypes import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# A file of settings has a few hundred bytes.
MAX_FILE: Final = 1 << 20
SNYK: Final = "api.snyk.io:443"
NO_SECRET: Final = Secret()


class ConfigError(UsageError):
    """A setting has a value that it cannot have, or there is no such setting."""

    help = "All settings, and what each allows, are in docs/settings.md; see also run --help."


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of one run, with their defaults. What each means is in `settings.SETTINGS`."""

    sink: str = "stdout"
    dry_run: bool = False
    mode: str = "auto"
    probes: str = "auto"
    host: bool = False
    pids: tuple[int, ...] = ()
    interval: float = 60.0
    cpu_share: float = 0.05
    kubeconfig: Path | None = None
    node_name: str = ""
    workload_types: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    pod_labels: tuple[tuple[str, str], ...] = ()
    cluster_name: str = ""
    group_id: str = ""
    api_base_url: str = SNYK
    api_path: str = ""
    api_version: str = ""
    agent_id: str = ""
    token: Secret = NO_SECRET
    token_file: Path | None = None
    extra_ca: Path | None = None
    health: tuple[str, int] | None = None
    log_level: str = "info"
    log_format: str = "auto"


def load(
    flags: Mapping[str, object], variables: Mapping[str, str], file: Path | None = None
) -> Config:
    """Put the settings together. `flags` are by name, None where not given. Raises ConfigError."""
    from_file = _read(file) if file else {}
    values: dict[str, Any] = {}
    for name, about in SETTINGS.items():
        for source, value in _given(name, about, flags, variables, from_file):
            if value is not None:
                values[name] = _parsed(about, source, value)
                break
    return Config(**values)


def _given(
    name: str,
    about: About,
    flags: Mapping[str, object],
    variables: Mapping[str, str],
    from_file: Mapping[str, object],
) -> Iterator[tuple[str, object]]:
    """What was given, best first, with a word for where. An empty variable is not given."""
    yield about.flag, flags.get(name)
    yield f"the environment variable {about.variable}", variables.get(about.variable) or None
    yield f"{name} in the file of settings", from_file.get(name)


def _parsed(about: About, source: str, value: object) -> object:
    try:
        return about.type.parse(value)
    except (ValueError, OverflowError):
        shown = types.HIDDEN if about.type is types.SECRET else repr(value)
        message = f"{source} is {shown}: it must be {about.type.allowed}"
        raise ConfigError(message) from None


def _read(file: Path) -> dict[str, object]:
    """The file of settings: TOML, the names of the settings as keys."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE + 1)
        found = tomllib.loads(raw.decode())
    except OSError as error:
        raise ConfigError(f"the file of settings {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file of settings {file} is no TOML: {error}") from None
    unknown = sorted(found.keys() - SETTINGS.keys())
    if unknown or len(raw) > MAX_FILE:
        what = f"there is no setting {unknown[0]!r}" if unknown else "too large"
        raise ConfigError(f"the file of settings {file}: {what}")
    return found


HEADING = """\
# Settings of runtime-sensor run

Written by `python -m sensor.config > docs/settings.md`; a test compares it.

A setting comes from its flag, else from its environment variable, else from the file that
`--config FILE` names (TOML, the names of this table as keys), else it has its default. A variable
that is empty counts as not given. The token has no flag: others could read it in the list of
processes.

| setting | flag | environment variable | default | what it is | it must be |
|---|---|---|---|---|---|
"""


def document() -> str:
    """docs/settings.md."""
    defaults = {one.name: one.default for one in fields(Config)}
    return HEADING + "".join(_line(name, about, defaults[name]) for name, about in SETTINGS.items())


def _line(name: str, about: About, default: object) -> str:
    flag = f"`{' '.join(filter(None, (about.flag, about.metavar)))}`" if about.flag else ""
    variable = f"`{about.variable}`" if about.variable else ""
    cells = (f"`{name}`", flag, variable, _shown(default), about.help, about.type.allowed)
    return f"| {' | '.join(cells)} |\n"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default}`" if isinstance(default, str) and default else ""


def from_surroundings(flags: Mapping[str, object], file: Path | None) -> Config:
    """`load` with the environment of this process. Raises ConfigError."""
    return load(flags, os.environ, file)


if __name__ == "__main__":
    sys.stdout.write(document())
