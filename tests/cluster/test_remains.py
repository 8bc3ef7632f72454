"""What came and does not go is told; what was there before, or came later, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.cluster import remains

if TYPE_CHECKING:
    from tests.cluster.lab import Cluster

NO_CLUSTER = cast("Cluster", None)


def look(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Have each next look see these."""
    monkeypatch.setattr(remains, "seen", lambda _: set(lines))


def test_what_stays_of_what_came_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    look(monkeypatch, "before")
    found = remains.Remains(NO_CLUSTER)
    look(monkeypatch, "before", "goes", "stays")
    found.note()
    look(monkeypatch, "stays", "comes later")
    assert found.left(seconds=0) == ["stays"]
    look(monkeypatch, "comes later")
    assert found.left(seconds=0) == []


def test_objects_but_pods_must_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remains, "UNINSTALLED_SECONDS", 0)
    lines = {"Pod one/web 1", "Secret one/kept 2"}
    monkeypatch.setattr(remains, "objects", lambda _: iter(lines))
    remains.until_uninstalled(NO_CLUSTER, {"Secret one/kept 2"})
    with pytest.raises(AssertionError, match="Secret one/kept 2"):
        remains.until_uninstalled(NO_CLUSTER, set())
