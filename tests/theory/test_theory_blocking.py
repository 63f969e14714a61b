"""Head-of-line blocking: against servers and connections that are played out."""

import random
from collections.abc import Iterator
from itertools import accumulate, pairwise
from statistics import fmean, stdev
from typing import Any

import pytest

from harness.theory import blocking, queues

LONG: Any = {"long_s": 0.4, "every_s": 1, "other_share": 0.28}
LINE: Any = {"rate_rps": 60, "stall_ratio": 0.02, "stall_s": 0.2}


@pytest.mark.parametrize(("quantile", "wait_s"), [(0.9, 0.328), (0.5, 0.04), (0.4, 0)])
def test_the_backlog_behind_long_work(quantile: float, wait_s: float) -> None:
    """400 ms each second; 720 ms of a second are free for it."""
    found = blocking.behind_long_work_quantile_s(quantile=quantile, **LONG)
    assert found == pytest.approx(wait_s)


def test_a_server_that_is_replayed_waits_as_long() -> None:
    """Nine of ten short pieces of work, beside a long one each second."""
    rng = random.Random(1)
    short = [(at_s, 0.001) for at_s in accumulate(rng.expovariate(280) for _ in range(280_000))]
    long = [(float(second), 0.4) for second in range(1000)]
    work = sorted(short + long)
    gaps_s = [later[0] - sooner[0] for sooner, later in pairwise(work)]
    services_s = [took_s for _, took_s in work]
    waits_s = queues.lindley_waits_s(gaps_s=gaps_s, services_s=services_s)
    met = sorted(wait_s for wait_s, took_s in zip(waits_s, services_s, strict=True) if took_s < 0.4)
    expected = blocking.behind_long_work_quantile_s(quantile=0.9, **LONG)
    assert met[round(0.9 * len(met))] == pytest.approx(expected, rel=0.03)


def test_a_server_that_never_catches_up_has_no_quantile() -> None:
    """800 ms of work for 720 that are free."""
    with pytest.raises(ValueError, match=r"^long_s must be below what is left for it, 0\.72$"):
        blocking.behind_long_work_quantile_s(**{**LONG, "long_s": 0.8}, quantile=0.9)


def late(seed: int, duration_s: float, beyond_s: float) -> float:
    """Play out a connection: the share of its answers that come late."""

    def delays_s() -> Iterator[float]:
        rng = random.Random(seed)
        at_s, clear_s = 0.0, 0.0
        while (at_s := at_s + rng.expovariate(LINE["rate_rps"])) < duration_s:
            if rng.random() < LINE["stall_ratio"]:
                clear_s = at_s + LINE["stall_s"]
            yield max(0.0, clear_s - at_s)

    return fmean(delay_s > beyond_s for delay_s in delays_s())


@pytest.mark.parametrize("beyond_s", [0, 0.05])
def test_a_connection_that_is_played_out_is_late_as_often(beyond_s: float) -> None:
    """Mean and spread over 400 runs of 20 s."""
    shares = [late(seed, 20, beyond_s) for seed in range(400)]
    ratio = blocking.held_up_ratio(**LINE, beyond_s=beyond_s)
    sd = blocking.held_up_ratio_sd(**LINE, beyond_s=beyond_s, duration_s=20)
    assert fmean(shares) == pytest.approx(ratio, abs=4 * sd / 20)
    assert stdev(shares) == pytest.approx(sd, rel=0.12)


def test_answers_that_are_rare_wait_for_themselves_alone() -> None:
    """Then as many are late as stall."""
    found = blocking.held_up_ratio(**{**LINE, "rate_rps": 1e-6})
    assert found == pytest.approx(LINE["stall_ratio"], abs=1e-6)


def test_nothing_is_late_by_more_than_a_stall() -> None:
    """So there is no such share to ask for."""
    with pytest.raises(ValueError, match=r"^beyond_s must be below stall_s, 0\.2$"):
        blocking.held_up_ratio(**LINE, beyond_s=0.2)
