"""Contention: what can be counted, and contests that are played out."""

import math
import random
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import contention
from harness.theory.contention import Jitter


def test_in_lockstep_each_round_has_one_winner() -> None:
    """20 + 19 + ... + 1, and one call of one client."""
    assert contention.lockstep_calls(clients=20) == sum(range(21)) == 210
    assert contention.lockstep_calls(clients=1) == 1


def played(clients: int, service_s: float, longest_s: float, rng: random.Random) -> int:
    """Count the calls of clients that pause for up to `longest_s`, moment by moment."""
    next_s, free_s, calls = [0.0] * clients, 0.0, 0
    while next_s:
        now_s = min(next_s)
        next_s.remove(now_s)
        calls += 1
        if now_s < free_s:
            next_s.append(now_s + rng.uniform(0, longest_s))
        else:
            free_s = now_s + service_s
    return calls


@pytest.mark.parametrize("longest_s", [0.2, 0.3, 1.5])
def test_scattered_calls_against_contests(longest_s: float) -> None:
    """Within 4 %, as the first service has fewer calls than the others; the spread within 30 %."""
    rng = random.Random(1)
    made = [float(played(20, 0.15, longest_s, rng)) for _ in range(300)]
    pauses: Any = {"clients": 20, "service_s": 0.15, "pause_s": longest_s / 2}
    assert fmean(made) == pytest.approx(contention.scattered_calls(**pauses), rel=0.04)
    assert stdev(made) == pytest.approx(contention.scattered_calls_sd(**pauses), rel=0.3)


def test_pauses_as_long_as_the_service_save_nothing() -> None:
    """On average each of the others comes once in each service, as in lockstep."""
    figure = contention.scattered_calls(clients=20, service_s=0.15, pause_s=0.15)
    assert figure == contention.lockstep_calls(clients=20) + 19


@pytest.mark.parametrize("cap_s", [0.3, 3])
def test_full_jitter_against_contests(cap_s: float) -> None:
    """Where the bound is the cap from the beginning, its mean and its spread are those played."""
    rng = random.Random(2)
    made = [float(played(20, 0.15, cap_s, rng)) for _ in range(400)]
    mean, sd = contention.backoff_calls(
        clients=20, service_s=0.15, base_s=cap_s, cap_s=cap_s, jitter=Jitter.FULL, contests=200
    )
    assert mean == pytest.approx(fmean(made), abs=4 * sd * math.sqrt(1 / 400 + 1 / 200))
    assert sd == pytest.approx(stdev(made), rel=0.25)


def test_two_clients_are_a_renewal_process() -> None:
    """The loser comes e^(S / B) - 1 times within the service, for pauses of up to B >= S."""
    mean, sd = contention.backoff_calls(
        clients=2, service_s=0.2, base_s=0.3, cap_s=0.3, jitter=Jitter.FULL, contests=4000
    )
    assert mean == pytest.approx(2 + math.exp(0.2 / 0.3), abs=4 * sd / math.sqrt(4000))


@pytest.mark.parametrize("jitter", [Jitter.EQUAL, Jitter.DECORRELATED])
def test_a_pause_that_outlasts_the_service_is_the_only_one_of_two_clients(jitter: Jitter) -> None:
    """Half of the bound, or the base, is longer than the service: three calls, always."""
    pauses: Any = {"base_s": 0.4, "cap_s": 2.0, "jitter": jitter}
    assert contention.backoff_calls(clients=2, service_s=0.2, **pauses) == (3, 0)


def test_the_second_pause_is_drawn_from_twice_the_bound() -> None:
    """A service of 0.75 with a base of 0.5: equal jitter's second pause is at least 0.5."""
    found = contention.backoff_calls(
        clients=2, service_s=0.75, base_s=0.5, cap_s=9, jitter=Jitter.EQUAL
    )
    assert found == (4, 0)
    capped, _ = contention.backoff_calls(
        clients=2, service_s=0.75, base_s=0.5, cap_s=0.5, jitter=Jitter.EQUAL
    )
    assert 4 < capped < 5


def test_decorrelated_pauses_follow_the_one_before_up_to_the_cap() -> None:
    """With a cap at the base every pause is the base: lockstep."""
    pauses: Any = {"base_s": 0.4, "cap_s": 0.4, "jitter": Jitter.DECORRELATED}
    assert contention.backoff_calls(clients=20, service_s=0.3, **pauses) == (210, 0)


@given(st.integers(1, 8), st.floats(0, 1), st.sampled_from(Jitter))
def test_there_are_as_many_good_calls_as_clients(
    clients: int, service_s: float, jitter: Jitter
) -> None:
    """And all but one are refused at first, unless nothing takes any time."""
    mean, sd = contention.backoff_calls(
        clients=clients, service_s=service_s, base_s=0.3, cap_s=1.5, jitter=jitter, contests=3
    )
    assert mean >= (2 * clients - 1 if service_s else clients)
    assert sd >= 0
