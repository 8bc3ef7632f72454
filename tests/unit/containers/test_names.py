"""Names alone: whole paths, and the last levels that kernel events carry."""

from __future__ import annotations

import pytest

from sensor.containers.names import MAX_LEVELS, of_names
from sensor.model.container import HOST, UNKNOWN, Container
from tests.unit.containers.forms import CONTAINERS, ID, OTHER, UID, Form


def levels(form: Form) -> list[str]:
    """The names of a form, as a walk from the root would meet them."""
    return form.path.removesuffix(" (deleted)").strip("/").split("/")


def hint(container: Container) -> tuple[object, ...]:
    """All that a container says, but whether it is certain."""
    return container.id, container.runtime, container.pod_uid


WALKED = [form for form in CONTAINERS if ".." not in form.path]


@pytest.mark.parametrize("form", WALKED, ids=lambda form: form.name)
def test_whole_paths_are_certain(form: Form) -> None:
    assert of_names(levels(form)) == form.expected


PLAIN = [form for form in WALKED if levels(form)[-1].endswith((ID, f"{ID}.scope"))]


@pytest.mark.parametrize("form", PLAIN, ids=lambda form: form.name)
def test_the_last_three_levels_give_a_hint(form: Form) -> None:
    container = of_names(levels(form)[-3:], whole=False)
    assert hint(container) == hint(form.expected)
    assert not container.certain


def test_cut_names_without_an_id_are_not_the_host() -> None:
    assert of_names(["a", "b", "c"], whole=False) == UNKNOWN
    assert of_names(["a", "b", "c"]) == HOST
    assert of_names([]) == HOST


def test_a_lie_far_below_is_not_certain() -> None:
    lie = ["kubepods", f"pod{UID}", OTHER]
    assert of_names(["docker", ID, *lie]).id == ID
    assert not of_names(lie, whole=False).certain


def test_only_the_levels_near_the_root_are_looked_at() -> None:
    assert of_names(["a"] * (MAX_LEVELS - 1) + [ID]).id == ID
    assert of_names(["a"] * MAX_LEVELS + [ID]) == UNKNOWN


def test_a_pod_without_a_container_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="without a container id"):
        Container(None, pod_uid=UID)
