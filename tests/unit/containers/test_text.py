"""The text of /proc/PID/cgroup: every form in every layout of hierarchies, and lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.containers.text import MAX_TEXT, is_nested, of_cgroup_text
from sensor.model.container import HOST, UNKNOWN, Container
from tests.unit.containers.forms import CONTAINERS, HOSTS, ID, OTHER, UID, UID_, Form

FORMS = [*CONTAINERS, *HOSTS]
V1 = ["name=systemd", "pids", "blkio", "freezer", "devices", "memory", "cpuset", "cpuacct,cpu"]
KUBE = f"/kubepods/burstable/pod{UID}/{ID}"
SCOPE = f"/kubepods.slice/kubepods-burstable-pod{UID_}.slice/cri-containerd-{ID}.scope"


def v1(path: str, **other: str) -> str:
    """All controllers at one path, single ones elsewhere."""
    lines = [f"{9 - index}:{name}:{other.get(name, path)}" for index, name in enumerate(V1)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize(
    "layout",
    [
        lambda path: f"0::{path}\n",
        v1,
        lambda path: v1(path) + f"0::{path}\n",
        lambda path: v1(path) + "0::/\n",
        lambda path: v1("/") + f"0::{path}\n",
        lambda path: v1("/", memory=path) + "0::/\n",
    ],
    ids=["v2", "v1", "hybrid", "v1 names it", "v2 names it", "memory names it"],
)
def test_every_form_in_every_layout(form: Form, layout: object) -> None:
    assert callable(layout)
    assert of_cgroup_text(layout(form.path)) == form.expected


def test_names_of_forms_are_unique_and_say_where_they_are_from() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)
    assert all(form.origin for form in FORMS)


def test_memory_is_believed_before_v2_and_v2_before_the_rest() -> None:
    other = KUBE.replace(ID, OTHER)
    assert of_cgroup_text(v1("/", memory=KUBE) + f"0::{other}\n").id == ID
    assert of_cgroup_text(v1("/", pids=other) + f"0::{KUBE}\n").id == ID
    assert of_cgroup_text(v1("/", blkio=other, pids=KUBE)).id == ID


def test_lines_complete_each_other_for_one_container_only() -> None:
    whole = Container(ID, "containerd", UID, "burstable")
    assert of_cgroup_text(v1("/", memory=f"/x/{ID}") + f"0::{SCOPE}\n") == whole
    other = SCOPE.replace(ID, OTHER)
    assert of_cgroup_text(v1("/", memory=f"/x/{ID}") + f"0::{other}\n") == Container(ID)


def test_a_carriage_return_or_line_separator_in_a_name_makes_no_line() -> None:
    for character in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        text = f"0::/docker/{ID}/x{character}4:memory:/docker/{OTHER}\n"
        assert of_cgroup_text(text).id == ID


def test_a_colon_in_a_name_stays_in_the_path() -> None:
    assert of_cgroup_text(f"0::/docker/{ID}/a:b:c\n").id == ID


@pytest.mark.parametrize("text", ["", "\n", "no line", "0:", "0::", "0::docker", ":::", "\0" * 9])
def test_no_line_is_not_known(text: str) -> None:
    assert of_cgroup_text(text) == UNKNOWN


def test_a_broken_line_does_not_hide_the_others() -> None:
    assert of_cgroup_text(f"nonsense\n0::/docker/{ID}\n").id == ID


def test_too_long_a_text_is_not_read() -> None:
    text = f"0::/docker/{ID}\n"
    assert of_cgroup_text(text + "x" * (MAX_TEXT - len(text))).id == ID
    assert of_cgroup_text(text + "x" * (MAX_TEXT - len(text) + 1)) == UNKNOWN


def test_too_deep_a_path_is_not_called_host() -> None:
    deep = "/a" * 2000
    assert of_cgroup_text(f"0::{deep}\n") == UNKNOWN
    assert of_cgroup_text(f"0::{deep}/{ID}\n") == UNKNOWN
    assert of_cgroup_text(f"0::/docker/{ID}{deep}\n").id == ID


def test_inside_our_own_cgroup_namespace_our_own_container_is_hidden() -> None:
    assert of_cgroup_text("0::/\n", nested=True) == UNKNOWN
    assert of_cgroup_text("0::/worker\n", nested=True) == UNKNOWN
    assert of_cgroup_text("0::/../../../system.slice/ssh.service\n", nested=True) == HOST
    assert of_cgroup_text(f"0::/../../pod{UID}/{ID}\n", nested=True).id == ID
    # Nested in one hierarchy only: cpuset is often left at the root.
    assert of_cgroup_text("4:memory:/\n3:cpuset:/\n", nested=True) == UNKNOWN
    assert of_cgroup_text("4:memory:/../..\n3:cpuset:/\n", nested=True) == HOST


def test_pid_1_outside_our_root_tells_that_we_are_nested() -> None:
    assert is_nested("0::/../../../init.scope\n")
    assert is_nested("4:memory:/..\n0::/\n")
    assert not is_nested("0::/init.scope\n")
    assert not is_nested("0::/..hidden\n")


LEVELS = st.sampled_from(
    [ID, OTHER, f"docker-{ID}.scope", f"pod{UID}", "kubepods", "..", "a (deleted)", "", "x:y"]
)


@given(st.lists(LEVELS), st.booleans())
def test_what_the_workload_adds_below_changes_nothing(below: list[str], kube: bool) -> None:  # noqa: FBT001
    path = KUBE if kube else f"/docker/{ID}"
    text = "0::" + "/".join([path, *(name for name in below if name not in {"", ".."})]) + "\n"
    assert of_cgroup_text(text) == of_cgroup_text(f"0::{path}\n")


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    container = of_cgroup_text(text)
    assert container.id is None or len(container.id) == len(ID)
