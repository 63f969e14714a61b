"""Messages and transactions: duplicates, lost effects, blocked participants, poison messages.

Sources: Gray (1978) for two-phase commit; Garcia-Molina and Salem, "Sagas" (1987); Airbnb and
Stripe on idempotency keys; the rest is derived.
"""

import math

from harness.theory import domain


def deliveries_per_message(*, ack_loss_ratio: float) -> float:
    """How often an at-least-once queue delivers a message on average, 1 / (1 - q).

    The effects without deduplication; q / (1 - q) of them are duplicates. With at-most-once the
    share q of the messages would be lost in place of it. Valid for independent losses.

    Raises:
        ValueError: `ack_loss_ratio` is not from 0 to below 1.

    """
    domain.share(ack_loss_ratio=ack_loss_ratio)
    domain.require(ack_loss_ratio < 1, "ack_loss_ratio must be below 1: no delivery would be last")
    return 1 / (1 - ack_loss_ratio)


def duplicates_per_message(*, ack_loss_ratio: float) -> float:
    """Deliveries of a message beyond the first on average, q / (1 - q).

    Raises:
        ValueError: `ack_loss_ratio` is not from 0 to below 1.

    """
    return deliveries_per_message(ack_loss_ratio=ack_loss_ratio) - 1


def double_effect_probability(*, key_ttl_s: float, mean_retry_delay_s: float) -> float:
    """Probability that a retry comes after its idempotency key was forgotten.

    exp(-ttl / mean delay), for exponential delays; 0 where the key outlives the last retry.

    Raises:
        ValueError: `key_ttl_s` is negative, or `mean_retry_delay_s` not above 0.

    """
    domain.not_negative(key_ttl_s=key_ttl_s)
    domain.positive(mean_retry_delay_s=mean_retry_delay_s)
    return math.exp(-key_ttl_s / mean_retry_delay_s)


def blocked_transactions(*, rate_rps: float, touch_ratio: float, stall_s: float) -> float:
    """Transactions that wait for rows of a prepared one whose coordinator is away.

    rate x share that touches the rows x stall: two-phase commit holds its locks that long.

    Raises:
        ValueError: a number is negative, or `touch_ratio` outside 0..1.

    """
    domain.not_negative(rate_rps=rate_rps, stall_s=stall_s)
    domain.share(touch_ratio=touch_ratio)
    return rate_rps * touch_ratio * stall_s


def saga_failure_probability(*, step_failure_ratio: float, steps: int) -> float:
    """Probability that a saga is rolled back, 1 - (1 - p)^n.

    Raises:
        ValueError: `step_failure_ratio` is outside 0..1, or there is no step.

    """
    domain.share(step_failure_ratio=step_failure_ratio)
    domain.count(1, steps=steps)
    return 1 - (1 - step_failure_ratio) ** steps


def saga_compensations(*, step_failure_ratio: float, steps: int) -> float:
    """Compensations per saga on average: those of the steps done before one fails.

    sum over k from 1 to n of (k - 1) p (1 - p)^(k - 1).

    Raises:
        ValueError: `step_failure_ratio` is outside 0..1, or there is no step.

    """
    domain.share(step_failure_ratio=step_failure_ratio)
    domain.count(1, steps=steps)
    good = 1 - step_failure_ratio
    return math.fsum(k * step_failure_ratio * good**k for k in range(steps))


def poison_blocked_s(*, consumers: int, deliveries: int, restart_s: float) -> float:
    """How long a poison message leaves a queue without any consumer, in seconds.

    restart x (deliveries // consumers), for a message that kills the consumer it is delivered to
    `deliveries` times before it is set aside: every time that all are dead, the first comes back a
    restart after its death. 0 if one stays alive. Valid where the message goes to the next consumer
    at once, and deaths take no time; a restarted process needs its start-up on top.

    Raises:
        ValueError: there is no consumer, or another number is negative.

    """
    domain.count(1, consumers=consumers)
    domain.count(0, deliveries=deliveries)
    domain.not_negative(restart_s=restart_s)
    return restart_s * (deliveries // consumers)
