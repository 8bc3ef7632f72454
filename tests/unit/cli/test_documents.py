"""docs/cli.md and docs/exit-codes.md name every command, option and code that there is."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
from pathlib import Path

import sensor
from sensor import cli, errors
from sensor.cli import demo, record, replay, run, scan
from sensor.model.finding import Depth, State

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS = (scan, run, record, replay, demo)


def subclasses(kind: type[errors.SensorError]) -> set[type[errors.SensorError]]:
    return {kind}.union(*map(subclasses, kind.__subclasses__()))


def test_every_exit_code_is_documented_and_no_other() -> None:
    for module in pkgutil.walk_packages(sensor.__path__, "sensor."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)  # so that every error is defined
    text = (DOCS / "exit-codes.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    raised = {error.exit_code for error in subclasses(errors.SensorError)}
    assert documented == {0, cli.INTERRUPTED, cli.PIPE_CLOSED} | raised


def test_every_command_and_option_is_documented() -> None:
    text = (DOCS / "cli.md").read_text()
    for module in COMMANDS:
        parser = argparse.ArgumentParser(add_help=False)
        module.add(parser)
        assert f"## runtime-sensor {module.__name__.rpartition('.')[2]}\n" in text
        words = re.findall(r"--[a-z-]+", parser.format_help())
        assert [word for word in words if word not in text] == []


def test_every_state_of_the_table_is_explained() -> None:
    text = (DOCS / "cli.md").read_text()
    for word in {*Depth, *State}:
        assert f"`{word.replace('_', ' ')}`" in text
