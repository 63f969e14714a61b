"""Early expiry: who draws the lot, held against the closed forms of theory:xfetch."""

import math
import random

import pytest

from services.patterns import early_expiry

RATE_RPS = 100
TOOK_S = 0.2


def cycle(rng: random.Random, beta: float) -> list[float]:
    """Let readers come until the first recompute is done; give how early the recomputes began."""
    leads: list[float] = []
    end_s = 0.0
    now_s = -50 * TOOK_S * beta
    while not leads or now_s < end_s:
        now_s += rng.expovariate(RATE_RPS)
        if now_s >= 0 or early_expiry.draws_early(now_s, 0, TOOK_S, rng, beta=beta):
            leads.append(-now_s)
            end_s = -leads[0] + TOOK_S
    return leads


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_e_to_one_over_beta_readers_recompute(beta: float) -> None:
    """In each cycle on average, within three standard errors and the paper's own simulation."""
    rng = random.Random(1)
    counts = [len(cycle(rng, beta)) for _ in range(1500)]
    mean = math.fsum(counts) / len(counts)
    deviation = math.sqrt(math.fsum((count - mean) ** 2 for count in counts) / len(counts))
    # At beta 0.5 readers who come after the expiry make it less than e^2: 6.6 for 7.39.
    assert mean == pytest.approx(
        math.e ** (1 / beta), abs=3 * deviation / math.sqrt(len(counts)) + 0.12 * mean
    )


def test_the_first_is_early_by_a_gumbel_law() -> None:
    """Beta x delta x (ln(lambda x beta x delta) + 0.577) before the end on average."""
    rng = random.Random(2)
    leads = [cycle(rng, 1)[0] for _ in range(1500)]
    expected = TOOK_S * (math.log(RATE_RPS * TOOK_S) + 0.5772)
    error = TOOK_S * math.pi / math.sqrt(6 * len(leads))
    assert math.fsum(leads) / len(leads) == pytest.approx(expected, abs=3 * error + 0.02)


def test_what_has_expired_is_always_due() -> None:
    """And what takes no time to make is never due before."""
    rng = random.Random(3)
    assert all(early_expiry.draws_early(5, 5, TOOK_S, rng) for _ in range(100))
    assert not any(early_expiry.draws_early(4.999, 5, 0, rng) for _ in range(100))


@pytest.mark.parametrize(("lead_s", "early"), [(0.1234567886, True), (0.1234567884, False)])
def test_a_lead_is_rounded_to_the_nanosecond(
    lead_s: float,
    early: bool,  # noqa: FBT001 - a parameter
) -> None:
    """So that the same draw decides alike on every C library."""

    class Drawn(random.Random):
        def random(self) -> float:
            return 1 - math.exp(-lead_s / TOOK_S)

    assert early_expiry.draws_early(0, 0.123456789, TOOK_S, Drawn()) is early
