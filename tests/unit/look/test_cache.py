"""The cache is bounded by bytes, keeps what is used, and takes plain data only."""

from __future__ import annotations

import pytest

from sensor.host.cache import FileCache
from sensor.model.file import FileId


def file(ino: int) -> FileId:
    """A file told apart by its inode only."""
    return FileId(ino, 10, 1, 1, 1)


def test_a_value_comes_back_for_its_kind_and_file_only() -> None:
    cache = FileCache()
    cache.put("record", file(1), ["a"])
    assert cache.get("record", file(1)) == ["a"]
    assert cache.get("other", file(1)) is None
    assert cache.get("record", file(2)) is None
    assert cache.statistics["record"].hits == 1
    assert cache.statistics["record"].misses == 1


def test_the_least_used_goes_first_and_the_bound_holds() -> None:
    cache = FileCache(max_bytes=100)
    for ino in range(4):
        cache.put("x", file(ino), "a" * 23)
    assert cache.bytes == 100
    cache.get("x", file(0))
    cache.put("x", file(9), "b" * 23)
    assert cache.get("x", file(0)) is not None
    assert cache.get("x", file(1)) is None
    assert cache.bytes == 100


def test_a_value_larger_than_the_bound_is_not_kept() -> None:
    cache = FileCache(max_bytes=100)
    cache.put("x", file(1), "a" * 200)
    assert cache.get("x", file(1)) is None
    assert cache.bytes == 0


def test_putting_again_replaces_and_does_not_count_twice() -> None:
    cache = FileCache()
    cache.put("x", file(1), "aaaa")
    cache.put("x", file(1), "bb")
    assert cache.get("x", file(1)) == "bb"
    assert cache.bytes == 4


def test_only_plain_data_is_taken() -> None:
    with pytest.raises(TypeError):
        FileCache().put("x", file(1), object())  # type: ignore[arg-type]
