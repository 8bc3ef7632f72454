"""The best probe that starts is taken; why a better one was not is told."""

from __future__ import annotations

import pytest

from probes.choose import BEST_FIRST, choose
from probes.errors import KernelLacks, NoProbe, ProbeError
from probes.probe import Missing
from probes.scan import ScanProbe


class Refusing(ScanProbe):
    """A probe that never starts."""

    name = "best"

    def start(self) -> None:
        raise KernelLacks("no such kernel")


class Broken(ScanProbe):
    """A probe with a defect."""

    def start(self) -> None:
        raise ZeroDivisionError


def test_the_first_that_starts_and_why_the_better_one_did_not() -> None:
    choice = choose(("best", "scan"), {"best": Refusing, "scan": ScanProbe})
    choice.probe.close()
    assert choice.probe.name == "scan"
    assert choice.refused == (Missing("best: no such kernel", KernelLacks.help),)


def test_none_starts() -> None:
    with pytest.raises(NoProbe, match="best: no such kernel"):
        choose(("best",), {"best": Refusing})


def test_only_the_named_ones_are_tried() -> None:
    choice = choose(("scan",))
    choice.probe.close()
    assert choice.refused == ()


def test_a_defect_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        choose(("broken", "scan"), {"broken": Broken, "scan": ScanProbe})


def test_ebpf_is_better_than_a_scan() -> None:
    assert BEST_FIRST == ("ebpf", "scan")


def test_every_error_says_what_to_do_next() -> None:
    errors: list[type[ProbeError]] = [ProbeError, *all_below(ProbeError)]
    helps = [str(error.help) for error in errors]
    assert len(set(helps)) == len(errors)
    assert all(len(text) > 20 for text in helps)


def all_below(kind: type[ProbeError]) -> list[type[ProbeError]]:
    return [each for below in kind.__subclasses__() for each in (below, *all_below(below))]
