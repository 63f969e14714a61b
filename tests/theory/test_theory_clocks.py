"""Clocks: the writes that last-writer-wins loses, against registers that are written one by one."""

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import clocks

START_S, END_S = 5, 17
KEYS, RUNS = 40, 150


def lost_ratios(
    rng: random.Random, windows: list[tuple[float, float]], *, skew_s: float, ahead_share: float
) -> list[float]:
    """Write to 40 keys, each a second apart; count in each window what was lost at once."""
    counts = [[0, 0] for _ in windows]
    for _ in range(KEYS):
        now_s, held_s = 0.0, -math.inf
        while (now_s := now_s + rng.expovariate(1)) < 21:
            ahead = rng.random() < ahead_share and START_S <= now_s < END_S
            stamp_s = now_s + (skew_s if ahead else 0)
            for count, (from_s, to_s) in zip(counts, windows, strict=True):
                if from_s <= now_s < to_s:
                    count[0] += 1
                    count[1] += stamp_s < held_s
            held_s = max(held_s, stamp_s)
    return [lost / writes for writes, lost in counts]


@pytest.mark.parametrize(("skew_s", "ahead_share"), [(2, 0.5), (1, 0.5), (3, 0.2), (2, 0.8)])
def test_lost_shares_and_their_spread(skew_s: float, ahead_share: float) -> None:
    """While the clock is ahead, as the skew begins, and after it was set right again."""
    rng = random.Random(1)
    windows = [(8, 17), (5, 7.5), (17, 18.5), (17.5, 20)]
    runs = [lost_ratios(rng, windows, skew_s=skew_s, ahead_share=ahead_share) for _ in range(RUNS)]
    steady, onset, reset, tail = zip(*runs, strict=True)
    load = {"skew_s": skew_s, "spacing_s": 1.0, "ahead_share": ahead_share}
    near = 4 / math.sqrt(RUNS)
    assert fmean(steady) == pytest.approx(clocks.lww_lost_ratio(**load), abs=near * stdev(steady))
    assert fmean(onset) == pytest.approx(
        clocks.lww_lost_ratio_at_onset(from_s=0, to_s=2.5, **load), abs=near * stdev(onset)
    )
    for seen, from_s, to_s in ((reset, 0, 1.5), (tail, 0.5, 3)):
        figure = clocks.lww_lost_ratio_after_reset(from_s=from_s, to_s=to_s, **load)
        assert fmean(seen) == pytest.approx(figure, abs=near * stdev(seen))
        sd = clocks.lww_lost_ratio_after_reset_sd(from_s=from_s, to_s=to_s, keys=KEYS, **load)
        assert stdev(seen) == pytest.approx(sd, rel=4 / math.sqrt(2 * RUNS))
    sd = clocks.lww_lost_ratio_sd(window_s=9, keys=KEYS, **load)
    assert stdev(steady) == pytest.approx(sd, rel=4 / math.sqrt(2 * RUNS))


def test_the_spread_in_a_window_that_is_little_longer_than_the_skew() -> None:
    """There most of a key's writes stand and fall with what was written before the window."""
    rng, keys, runs = random.Random(3), 200, 400
    ratios = []
    for _ in range(runs):
        writes = lost = 0
        for _ in range(keys):
            now_s, last_ahead_s = 0.0, -rng.expovariate(0.5)
            while (now_s := now_s + rng.expovariate(1)) < 2.1:
                if rng.random() < 0.5:
                    last_ahead_s = now_s
                else:
                    lost += now_s - last_ahead_s < 2
                writes += 1
        ratios.append(lost / writes)
    sd = clocks.lww_lost_ratio_sd(window_s=2.1, keys=keys, skew_s=2, spacing_s=1)
    assert stdev(ratios) == pytest.approx(sd, rel=4 / math.sqrt(2 * runs))
    steady = clocks.lww_lost_ratio(skew_s=2, spacing_s=1)
    assert fmean(ratios) == pytest.approx(steady, abs=4 * sd / math.sqrt(runs))


def test_the_spread_by_adding_up_pairs_of_moments() -> None:
    """The closed form's integrals, as sums over a grid of a window of 2.1 s."""
    steps, window_s, skew_s, ahead, right = 300, 2.1, 2.0, 0.5, 0.5
    width_s, clear = window_s / steps, math.exp(-ahead * skew_s)
    spoilt_var = with_ahead = 0.0
    for one in range(steps):
        for other in range(steps):
            apart_s = abs(one - other) * width_s
            both_clear = math.exp(-ahead * (skew_s + min(apart_s, skew_s)))
            spoilt_var += (both_clear - clear**2) * width_s**2
            half = 0.5 if one == other else 1.0 if other < one else 0.0
            with_ahead += right * ahead * clear * half * (apart_s < skew_s) * width_s**2
    p, lost = right * (1 - clear), right * window_s * (1 - clear)
    variance = lost + right**2 * spoilt_var - 2 * p * (lost + with_ahead) + p**2 * window_s
    sd = clocks.lww_lost_ratio_sd(window_s=window_s, keys=1, skew_s=skew_s, spacing_s=1)
    assert sd == pytest.approx(math.sqrt(variance) / window_s, rel=2e-3)


