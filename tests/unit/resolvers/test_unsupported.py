"""Runtimes that nothing can read yet are recognised, and others are not taken for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from sensor.host.cache import FileCache
from sensor.model.budget import Budget, Meter
from sensor.model.finding import NOT_MINE
from sensor.model.process import Mapping
from sensor.resolvers import RESOLVERS
from sensor.resolvers.unsupported import REASON, RUNTIMES, TITLES, UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Process
    from sensor.model.finding import Finding


@dataclass
class Mapped:
    """As much of a process as these resolvers look at."""

    exe: str
    paths: Sequence[str] = ()
    at: float = 1_700_000_000.0
    meter: Meter = field(default_factory=Meter)

    def maps(self) -> list[Mapping]:
        return [
            Mapping(n << 16, (n << 16) + 4096, "r-xp", 0, "08:01", n, path)
            for n, path in enumerate((self.exe, *self.paths), 1)
        ]


def findings(exe: str, *paths: str) -> dict[str, Finding]:
    """What is found, by name of runtime."""
    process = cast("Process", Mapped(exe, paths))
    return {
        resolver.name: resolver.resolve(process, Budget(process.meter), FileCache(), None)
        for resolver in UNSUPPORTED
        if resolver.detects(process)
    }


# Paths as Debian 12 packages, official builds and common images have them.
@pytest.mark.parametrize(
    ("name", "exe", "paths"),
    [
        ("electron", "/usr/lib/electron28", []),
        ("mono", "/usr/bin/mono-sgen", []),
        ("mono", "/opt/unity/Game", ["/opt/unity/libmonosgen-2.0.so.1"]),
        ("ruby", "/usr/bin/ruby3.1", ["/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2"]),
        ("php", "/usr/sbin/php-fpm8.2", []),
        ("php", "/usr/sbin/apache2", ["/usr/lib/apache2/modules/libphp8.2.so"]),
        ("deno", "/usr/bin/deno", []),
        ("bun", "/root/.bun/bin/bun", []),
        ("pypy", "/usr/bin/pypy3", ["/usr/lib/libpypy3-c.so"]),
        ("pypy", "/opt/pypy/bin/pypy3.10-c", []),
        ("beam", "/usr/lib/erlang/erts-13.1.5/bin/beam.smp", []),
        ("perl", "/usr/bin/perl", []),
    ],
)
def test_recognised(name: str, exe: str, paths: list[str]) -> None:
    found = findings(exe, *paths)
    assert list(found) == [name]
    (gap,) = found[name].gaps
    coverage = found[name].coverage
    assert (gap.runtime, gap.reason) == (name, REASON)
    assert gap.detail.startswith(f"{TITLES[name]}, recognised by /")
    assert coverage is not None
    assert (coverage.runtime, coverage.complete) == (name, False)
    assert not found[name].packages


@pytest.mark.parametrize(
    ("exe", "paths"),
    [
        ("/usr/bin/python3.11", ["/usr/lib/x86_64-linux-gnu/libc.so.6"]),
        ("/usr/bin/nodetool", []),
        ("/usr/bin/bundle", []),
        ("/usr/bin/bash", ["/srv/node/data", "/srv/libruby.so/data", "/srv/mylibruby.so"]),
        ("/usr/sbin/nginx", ["/etc/php"]),
        ("", []),
    ],
)
def test_not_taken_for_one(exe: str, paths: list[str]) -> None:
    assert not findings(exe, *paths)


def test_an_answer_is_for_one_process_only() -> None:
    maps = Mapped("/usr/sbin/apache2", ["/x/libruby.so"])
    first, other = (cast("Process", one) for one in (maps, Mapped("/usr/bin/bash")))
    (ruby,) = (resolver for resolver in UNSUPPORTED if resolver.name == "ruby")
    asked = [ruby.detects(process) for process in (first, other, first, other)]
    assert asked == [True, False, True, False]
    assert ruby.resolve(other, Budget(other.meter), FileCache(), None) == NOT_MINE


def test_a_process_can_hold_two_runtimes() -> None:
    found = findings("/usr/bin/perl", "/usr/lib/libruby-3.1.so.3.1")
    assert set(found) == {"perl", "ruby"}


def test_names_are_told_once_and_none_hides_a_resolver_that_can_read() -> None:
    names = [resolver.name for resolver in RESOLVERS]
    assert len(set(names)) == len(names)
    assert {runtime.name for runtime in RUNTIMES} <= set(names)
