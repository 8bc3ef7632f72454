"""What lying files may cost: manifests and folders without end, and how slices stay short."""

from __future__ import annotations

from itertools import count, pairwise
from typing import TYPE_CHECKING, cast

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.dotnet import DOTNET
from sensor.resolvers.dotnet.manifests import MAX_TOTAL
from tests.unit.dotnet.made import Made, look, reasons, versions
from tests.unit.formats.dotnet.made import assembly, manifest

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.finding import Plain

# As large as one may be: 5,000 files.
LARGE = manifest(
    *(
        (f"Package{n}", "1.0.0", "package", {"runtime": {f"lib/net8.0/File{n}.dll": {}}})
        for n in range(5000)
    )
)


def test_manifests_without_end() -> None:
    files: dict[str, str | bytes] = {}
    for folder in range(60):
        files[f"/{folder}/App.dll"] = assembly(f"App{folder}", product="1.0")
        for name in range(15):
            files[f"/{folder}/{name}.deps.json"] = LARGE
    made = Made(files, [path for path in files if path.endswith(".dll")])
    found = look(made)
    # 900 of them have 500 MB.
    assert reasons(found) == ["deps.json not readable"]
    assert len(versions(found)) == 60
    opened = [path for path in made.files.opened if path.endswith(".json")]
    assert len(opened) == MAX_TOTAL // len(LARGE) + 1


def test_every_slice_reads_something_and_asks_often_whether_to_end() -> None:
    files: dict[str, str | bytes] = {
        f"/app/{n}.dll": assembly(f"A{n}", product="1.0") for n in range(300)
    }
    made, cache, memo = Made(files, list(files)), FileCache(), cast("Plain", None)
    opened = [0]
    while True:
        questions = count()
        budget = Budget(made.meter, seconds=8, clock=lambda asked=questions: next(asked))  # type: ignore[misc]
        found = DOTNET.resolve(cast("Process", made), budget, cache, memo)
        memo = found.memo
        if not found.more:
            break
        opened.append(len(made.files.opened))
    assert len(versions(found)) == 300
    steps = [after - before for before, after in pairwise(opened)]
    assert len(steps) > 20
    assert 0 < min(steps) <= max(steps) <= 16


def test_a_version_resource_of_words_without_end_is_cut() -> None:
    name = "/x/A.dll"
    found = look(Made({name: assembly("A", product="9" * 1800)}, [name]))
    assert versions(found) == {"A": None}
    assert len(found.packages[-1].evidence[-1].detail) < 500