def test_known_shares() -> None:
    """19.7 % where the skew is the spacing, 11.1 % where it is half of it, 31.6 % at twice."""
    for skew_s, share in ((1, 0.197), (0.5, 0.111), (2, 0.316)):
        ratio = clocks.lww_lost_ratio(skew_s=skew_s, spacing_s=1)
        assert ratio == pytest.approx(share, abs=5e-4)


def test_after_a_reset_all_nodes_lose() -> None:
    """0.45 in the first second and a half of two, and nothing once the time has come that far."""
    lost = clocks.lww_lost_ratio_after_reset
    assert lost(from_s=0, to_s=1.5, skew_s=2, spacing_s=1) == pytest.approx(0.452, abs=1e-3)
    assert lost(from_s=2, to_s=5, skew_s=2, spacing_s=1) == 0
    instant = lost(from_s=0, to_s=1e-6, skew_s=2, spacing_s=1)
    assert instant == pytest.approx(1 - math.exp(-1), abs=1e-5)


@given(st.floats(0, 100), st.floats(0.01, 100), st.floats(0, 1))
def test_only_writes_of_right_clocks_are_lost(
    skew_s: float, spacing_s: float, ahead_share: float
) -> None:
    """So the share never exceeds theirs, and nothing is lost where all or none are ahead."""
    load = {"skew_s": skew_s, "spacing_s": spacing_s}
    ratio = clocks.lww_lost_ratio(**load, ahead_share=ahead_share)
    assert 0 <= ratio <= 1 - ahead_share
    assert clocks.lww_lost_ratio(**load, ahead_share=0) == 0
    assert clocks.lww_lost_ratio(**load, ahead_share=1) == 0


@given(st.floats(0, 10), st.floats(0.1, 10), st.floats(0, 1))
def test_the_onset_ends_in_the_steady_share(
    skew_s: float, spacing_s: float, ahead_share: float
) -> None:
    """From a skew after its begin on; and before that fewer are lost."""
    load = {"skew_s": skew_s, "spacing_s": spacing_s, "ahead_share": ahead_share}
    steady = clocks.lww_lost_ratio(**load)
    later = clocks.lww_lost_ratio_at_onset(from_s=skew_s, to_s=skew_s + 5, **load)
    assert later == pytest.approx(steady, abs=1e-9)
    assert clocks.lww_lost_ratio_at_onset(from_s=0, to_s=5, **load) <= steady + 1e-9


def test_windows_must_be_some() -> None:
    """An empty one has no share, and the spread's form needs one longer than the skew."""
    with pytest.raises(ValueError, match="from_s must be below to_s, not 2"):
        clocks.lww_lost_ratio_at_onset(from_s=2, to_s=2, skew_s=2, spacing_s=1)
    with pytest.raises(ValueError, match="window_s must be above skew_s, not 1"):
        clocks.lww_lost_ratio_sd(window_s=1, keys=40, skew_s=2, spacing_s=1)


def test_hybrid_clocks_stay_within_the_skew() -> None:
    """Five nodes, random messages: none is ahead of its own clock by more than any two differ."""
    rng = random.Random(2)
    skews_s = [rng.uniform(-0.05, 0.05) for _ in range(5)]
    logical = [0.0] * 5
    worst_s = 0.0
    for step in range(2000):
        sender, receiver = rng.sample(range(5), 2)
        now_s = 1 + step * 0.001
        logical[sender] = max(logical[sender], now_s + skews_s[sender])
        here_s = now_s + skews_s[receiver]
        logical[receiver] = max(logical[receiver], logical[sender], here_s)
        worst_s = max(worst_s, logical[receiver] - here_s)
    widest_s = max(skews_s) - min(skews_s)
    assert 0.5 * widest_s < worst_s <= clocks.hlc_drift_bound_s(max_skew_s=widest_s) + 1e-9


def test_commit_wait() -> None:
    """Twice the uncertainty: 100 ms for 50."""
    assert clocks.commit_wait_s(uncertainty_s=0.05) == pytest.approx(0.1)
