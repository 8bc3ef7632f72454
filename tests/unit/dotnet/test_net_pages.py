"""Which files of a bundle are mapped, for any bundle: files share pages, and sections do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.formats.netbundle import ASSEMBLY, Entry
from sensor.model.process import Mapping
from sensor.resolvers.dotnet.bundled import PAGE, loaded

ALIGNED = 64
# What the loader of the runtime rounds the address of an image to.
IMAGE = 1 << 16
HEADERS = 0x400


class Space:
    """Addresses, given out upwards; and what was mapped there, as maps shows it."""

    def __init__(self) -> None:
        self.maps = [mapping(0x400000, 1 << 20, "r-xp", 0)]
        self.next = 0x7F00_0000_0000

    def whole(self, entry: Entry) -> None:
        """One without machine code."""
        first = entry.offset // PAGE * PAGE
        end = -(-(entry.offset + entry.size) // PAGE) * PAGE
        self.maps.append(mapping(self.next, end - first, "r--s", first))
        self.next += end - first

    def sections(self, entry: Entry, text: int, data: int) -> None:
        """One with machine code: headers, code, data, relocations, each by itself."""
        self.next = -(-self.next // IMAGE) * IMAGE
        bounds = (0, HEADERS, text, data, entry.size)
        for perms, start, end in zip(
            ("r--p", "r-xp", "rw-p", "r--p"), bounds[:-1], bounds[1:], strict=True
        ):
            first = (entry.offset + start) // PAGE * PAGE
            size = -(-(entry.offset + end - first) // PAGE) * PAGE
            self.maps.append(mapping(self.next, size, perms, first))
            self.next += size + IMAGE


def mapping(start: int, size: int, perms: str, offset: int) -> Mapping:
    return Mapping(start, start + size, perms, offset, "fe:00", 7, "/app/App")


def is_code(entry: Entry, text: int) -> bool:
    """Code has more than a page: real ones have, since data and relocations follow it."""
    return text - HEADERS >= PAGE and entry.size > text


# Size of each file; whether it is loaded; where its code and its data end, in eighths of it.
FILES = st.lists(
    st.tuples(st.integers(2048, 60_000), st.sampled_from(["", "whole", "sections"])), max_size=12
)


@settings(max_examples=300)
@given(FILES, st.integers(0, 5000))
def test_what_is_sure_is_mapped_and_what_is_mapped_is_not_passed_over(
    files: list[tuple[int, str]], before: int
) -> None:
    # Behind the program itself.
    space, entries, expected, at = Space(), [], set(), (1 << 20) + before
    for number, (size, how) in enumerate(files):
        at += -at % ALIGNED
        entry = Entry(f"{number}.dll", at, size, 0, ASSEMBLY)
        entries.append(entry)
        at += size
        text, data = HEADERS + size // 2, HEADERS + size // 2 + size // 4
        if how == "sections" and is_code(entry, text) and data < size:
            space.sections(entry, text, data)
            expected.add(entry.path)
        elif how == "whole":
            space.whole(entry)
            expected.add(entry.path)
    found = loaded(space.maps, entries)
    sure = {entry.path for entry, _ in found.sure}
    unsure = {entry.path for entry in found.unsure}
    assert sure <= expected <= sure | unsure
    # Only files that begin on one page are in doubt.
    starts = Counter(entry.offset // PAGE for entry in entries)
    assert all(starts[entry.offset // PAGE] > 1 for entry in found.unsure)


def test_as_many_mappings_as_files_on_a_page_are_all_of_them() -> None:
    entries = [Entry(f"{n}.dll", (1 << 20) + n * 1024, 1000, 0, ASSEMBLY) for n in range(2)]
    space = Space()
    space.whole(entries[0])
    one = loaded(space.maps, entries)
    assert (one.sure, one.unsure) == ([], entries)
    space.whole(entries[1])
    assert [entry for entry, _ in loaded(space.maps, entries).sure] == entries
