"""Messages and transactions, against draws."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import messaging

DRAWS = 20_000


def test_lost_acknowledgements_duplicate() -> None:
    """A fifth of the acknowledgements lost: 1.25 deliveries, a quarter of a duplicate."""
    rng = random.Random(1)

    def deliveries() -> int:
        count = 1
        while rng.random() < 0.2:
            count += 1
        return count

    figure = messaging.deliveries_per_message(ack_loss_ratio=0.2)
    assert figure == pytest.approx(1.25)
    assert messaging.duplicates_per_message(ack_loss_ratio=0.2) == pytest.approx(0.25)
    sd = math.sqrt(0.2) / 0.8
    assert fmean(deliveries() for _ in range(DRAWS)) == pytest.approx(
        figure, abs=4 * sd / math.sqrt(DRAWS)
    )
    with pytest.raises(ValueError, match="ack_loss_ratio must be below 1"):
        messaging.duplicates_per_message(ack_loss_ratio=1)


def test_keys_that_are_forgotten_too_early() -> None:
    """A second to live and retries after half of one: 13.5 % act twice."""
    figure = messaging.double_effect_probability(key_ttl_s=1, mean_retry_delay_s=0.5)
    assert figure == pytest.approx(math.exp(-2))


def test_a_coordinator_that_is_away_blocks() -> None:
    """50/s, a tenth of them on the rows, 3 s: 15."""
    blocked = messaging.blocked_transactions(rate_rps=50, touch_ratio=0.1, stall_s=3)
    assert blocked == pytest.approx(15)


def test_sagas() -> None:
    """Three steps that fail with 0.1: 27.1 % are rolled back, 0.252 compensations each."""
    rng, failed, undone = random.Random(2), 0, 0
    for _ in range(DRAWS):
        for done in range(3):
            if rng.random() < 0.1:
                failed, undone = failed + 1, undone + done
                break
    figure = messaging.saga_failure_probability(step_failure_ratio=0.1, steps=3)
    assert figure == pytest.approx(0.271)
    assert failed / DRAWS == pytest.approx(figure, abs=4 * math.sqrt(0.2 / DRAWS))
    mean = messaging.saga_compensations(step_failure_ratio=0.1, steps=3)
    assert mean == pytest.approx(0.252)
    assert undone / DRAWS == pytest.approx(mean, abs=4 * math.sqrt(0.35 / DRAWS))


def blocked_s(consumers: int, deliveries: int) -> float:
    """Deliver a poison message to whoever lives; tell for how long nobody did."""
    back_s, now_s, total_s = [0.0] * consumers, 0.0, 0.0
    for _ in range(deliveries):
        victim = min(range(consumers), key=back_s.__getitem__)
        now_s = max(now_s, back_s[victim])
        back_s[victim] = now_s + 1
        total_s += max(0.0, min(back_s) - now_s)
    return total_s


@given(st.integers(1, 6), st.integers(0, 20))
def test_a_poison_message_blocks_whenever_all_are_dead(consumers: int, deliveries: int) -> None:
    """As consumers do that are killed one after the other and come back after a second."""
    figure = messaging.poison_blocked_s(consumers=consumers, deliveries=deliveries, restart_s=1)
    assert figure == pytest.approx(blocked_s(consumers, deliveries))
