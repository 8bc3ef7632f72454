"""The loading child when it cannot do its work: one kind of error, and nothing left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from probes.bpf import handover
from probes.errors import LoaderFailed, Malformed

if TYPE_CHECKING:
    from pathlib import Path


def test_a_damaged_object_is_named_by_the_child(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="cannot be read"):
        handover.load(handover.Order(str(tmp_path / "nothing")))
    (tmp_path / "empty").touch()
    with pytest.raises(Malformed, match="ELF64"):
        handover.load(handover.Order(str(tmp_path / "empty")))


def test_a_child_that_breaks_or_hangs_is_no_end_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    order = handover.Order(str(tmp_path))
    with pytest.raises(LoaderFailed, match="no answer after"):
        handover.load(order, seconds=0.001)
    monkeypatch.setattr(handover, "_PROGRAM", "raise SystemExit('broken on purpose')")
    with pytest.raises(LoaderFailed, match="without an answer"):
        handover.load(order)
    assert "broken on purpose" in capfd.readouterr().err
