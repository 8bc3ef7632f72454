"""`record`, `record --show`, `replay`: the same facts, and a warning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.live.cli.world import run
from tests.support import schema
from tests.support.ostruth import purls_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.cli.world import World


def packages(text: str) -> list[dict[str, Any]]:
    document = json.loads(text)
    schema.check(document)
    return [
        {key: value for key, value in line.items() if key != "evidence"}
        for line in document["packages"]
    ]


def test_a_recording_gives_the_same_facts_and_warns(made: World, tmp_path: Path) -> None:
    folder = str(tmp_path / "recording")
    with made.child("toy", "other") as child:
        recorded = run("record", str(child.pid), folder)
        scanned = run("scan", "--pid", str(child.pid), "--format", "json")
        count = 2 + len(purls_of(child.pid))
    replayed = run("replay", folder, "--format", "json")
    table = run("replay", folder)
    assert (recorded.returncode, replayed.returncode) == (0, 0)
    assert recorded.stdout == f"recorded process {child.pid}, {count} packages, into {folder}\n"
    assert "memory can hold secrets" in recorded.stderr
    assert packages(replayed.stdout) == packages(scanned.stdout)
    assert len(packages(replayed.stdout)) == count
    assert f"child.py  pid {child.pid}\n" in table.stdout


def test_every_string_is_shown(made: World, tmp_path: Path) -> None:
    folder = str(tmp_path / "recording")
    with made.child("toy") as child:
        run("record", str(child.pid), folder)
    shown = run("record", "--show", folder)
    assert shown.returncode == 0
    assert str(made.site / "toy" / "__init__.py") in shown.stdout
    assert all(line.isprintable() for line in shown.stdout.splitlines())


def test_what_is_no_recording_is_6(tmp_path: Path) -> None:
    for words in (("replay", str(tmp_path)), ("record", "--show", str(tmp_path))):
        result = run(*words)
        assert (result.returncode, result.stdout) == (6, "")
        assert result.stderr.startswith("runtime-sensor: ")


def test_a_folder_with_something_in_it_is_not_written_to(made: World, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with made.child("toy") as child:
        result = run("record", str(child.pid), str(tmp_path))
    assert result.returncode == 6
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_process_that_is_gone_is_3(tmp_path: Path) -> None:
    result = run("record", "4194304", str(tmp_path / "recording"))
    assert result.returncode == 3
    assert not (tmp_path / "recording").exists()
