"""A search, on runs that are made up: what it probes, what it answers, and how sure it is."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import catalogue
from harness.report import sweep_sentences
from harness.sweep.asking import Asked, Wanted, span_of
from harness.sweep.axes import Span
from harness.sweep.cells import Found, Run
from harness.sweep.search import Answer, Search, sure_share

Holds = Callable[[float, int], bool]
"""Whether a run of a value, under a seed, holds."""


@cache
def asked_of(find: str, seeds: int) -> tuple[Asked, Span]:
    wanted = Wanted(slug="retry-storm", find=find, seeds=tuple(range(1, seeds + 1)))
    return span_of(wanted, catalogue.find("retry-storm"))


def search(
    find: str, holds: Holds, *, share: float = 1.0, seeds: int = 4, within: float = 0.02
) -> tuple[Search, Answer]:
    """Look for a value of retry-storm's `budget` where a rule says what holds."""
    asked, span = asked_of(find, seeds)
    one = Search(asked=asked, span=span, within=within, share=share)

    def do(runs: Sequence[Run]) -> list[Found]:
        return [
            Found(run=run, value=float(holds(float(run.settings[-1].split("=")[1]), run.seed)))
            for run in runs
        ]

    return one, one.run(do, lambda _: None)


@given(st.floats(0.06, 0.99))
def test_the_largest_value_that_holds_is_bracketed(edge: float) -> None:
    """The last that holds and the first that does not lie as close as was asked, around it."""
    _, answer = search("checkout.retry_budget=0.05..1", lambda value, _: value <= edge)
    assert answer.is_found
    assert answer.is_largest
    assert answer.last is not None
    assert answer.beyond is not None
    assert answer.last <= edge < answer.beyond
    assert answer.beyond - answer.last <= 0.02 * answer.beyond + 1e-9


def test_the_smallest_value_is_found_where_it_is_the_large_ones_that_hold() -> None:
    """The direction is seen from the ends and not asked for."""
    one, answer = search("payments.workers=1..64", lambda value, _: value >= 23)
    assert (answer.last, answer.beyond) == (23, 22)
    assert "smallest payments.workers at which no-retry holds is 23" in (
        sweep_sentences.of_answer(one, answer)
    )


def test_the_variant_that_has_the_setting_is_searched() -> None:
    """A retry budget is looked for in the variant that has one, not in the first that holds."""
    assert asked_of("checkout.retry_budget=0.05..1", 4)[0].variant == "budget"


def test_whole_numbers_are_halved_until_they_are_neighbours() -> None:
    """However exactly is asked for: there is nothing between 3 and 4."""
    _, answer = search("checkout.tries=1..9", lambda value, _: value <= 3, within=0.001)
    assert (answer.last, answer.beyond) == (3, 4)


def test_a_logarithmic_range_is_halved_in_its_ratio() -> None:
    """From 1 to 10,000 the first values between are powers of ten."""
    _, answer = search("payments.service_ms=log:1..10000", lambda value, _: value < 30)
    assert {1, 10, 100, 1000, 10000} <= set(answer.probes)
    assert answer.last is not None
    assert math.isclose(answer.last, 30, rel_tol=0.04)


@pytest.mark.parametrize(("holds", "said"), [(True, "holds at any"), (False, "does not hold at")])
def test_a_range_without_a_change_is_said_to_be_one(*, holds: bool, said: str) -> None:
    """No value is made up; the ends and those between them were tried."""
    one, answer = search("checkout.retry_budget=0.05..1", lambda *_: holds)
    assert not answer.is_found
    assert said in sweep_sentences.of_answer(one, answer)
    assert len(answer.probes) == 5


def test_a_broken_order_is_told() -> None:
    """What holds beyond the change is named, for there is another change."""
    one, answer = search(
        "checkout.retry_budget=0.05..1", lambda value, _: value < 0.2 or 0.7 < value < 0.8
    )
    assert answer.disorder == (0.7625,)
    assert any(
        "order is broken: 0.7625" in line for line in sweep_sentences.beside_answer(one, answer)
    )


def test_the_share_decides_where_seeds_disagree() -> None:
    """All of four hold up to 0.3; half of them up to 0.5."""

    def holds(value: float, seed: int) -> bool:
        return value <= 0.2 + 0.1 * seed

    for share, edge in ((1.0, 0.3), (0.5, 0.5)):
        _, answer = search("checkout.retry_budget=0.05..1", holds, share=share)
        assert answer.last is not None
        assert math.isclose(answer.last, edge, rel_tol=0.03)


@pytest.mark.parametrize(
    ("holding", "runs", "share"),
    [(20, 20, 0.05 ** (1 / 20)), (1, 1, 0.05), (0, 9, 0.0), (8, 10, 0.4931)],
)
def test_how_sure_a_share_is(holding: int, runs: int, share: float) -> None:
    """The lower limit of Clopper and Pearson: 0.05^(1/n) for n of n; 8 of 10 from their table."""
    assert math.isclose(sure_share(holding, runs), share, abs_tol=1e-4)


def test_more_runs_make_more_sure() -> None:
    """What holds always is worth more the more often it was seen."""
    limits = [sure_share(runs, runs) for runs in range(1, 40)]
    assert all(one < other for one, other in pairwise(limits))
    with pytest.raises(ValueError, match="5"):
        sure_share(5, 4)
