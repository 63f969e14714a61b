"""Circuit breakers: moments of the time until an outage's end is found, against draws."""

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import breakers
from harness.theory.breakers import Hanging

DRAWS = 4000


def wait_s(phase_s: float, open_s: float, hang_s: float, hanging: Hanging) -> float:
    """From a moment in the period, 0 where a probe was sent, to when the next one is due."""
    if phase_s < hang_s and hanging is Hanging.ANSWERED:
        return 0
    return max(0.0, hang_s + open_s - phase_s)


@pytest.mark.parametrize("idle_s", [0, 0.4])
@pytest.mark.parametrize("staggered", [False, True])
@pytest.mark.parametrize("hanging", list(Hanging))
@pytest.mark.parametrize("callers", [1, 2, 3, 7])
def test_the_end_is_found_as_draws_say(
    callers: int, hanging: Hanging, idle_s: float, *, staggered: bool
) -> None:
    """2 s open, probes that hang for 0.5 s; callers with phases of their own, or evenly spread.

    The next call comes at once, or after an exponential wait.
    """
    rng, period_s = random.Random(1), 2.5 + idle_s

    def mean_wait_s() -> float:
        first_s = rng.uniform(0, period_s)
        even_s = [(first_s + n * period_s / callers) % period_s for n in range(callers)]
        own_s = [rng.uniform(0, period_s) for _ in range(callers)]
        due_s = [wait_s(phase_s, 2, 0.5, hanging) for phase_s in (even_s if staggered else own_s)]
        return fmean(one + (rng.expovariate(1 / idle_s) if idle_s else 0) for one in due_s)

    seen = [mean_wait_s() for _ in range(DRAWS)]
    mean_s = breakers.detection_mean_s(open_s=2, hang_s=0.5, idle_s=idle_s, hanging=hanging)
    sd_s = breakers.detection_sd_s(
        callers=callers, open_s=2, hang_s=0.5, idle_s=idle_s, hanging=hanging, staggered=staggered
    )
    assert fmean(seen) == pytest.approx(mean_s, abs=4 * sd_s / math.sqrt(DRAWS))
    assert stdev(seen) == pytest.approx(sd_s, rel=4 / math.sqrt(2 * DRAWS))


@pytest.mark.parametrize("hanging", list(Hanging))
def test_the_end_is_found_as_a_breaker_does(hanging: Hanging) -> None:
    """Call by call, 5 a second, through an outage that ends at any time: not phases, but states."""
    rng, seen = random.Random(2), []
    for _ in range(DRAWS):
        end_s, now_s, open_until_s = rng.uniform(20, 40), 0.0, 2.0
        while True:
            now_s += rng.expovariate(5)
            if now_s < open_until_s:
                continue
            if now_s >= end_s:
                seen.append(now_s - end_s)
                break
            # A probe: it hangs, and calls meanwhile are turned away.
            if now_s + 0.5 > end_s and hanging is Hanging.ANSWERED:
                open_until_s = end_s
            else:
                open_until_s = now_s + 0.5 + 2
    mean_s = breakers.detection_mean_s(open_s=2, hang_s=0.5, idle_s=0.2, hanging=hanging)
    sd_s = breakers.detection_sd_s(callers=1, open_s=2, hang_s=0.5, idle_s=0.2, hanging=hanging)
    assert fmean(seen) == pytest.approx(mean_s, abs=4 * sd_s / math.sqrt(DRAWS))
    assert stdev(seen) == pytest.approx(sd_s, rel=4 / math.sqrt(2 * DRAWS))


def test_the_known_half_period() -> None:
    """Half of w where probes fail at once; (w + h) / 2 or w^2 / (2 (w + h)) where they hang."""
    assert breakers.detection_mean_s(open_s=2) == pytest.approx(1)
    assert breakers.detection_mean_s(open_s=2, hang_s=0.5) == pytest.approx(1.25)
    answered = breakers.detection_mean_s(open_s=2, hang_s=0.5, hanging=Hanging.ANSWERED)
    assert answered == pytest.approx(0.8)
    late = breakers.detection_mean_s(open_s=2, idle_s=0.1)
    assert late == pytest.approx(2**2 / (2 * 2.1) + 0.1)
    assert breakers.detection_max_s(open_s=2, hang_s=0.5) == 2.5
    assert breakers.detection_max_s(open_s=2) == 2


def test_staggered_callers_vary_less_than_independent_ones() -> None:
    """By w / (n sqrt 12) against w / sqrt(12 n)."""
    spread_s = breakers.detection_sd_s(callers=3, open_s=2, staggered=True)
    assert spread_s == pytest.approx(2 / (3 * math.sqrt(12)))
    assert breakers.detection_sd_s(callers=3, open_s=2) == pytest.approx(2 / math.sqrt(36))


@given(st.integers(1, 20), st.floats(0.1, 10), st.floats(0, 10), st.sampled_from(Hanging))
def test_moments_stay_within_the_longest_wait(
    callers: int, open_s: float, hang_s: float, hanging: Hanging
) -> None:
    """For any number of callers, staggered ones never vary more than independent ones."""
    mean_s = breakers.detection_mean_s(open_s=open_s, hang_s=hang_s, hanging=hanging)
    assert 0 < mean_s <= breakers.detection_max_s(open_s=open_s, hang_s=hang_s) / 2 * (1 + 1e-9)
    both = [
        breakers.detection_sd_s(
            callers=callers, open_s=open_s, hang_s=hang_s, hanging=hanging, staggered=staggered
        )
        for staggered in (True, False)
    ]
    assert both[0] <= both[1] * (1 + 1e-6) + 1e-6


def test_what_leaks() -> None:
    """Three gateways, a probe each in 2 s + 0.5 s: 1.2/s; less by the wait for a caller."""
    assert breakers.leaked_calls_rps(callers=3, open_s=2, hang_s=0.5) == pytest.approx(1.2)
    assert breakers.probe_period_s(open_s=2, hang_s=0.5, idle_s=0.1) == pytest.approx(2.6)
    assert breakers.leaked_calls_rps(callers=3, open_s=2, hang_s=0.5, idle_s=0.5) == pytest.approx(
        1
    )


def test_a_dead_shard_of_four() -> None:
    """A quarter of the calls fail; a breaker over all would lose the other three."""
    assert breakers.shard_error_ratio(shards=4) == 0.25
    with pytest.raises(ValueError, match=r"^dead must be at most 4, not 5$"):
        breakers.shard_error_ratio(shards=4, dead=5)
