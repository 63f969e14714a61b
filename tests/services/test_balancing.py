"""Balancing: what each policy picks, what reports tell, and all of it held against theory."""

import heapq
import math
import random
import statistics
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.balancing import InFlight, Policy, Reports, best_of, in_turn

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

NAMES = ("a", "b", "c", "d")


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_turns_go_round_whatever_the_load() -> None:
    """Each of n gets every n-th request, however much it has to do."""
    pick = in_turn(NAMES)
    picked = [pick({"a": 1000, "b": 0, "c": 0, "d": 0}) for _ in range(9)]
    assert picked == [*NAMES, *NAMES, "a"]


def test_the_least_loaded_of_all_is_found() -> None:
    """Always, when it is the only one."""
    pick = Policy.LEAST.of(NAMES, random.Random(1))
    assert {pick({"a": 3, "b": 1.5, "c": 1, "d": 2}) for _ in range(100)} == {"c"}


def test_equals_share() -> None:
    """An idle system gives everybody the same, not all to the first."""
    pick = Policy.LEAST.of(NAMES, random.Random(1))
    counts = Counter(pick({"a": 1, "b": 0, "c": 0, "d": 0}) for _ in range(3000))
    assert set(counts) == {"b", "c", "d"}
    assert max(counts.values()) < 1.15 * min(counts.values())


def test_the_rank_decides_how_much_two_choices_send() -> None:
    """Of n, the least loaded is in 2/n of all pairs, and the most loaded wins none."""
    pick = Policy.TWO_CHOICES.of(NAMES, random.Random(1))
    counts = Counter(pick({"a": 1, "b": 2, "c": 3, "d": 4}) for _ in range(6000))
    shares = [counts[name] / 6000 for name in NAMES]
    assert shares == [pytest.approx(pairs / 6, abs=0.02) for pairs in (3, 2, 1, 0)]


def test_a_random_choice_is_even() -> None:
    """It does not look at the load."""
    pick = Policy.RANDOM.of(NAMES, random.Random(1))
    counts = Counter(pick({"a": 100, "b": 0, "c": 0, "d": 0}) for _ in range(4000))
    assert [counts[name] / 4000 for name in NAMES] == [pytest.approx(0.25, abs=0.03)] * 4


@pytest.mark.parametrize("policy", Policy)
def test_one_replica_gets_everything(policy: Policy) -> None:
    """Two choices of one are one."""
    pick = policy.of(("only",), random.Random(1))
    assert {pick({"only": 7}) for _ in range(5)} == {"only"}


@given(
    loads=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 9), min_size=1),
    count=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_the_pick_of_several_beats_as_many_as_were_drawn(
    loads: dict[str, int], count: int, seed: int
) -> None:
    """At least `count` replicas, itself included, have as much or more to do."""
    picked = best_of(count, random.Random(seed))(loads)
    no_better = sum(load >= loads[picked] for load in loads.values())
    assert no_better >= min(count, len(loads))


def test_in_flight_counts_from_the_sending_to_the_end() -> None:
    """However it ends: an error frees its place as well."""
    clock = Clock()
    in_flight = InFlight(NAMES, clock)
    assert set(in_flight.spent_s().values()) == {0}
    with in_flight.at("a"), in_flight.at("a"), in_flight.at("b"):
        assert in_flight.loads == {"a": 2, "b": 1, "c": 0, "d": 0}
    with pytest.raises(TimeoutError), in_flight.at("c"):
        raise TimeoutError
    assert set(in_flight.loads.values()) == {0}


def test_a_report_is_the_mean_since_the_one_before() -> None:
    """Two requests for half of the time are one on average; what went before does not count."""
    clock = Clock()
    in_flight = InFlight(NAMES, clock)
    reports = Reports(in_flight, clock)
    with in_flight.at("a"), in_flight.at("a"):
        clock.now_s = 1
    clock.now_s = 2
    assert reports.loads(2) == {"a": 1, "b": 0, "c": 0, "d": 0}
    with in_flight.at("b"):
        clock.now_s = 4
        assert reports.loads(2) == {"a": 0, "b": 1, "c": 0, "d": 0}


def test_between_two_reports_nothing_changes() -> None:
    """Not before the time has come, whatever is sent; then the whole time counts."""
    clock = Clock()
    in_flight = InFlight(NAMES, clock)
    reports = Reports(in_flight, clock)
    with in_flight.at("a"):
        clock.now_s = 0.9
        assert set(reports.loads(1).values()) == {0}
        clock.now_s = 1.5
        assert reports.loads(1)["a"] == pytest.approx(1)
    clock.now_s = 2.4
    assert reports.loads(1)["a"] == pytest.approx(1)


