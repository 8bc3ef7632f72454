"""A look: who is asked, who is told apart, what a dead process and a defect become."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, cast

from sensor.errors import BudgetSpent, ProcessGone
from sensor.host.cache import FileCache
from sensor.look import MAX_SLICES, Memos, look, look_until_done
from sensor.model.budget import Meter
from sensor.model.finding import NOT_MINE, Coverage, Finding
from sensor.model.process import ProcessKey
from sensor.resolvers.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Opener
    from sensor.model.finding import Plain

KEY = ProcessKey(7, 1234)


@dataclass
class Stub:
    """A process of which only its life matters here; an Opener of itself."""

    gone_at_verify: bool = False
    gone_at_open: bool = False
    at: float = 5.0
    meter: Meter = field(default_factory=Meter)
    opened: int = 0
    closed: int = 0
    programs: list[int] = field(default_factory=lambda: [0x1000])

    maps_digest: int = 1

    @property
    def program(self) -> str:
        """The program moves when the test says that an exec happened."""
        return f"{self.programs[min(self.opened, len(self.programs)) - 1]:x}"

    def open_process(self, _key: ProcessKey) -> Stub:
        if self.gone_at_open:
            raise ProcessGone("7")
        self.opened += 1
        return self

    def verify(self) -> None:
        if self.gone_at_verify:
            raise ProcessGone("7")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1


def opener(stub: Stub) -> Opener:
    return cast("Opener", stub)


def resolver(name: str, resolve: Callable[[Plain], Finding], *, detects: bool = True) -> Resolver:
    def run(_process: object, _budget: object, _cache: object, memo: Plain) -> Finding:
        return resolve(memo)

    return Resolver(name, (name,), lambda _: detects, run)


def done(name: str) -> Finding:
    return Finding(coverage=Coverage(name, complete=True, since=5.0, how="test"), memo=1)


def test_only_resolvers_that_detect_and_own_are_in_the_look() -> None:
    stub = Stub()
    result = look(
        opener(stub),
        KEY,
        [
            resolver("mine", lambda _: done("mine")),
            resolver("other", lambda _: NOT_MINE),
            resolver("never", lambda _: done("never"), detects=False),
        ],
        FileCache(),
    )
    assert set(result.findings) == {"mine"}
    assert stub.opened == stub.closed == 1


def test_a_process_of_another_runtime_can_be_remembered_as_such() -> None:
    got: list[Plain] = []

    def resolve(memo: Plain) -> Finding:
        got.append(memo)
        return Finding(memo="not mine")

    stub, cache = Stub(programs=[0x1000]), FileCache()
    first = look(opener(stub), KEY, [resolver("a", resolve)], cache)
    look(opener(stub), KEY, [resolver("a", resolve)], cache, first.memos)
    assert not first.findings
    assert got == [None, "not mine"]


def test_a_process_that_changes_while_we_look_leaves_no_facts() -> None:
    for stub in (Stub(gone_at_verify=True), Stub(gone_at_open=True)):
        result = look(opener(stub), KEY, [resolver("a", lambda _: done("a"))], FileCache())
        assert result.gone
        assert not result.findings


def test_process_gone_inside_a_resolver_is_the_same() -> None:
    def resolve(_memo: Plain) -> Finding:
        raise ProcessGone("7")

    assert look(opener(Stub()), KEY, [resolver("a", resolve)], FileCache()).gone


def test_a_defect_becomes_a_gap_named_crash_and_the_others_still_speak() -> None:
    def resolve(_memo: Plain) -> Finding:
        raise ZeroDivisionError("oops")

    result = look(
        opener(Stub()),
        KEY,
        [resolver("bad", resolve), resolver("good", lambda _: done("good"))],
        FileCache(),
    )
    (gap,) = result.findings["bad"].gaps
    assert (gap.reason, gap.detail) == ("crash", "ZeroDivisionError: oops")
    coverage = result.findings["bad"].coverage
    assert coverage is not None
    assert not coverage.complete
    assert "good" in result.findings


def test_a_spent_budget_becomes_a_gap() -> None:
    def resolve(_memo: Plain) -> Finding:
        raise BudgetSpent("9 bytes in 1 calls")

    result = look(opener(Stub()), KEY, [resolver("a", resolve)], FileCache())
    assert result.findings["a"].gaps[0].reason == "BudgetSpent"


def test_the_memo_is_handed_back_until_there_is_no_more() -> None:
    def resolve(memo: Plain) -> Finding:
        step = int(cast("int", memo or 0)) + 1
        return Finding(coverage=done("a").coverage, memo=step, more=step < 3)

    calls: list[int] = []
    stub = Stub()
    result = look_until_done(
        opener(stub), KEY, [resolver("a", resolve)], FileCache(), lambda: calls.append(1)
    )
    assert result.memos.by_resolver == {"a": 3}
    assert not result.more
    assert stub.opened == len(calls) == 3


def test_a_finished_resolver_is_not_asked_again_while_another_goes_on() -> None:
    asked: list[str] = []

    def quick(_memo: Plain) -> Finding:
        asked.append("quick")
        return done("quick")

    def slow(memo: Plain) -> Finding:
        asked.append("slow")
        step = int(cast("int", memo or 0)) + 1
        return Finding(coverage=done("slow").coverage, memo=step, more=step < 4)

    result = look_until_done(
        opener(Stub()), KEY, [resolver("quick", quick), resolver("slow", slow)], FileCache()
    )
    assert asked.count("quick") == 1
    assert set(result.findings) == {"quick", "slow"}


def test_what_turns_out_to_be_of_another_runtime_leaves_nothing() -> None:
    def resolve(memo: Plain) -> Finding:
        return Finding(memo="half", more=True) if memo is None else Finding()

    result = look_until_done(opener(Stub()), KEY, [resolver("a", resolve)], FileCache())
    assert not result.findings


def test_a_memo_of_another_program_is_not_handed_back() -> None:
    got: list[Plain] = []

    def resolve(memo: Plain) -> Finding:
        got.append(memo)
        return Finding(coverage=done("a").coverage, memo=len(got), more=len(got) in {1, 3})

    stub = Stub(programs=[0x1000, 0x1000, 0x7000, 0x7000])
    first = look(opener(stub), KEY, [resolver("a", resolve)], FileCache())
    second = look(opener(stub), KEY, [resolver("a", resolve)], FileCache(), first.memos)
    look(opener(stub), KEY, [resolver("a", resolve)], FileCache(), second.memos)
    assert got == [None, 1, None]


def test_who_detects_is_asked_again_only_when_the_mappings_have_changed() -> None:
    asked: list[str] = []

    def asking(name: str, *, mine: bool) -> Resolver:
        def detects(_: object) -> bool:
            asked.append(name)
            return mine

        return Resolver(name, (), detects, lambda *_: done(name))

    both = [asking("mine", mine=True), asking("other", mine=False)]
    stub, cache = Stub(), FileCache()
    memos = look(opener(stub), KEY, both, cache).memos
    assert asked == ["mine", "other"]
    result = look(opener(stub), KEY, both, cache, memos)
    assert asked == ["mine", "other"]
    assert set(result.findings) == {"mine"}
    stub.maps_digest = 2
    look(opener(stub), KEY, both, cache, memos)
    assert asked == ["mine", "other"] * 2


def test_a_look_of_some_does_not_vouch_for_the_others() -> None:
    every = Memos("p", 1, {"a": 1, "b": 1})
    assert every.with_part(Memos("p", 2, {"a": 2})) == Memos("p", 1, {"a": 2, "b": 1})


def test_an_exec_between_two_slices_begins_anew() -> None:
    asked: list[str] = []

    def quick(_memo: Plain) -> Finding:
        asked.append("quick")
        return done("quick")

    def slow(memo: Plain) -> Finding:
        asked.append(f"slow {memo}")
        return Finding(coverage=done("slow").coverage, memo=len(asked), more=len(asked) < 5)

    stub = Stub(programs=[0x1000, 0x7000, 0x7000])
    result = look_until_done(
        opener(stub), KEY, [resolver("quick", quick), resolver("slow", slow)], FileCache()
    )
    assert asked == ["quick", "slow None", "slow None", "quick", "slow None"]
    assert set(result.findings) == {"quick", "slow"}


def test_a_look_that_never_ends_is_given_up_and_says_so() -> None:
    def resolve(_memo: Plain) -> Finding:
        return Finding(coverage=done("a").coverage, more=True)

    stub = Stub()
    result = look_until_done(opener(stub), KEY, [resolver("a", resolve)], FileCache())
    assert stub.opened == MAX_SLICES
    assert [gap.reason for gap in result.findings["a"].gaps] == ["look not finished"]
    coverage = result.findings["a"].coverage
    assert coverage is not None
    assert not coverage.complete
    assert not result.more
