"""Storage: replay from snapshots, how often to take one, Bloom filters, backups.

Sources: Young, "A First Order Approximation to the Optimum Checkpoint Interval" (CACM 1974);
Bloom (1970); the rest is derived.
"""

import math

from harness.theory import domain


def replayed_events(*, snapshot_every: int) -> float:
    """Events that are replayed after a crash on average, k / 2, of a snapshot every k.

    At most k. Valid for a crash at any moment.

    Raises:
        ValueError: `snapshot_every` is below 1.

    """
    domain.count(1, snapshot_every=snapshot_every)
    return snapshot_every / 2


def young_interval_s(*, snapshot_s: float, mtbf_s: float) -> float:
    """Interval between snapshots that costs least, sqrt(2 C M), in seconds.

    Of the time spent on snapshots and the work lost to crashes. Valid for a snapshot that takes far
    less than the mean time between crashes.

    Raises:
        ValueError: an argument is not above 0, or `snapshot_s` not below half of `mtbf_s`.

    """
    domain.positive(snapshot_s=snapshot_s, mtbf_s=mtbf_s)
    domain.require(2 * snapshot_s < mtbf_s, f"snapshot_s must be below {mtbf_s / 2:g}")
    return math.sqrt(2 * snapshot_s * mtbf_s)


def bloom_false_positive_ratio(*, bits_per_key: float, hashes: int) -> float:
    """Share of absent keys that a Bloom filter lets through, (1 - e^(-k n / m))^k.

    0.82 % for 10 bits and 7 hashes. Valid for large filters.

    Raises:
        ValueError: `bits_per_key` not above 0, or there is no hash.

    """
    domain.positive(bits_per_key=bits_per_key)
    domain.count(1, hashes=hashes)
    return (-math.expm1(-hashes / bits_per_key)) ** hashes


def absent_key_probes(*, runs: int, false_positive_ratio: float) -> float:
    """Files that a read of an absent key touches on average, runs x false positives.

    Raises:
        ValueError: `runs` is negative, or `false_positive_ratio` outside 0..1.

    """
    domain.count(0, runs=runs)
    domain.share(false_positive_ratio=false_positive_ratio)
    return runs * false_positive_ratio


def backup_loss_mean_s(*, interval_s: float, lag_s: float = 0) -> float:
    """How much work a restore loses on average, interval / 2 + lag, in seconds.

    At most interval + lag; uniform between, for a loss at any moment. An untested backup loses all
    with the probability that it cannot be restored.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(interval_s=interval_s, lag_s=lag_s)
    return interval_s / 2 + lag_s


def restore_s(*, size_mb: float, rate_mb_s: float, replay_s: float = 0) -> float:
    """How long a restore takes, size / rate + replay, in seconds.

    Raises:
        ValueError: `rate_mb_s` not above 0, or another number negative.

    """
    domain.not_negative(size_mb=size_mb, replay_s=replay_s)
    domain.positive(rate_mb_s=rate_mb_s)
    return size_mb / rate_mb_s + replay_s
