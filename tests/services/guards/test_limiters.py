"""Rate limits: what each kind lets through in any span, and that it says when to come again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory.overload import token_bucket_admitted
from services.patterns.guards import Asked
from services.patterns.limiting import Kind, LimitedError, Limiter, Settings
from tests.guarded import FEW, Callee, evenly, now_s, once, sent, standing
from tests.support import virtually

TIMES = st.lists(st.floats(0, 6), min_size=1, max_size=60).map(sorted)
RATES = st.floats(1, 10)
SLACK = 1e-6


def admitted(times_s: list[float], settings: Settings) -> list[float]:
    """Give when requests left the limiter, of those that did."""
    callee = Callee()
    virtually(sent(standing(Limiter, settings), callee, times_s))
    return [at_s for at_s, _ in callee.begun]


@FEW
@given(times_s=TIMES, rate_rps=RATES)
def test_a_sliding_window_holds_in_any_span(times_s: list[float], rate_rps: float) -> None:
    """Never more than its number; whoever is refused found so many in the span before it."""
    passed_s = admitted(times_s, Settings(kind=Kind.SLIDING_WINDOW, rate_rps=rate_rps))
    most = int(rate_rps)
    for at_s in times_s:
        before = [one for one in passed_s if at_s - 1 < one <= at_s]
        assert len(before) <= most
        if at_s not in passed_s:
            assert len(before) == most


@FEW
@given(times_s=TIMES, rate_rps=RATES)
def test_a_fixed_window_holds_in_each_window(times_s: list[float], rate_rps: float) -> None:
    """As many as come, up to its number; the first after a window's end begins the next."""
    passed_s = admitted(times_s, Settings(kind=Kind.FIXED_WINDOW, rate_rps=rate_rps))
    left = list(times_s)
    while left:
        ends_s = left[0] + 1
        came = [one for one in left if one < ends_s]
        passed = [one for one in passed_s if came[0] <= one < ends_s]
        assert passed == came[: int(rate_rps)]
        left = left[len(came) :]


def test_windows_of_two_keys_begin_apart() -> None:
    """Each with its own first request."""
    asked = [Asked(key=key) for key in "abaabb"]
    limiter = standing(Limiter, Settings(kind=Kind.FIXED_WINDOW, rate_rps=1))
    outcomes = virtually(sent(limiter, Callee(), [0.3, 0.8, 1.2, 1.3, 1.7, 1.8], asked))
    assert [one.good for one in outcomes] == [True, True, False, True, False, True]


def test_a_fixed_window_lets_twice_its_number_through_around_its_edge() -> None:
    """Its known weakness, which a sliding window has not."""
    times_s = [0.0] + [0.95] * 19 + [1.05] * 20
    fixed = admitted(times_s, Settings(kind=Kind.FIXED_WINDOW, rate_rps=10))
    sliding = admitted(times_s, Settings(kind=Kind.SLIDING_WINDOW, rate_rps=10))
    assert (len(fixed), len(sliding)) == (20, 11)


@FEW
@given(times_s=TIMES, rate_rps=RATES, burst=st.integers(1, 20))
def test_a_token_bucket_holds_in_any_span(
    times_s: list[float], rate_rps: float, burst: int
) -> None:
    """At most burst + rate x span, between any two requests that it let through."""
    settings = Settings(kind=Kind.TOKEN_BUCKET, rate_rps=rate_rps, burst=burst)
    passed_s = admitted(times_s, settings)
    for first, from_s in enumerate(passed_s):
        for last, to_s in enumerate(passed_s[first:], first):
            assert last - first + 1 <= burst + rate_rps * (to_s - from_s) + SLACK


@FEW
@given(offered_rps=st.integers(20, 60), refill_rps=st.integers(1, 15), burst=st.integers(2, 30))
def test_a_token_bucket_admits_what_the_formula_says(
    offered_rps: int, refill_rps: int, burst: int
) -> None:
    """Of a steady load from a full bucket, to one request."""
    passed_s = admitted(
        evenly(offered_rps, 10),
        Settings(kind=Kind.TOKEN_BUCKET, rate_rps=refill_rps, burst=burst),
    )
    expected = token_bucket_admitted(
        rate_rps=offered_rps, refill_rps=refill_rps, burst=burst, duration_s=10
    )
    assert len(passed_s) == pytest.approx(expected, abs=2)


