"""What a look took goes back when it ends: nothing waits for the collector of garbage."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from sensor.host.local import LocalOpener
from tests.support.child import started

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Let the counts of references alone free what is not used any more."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_the_pages_of_a_process_are_freed_with_it() -> None:
    opener = LocalOpener()
    with started() as child:
        with opener.open_process(opener.key(child.pid)) as process:
            assert process.read([(child.page(0), 8)]) != [None]
            process.maps()
        gone = weakref.ref(process)
        del process
        assert gone() is None