def test_a_report_of_no_time_at_all_is_the_last_one() -> None:
    """With a period of 0, two requests at one instant see the same figures."""
    clock = Clock()
    in_flight = InFlight(NAMES, clock)
    reports = Reports(in_flight, clock)
    with in_flight.at("a"):
        assert reports.loads(0)["a"] == 0
        clock.now_s = 1
        assert reports.loads(0)["a"] == reports.loads(0)["a"] == 1


SERVERS = 10
LOAD = 0.9
"""Ten servers at nine tenths of their capacity, as rows 42 and 44 of the theory have them."""


def mean_time(policy: Policy, *, old: float = 0, jobs: int = 20_000) -> float:
    """Simulate Poisson arrivals at exponential servers; give the mean time in service times.

    `old` is the period of the reports that the policy goes by; with 0 it goes by its own count.
    """
    rng, clock = random.Random(7), Clock()
    names = [f"server-{number}" for number in range(SERVERS)]
    pick = policy.of(names, rng)
    in_flight = InFlight(names, clock)
    reports = Reports(in_flight, clock)
    free_at = dict.fromkeys(names, 0.0)
    ends: list[tuple[float, int, AbstractContextManager[None]]] = []
    times, arrival = [], 0.0
    for number in range(jobs):
        arrival += rng.expovariate(LOAD * SERVERS)
        while ends and ends[0][0] <= arrival:
            clock.now_s, _, held = heapq.heappop(ends)
            held.__exit__(None, None, None)
        clock.now_s = arrival
        chosen = pick(reports.loads(old) if old else in_flight.loads)
        held = in_flight.at(chosen)
        held.__enter__()
        free_at[chosen] = max(arrival, free_at[chosen]) + rng.expovariate(1)
        heapq.heappush(ends, (free_at[chosen], number, held))
        times.append(free_at[chosen] - arrival)
    return statistics.fmean(times[jobs // 10 :])


def test_two_choices_are_worth_most_of_what_all_are() -> None:
    """Theory row `power-of-two`: at 0.9, random over two choices is 3.8; finite n lowers it."""
    ratio = mean_time(Policy.RANDOM) / mean_time(Policy.TWO_CHOICES)
    assert 2.2 <= ratio <= 4.5


def test_turns_lie_between_chance_and_knowledge() -> None:
    """They spread the arrivals evenly, and know nothing of the service times."""
    chance, turns, two = (
        mean_time(policy) for policy in (Policy.RANDOM, Policy.ROUND_ROBIN, Policy.TWO_CHOICES)
    )
    assert two < turns < chance


def test_nothing_beats_one_queue_for_all() -> None:
    """Theory row `mmc-erlang-c`: M/M/10 waits C/(10 - 9) service times, C from Erlang's formula."""
    erlangs = LOAD * SERVERS
    top = erlangs**SERVERS / math.factorial(SERVERS) / (1 - LOAD)
    waits = top / (top + sum(erlangs**k / math.factorial(k) for k in range(SERVERS)))
    one_queue = 1 + waits / (SERVERS - erlangs)
    assert one_queue < mean_time(Policy.LEAST) < mean_time(Policy.TWO_CHOICES)


def test_old_figures_turn_the_ranking_round() -> None:
    """Theory row `stale-least-loaded`: the least of all is best, then beaten, then the worst."""
    assert mean_time(Policy.LEAST) < mean_time(Policy.TWO_CHOICES) < mean_time(Policy.RANDOM)
    assert mean_time(Policy.TWO_CHOICES, old=4) < mean_time(Policy.LEAST, old=4)
    least, two = (mean_time(policy, old=16) for policy in (Policy.LEAST, Policy.TWO_CHOICES))
    assert least > mean_time(Policy.RANDOM, old=16) > two


def test_balls_in_bins() -> None:
    """Theory row `balls-bins`: of 1,000 in 1,000 the fullest has 3 by two choices, 4 to 8 else."""

    def fullest(count: int, seed: int) -> int:
        bins: dict[str, int] = dict.fromkeys(map(str, range(1000)), 0)
        pick = best_of(count, random.Random(seed))
        for _ in range(1000):
            bins[pick(bins)] += 1
        return max(bins.values())

    assert {fullest(2, seed) for seed in range(5)} == {3}
    assert {fullest(1, seed) for seed in range(5)} <= {4, 5, 6, 7, 8}
