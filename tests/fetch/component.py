"""The row of the toolbox, and the cache folder that holds what is fetched. Knows no component."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.outcome import GoneError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CACHE_VARIABLE = "RUNTIME_SENSOR_TOOLBOX"


def always(_folder: Path) -> bool:
    """Say that a filled folder stays good."""
    return True


@dataclass(frozen=True, slots=True)
class Component:
    """One real thing that tests run against.

    `client` is the program that fetches it (apt, pip, npm, go, apt-get as root, or none).
    `size_mb` is what it takes in the cache, about. `needed_by` names folders under tests/.
    `fetch` fills the empty folder it is given, or raises UnavailableError or GoneError; the folder
    is not moved afterwards, so paths inside may be absolute. `holds` looks at a filled folder and
    says whether it is still good (things outside the cache can be uninstalled).
    """

    name: str
    version: str
    client: str
    size_mb: int
    needed_by: tuple[str, ...]
    fetch: Callable[[Path], None]
    holds: Callable[[Path], bool] = always


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the cache knows of a component: have, fetched, gone, unavailable or missing, and why."""

    state: str
    version: str
    reason: str = ""
    seconds: float = 0.0


def default_root() -> Path:
    """Return the cache folder: from the environment variable, else below the user's cache."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given) if given else Path.home() / ".cache" / "runtime-sensor" / "toolbox"


class Store:
    """The cache folder: one folder and one record (NAME.json) for each component.

    A component counts as there only when its record says so; the record is written last and by
    rename, so that a fetch which was killed leaves nothing that looks whole.
    """

    def __init__(self, root: Path) -> None:
        """Use `root`, which is made when something is fetched."""
        self.root = root

    def folder(self, component: Component) -> Path:
        """Return where the component is, or will be."""
        return self.root / component.name

    def look(self, component: Component) -> Outcome:
        """Return what is known of the component without fetching anything."""
        record = self.root / f"{component.name}.json"
        if not record.exists():
            return Outcome("missing", component.version, "not fetched yet")
        known = Outcome(**json.loads(record.read_text()))
        if known.version != component.version:
            return Outcome("missing", component.version, f"only {known.version} is in the cache")
        if known.state == "have" and not component.holds(self.folder(component)):
            return Outcome("missing", component.version, "what was there is there no longer")
        return known

    def fill(self, component: Component) -> Outcome:
        """Fetch the component unless it is there; return what came of it."""
        with self._locked(component.name):
            known = self.look(component)
            return known if known.state == "have" else self._fetch(component)

    def _fetch(self, component: Component) -> Outcome:
        folder = self.folder(component)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        begin = time.monotonic()
        try:
            component.fetch(folder)
        except GoneError as error:
            outcome = Outcome("gone", component.version, str(error))
        except UnavailableError as error:
            outcome = Outcome("unavailable", component.version, str(error))
        except (OSError, ValueError, KeyError) as error:
            # A full disk, or an answer in a form that the fetcher does not know: the other
            # components are still worth fetching, and this one says what happened.
            outcome = Outcome("unavailable", component.version, repr(error))
        else:
            seconds = round(time.monotonic() - begin, 1)
            self._record(component, Outcome("have", component.version, "", seconds))
            return Outcome("fetched", component.version, "", seconds)
        self._record(component, outcome)
        return outcome

    def _record(self, component: Component, outcome: Outcome) -> None:
        part = self.root / f"{component.name}.json.part"
        part.write_text(json.dumps(asdict(outcome)) + "\n")
        part.rename(self.root / f"{component.name}.json")

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with locked(self.root / ".locks" / name):
            yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file, which is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
