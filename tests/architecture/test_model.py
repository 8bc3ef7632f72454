"""The words of the model cannot change under anybody's hands, and carry no stray attributes."""

from __future__ import annotations

import dataclasses
import importlib
import inspect

import pytest

from tests.architecture.sources import module_of, python_files

# Counters of a running look: the only things in the model that change.
CHANGING = {"Meter", "Budget"}


def dataclasses_of_the_model() -> list[type]:
    """Return every dataclass defined below sensor/model."""
    found = []
    for file in python_files("sensor/model"):
        module = importlib.import_module(module_of(file))
        classes = (value for _, value in inspect.getmembers(module, inspect.isclass))
        found += [c for c in classes if c.__module__ == module.__name__]
    return [one for one in found if dataclasses.is_dataclass(one)]


@pytest.mark.parametrize("word", dataclasses_of_the_model(), ids=lambda word: word.__name__)
def test_a_word_is_frozen_and_slotted(word: type) -> None:
    frozen = word.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert frozen or word.__name__ in CHANGING
    assert "__slots__" in word.__dict__


def test_the_model_has_words() -> None:
    names = {word.__name__ for word in dataclasses_of_the_model()}
    assert {"ProcessKey", "Evidence", "Gap", "Finding"} <= names