@FEW
@given(times_s=TIMES, rate_rps=RATES, burst=st.integers(1, 20))
def test_a_leaky_bucket_spaces_requests(times_s: list[float], rate_rps: float, burst: int) -> None:
    """By 1 / rate, after a wait of at most burst / rate; none is lost that had room."""
    settings = Settings(kind=Kind.LEAKY_BUCKET, rate_rps=rate_rps, burst=burst)

    async def main() -> None:
        callee = Callee()
        outcomes = await sent(standing(Limiter, settings), callee, times_s)
        left_s = [at_s for at_s, _ in callee.begun]
        assert all(later - one >= 1 / rate_rps - SLACK for one, later in pairwise(left_s))
        assert max(one.took_s for one in outcomes) <= burst / rate_rps + SLACK
        assert len(left_s) >= min(len(times_s), burst)

    virtually(main())


def test_of_a_leaky_bucket_s_first_requests_as_many_wait_as_may() -> None:
    """One leaves at once and the burst waits; the next finds no room."""
    settings = Settings(kind=Kind.LEAKY_BUCKET, rate_rps=10, burst=3)
    outcomes = virtually(sent(standing(Limiter, settings), Callee(), [0.0] * 6))
    assert [one.good for one in outcomes] == [True] * 4 + [False] * 2


@FEW
@given(
    kind=st.sampled_from([one for one in Kind if one is not Kind.CONCURRENCY]),
    times_s=TIMES,
    rate_rps=st.integers(1, 10),
)
def test_whoever_is_refused_learns_when_to_come_again(
    kind: Kind, times_s: list[float], rate_rps: int
) -> None:
    """Then it is let through, if nobody else came; a moment earlier it is not."""

    async def main(early_s: float) -> bool:
        guard = standing(Limiter, Settings(kind=kind, rate_rps=rate_rps, burst=3))
        outcomes = await sent(guard, Callee(), times_s)
        error = outcomes[-1].error
        if not isinstance(error, LimitedError) or error.retry_after_s < early_s:
            return early_s <= 0
        again_s = times_s[-1] + error.retry_after_s - early_s
        if again_s <= now_s():
            return early_s <= 0
        (again,) = await sent(guard, Callee(), [again_s])
        return again.good

    assert virtually(main(-1e-6))
    assert not virtually(main(1e-3))


@FEW
@given(times_s=TIMES, most=st.integers(1, 5))
def test_concurrency_is_what_is_under_way(times_s: list[float], most: int) -> None:
    """Never more; refused is only who found so many."""
    callee = Callee(takes_s=lambda _: 0.5)

    async def main() -> None:
        guard = standing(Limiter, Settings(kind=Kind.CONCURRENCY, burst=most))
        outcomes = await sent(guard, callee, times_s)
        assert callee.most_under_way == min(most, callee.most_under_way)
        for one in outcomes:
            if not one.good:
                assert sum(two.good and two.sent_s <= one.sent_s for two in outcomes) >= most
        assert (await once(guard, callee)).good

    virtually(main())


def test_each_key_has_its_own_share() -> None:
    """One that asks for everything takes nothing from another."""
    keys = (Asked(key="greedy"), Asked(key="greedy"), Asked(key="modest"))

    async def main() -> None:
        settings = Settings(kind=Kind.TOKEN_BUCKET, rate_rps=12, burst=12)
        outcomes = await sent(standing(Limiter, settings), Callee(), evenly(30, 10), keys)
        assert all(one.good for one in outcomes if one.asked.key == "modest")
        greedy = sum(one.good for one in outcomes if one.asked.key == "greedy")
        assert greedy == pytest.approx(12 + 120, abs=2)

    virtually(main())
