"""Storage: textbook figures, and crashes and filters that are drawn."""

import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import storage


def test_half_a_snapshot_is_replayed() -> None:
    """Of one every 100 events, and 1,000."""
    assert storage.replayed_events(snapshot_every=100) == 50
    assert storage.replayed_events(snapshot_every=1000) == 500


def cost(interval_s: float, snapshot_s: float, mtbf_s: float) -> float:
    return snapshot_s / interval_s + interval_s / (2 * mtbf_s)


@given(st.floats(0.01, 10), st.floats(30, 10_000), st.floats(0.2, 5))
def test_youngs_interval_costs_least(snapshot_s: float, mtbf_s: float, times: float) -> None:
    """Of snapshots and replays together; half a second and 100 s make 10 s."""
    best_s = storage.young_interval_s(snapshot_s=snapshot_s, mtbf_s=mtbf_s)
    other_s = best_s * times
    assert cost(best_s, snapshot_s, mtbf_s) <= cost(other_s, snapshot_s, mtbf_s) * (1 + 1e-12)
    assert storage.young_interval_s(snapshot_s=0.5, mtbf_s=100) == pytest.approx(10)


def test_snapshots_must_be_cheap() -> None:
    """Else the interval would be shorter than the snapshot."""
    with pytest.raises(ValueError, match="snapshot_s must be below 5"):
        storage.young_interval_s(snapshot_s=5, mtbf_s=10)


@pytest.mark.parametrize(("bits", "hashes", "ratio"), [(10, 7, 0.0082), (8, 6, 0.022)])
def test_bloom_filters(bits: int, hashes: int, ratio: float) -> None:
    """The known figures, and a filter of 500 keys."""
    figure = storage.bloom_false_positive_ratio(bits_per_key=bits, hashes=hashes)
    assert figure == pytest.approx(ratio, rel=0.02)
    rng = random.Random(1)
    size = 500 * bits
    places = {rng.randrange(size) for _ in range(500 * hashes)}
    seen = fmean(all(rng.randrange(size) in places for _ in range(hashes)) for _ in range(20_000))
    # One filter's own fill varies; then chance on 20,000 draws.
    assert seen == pytest.approx(figure, rel=0.15, abs=4 * (figure / 20_000) ** 0.5)


def test_absent_keys_touch_few_files() -> None:
    """Five runs of 0.82 %."""
    probes = storage.absent_key_probes(runs=5, false_positive_ratio=0.0082)
    assert probes == pytest.approx(0.041)


def test_backups() -> None:
    """Every five seconds, a second late: 3.5 s of work; 10 MB at 2 MB/s and 3 s of replay: 8 s."""
    assert storage.backup_loss_mean_s(interval_s=5, lag_s=1) == pytest.approx(3.5)
    assert storage.restore_s(size_mb=10, rate_mb_s=2, replay_s=3) == pytest.approx(8)
