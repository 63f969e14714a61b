"""What chance does to a figure, against samples and textbook values."""

import math
import random
from statistics import fmean, pstdev, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import chance

# A standard deviation that is estimated from n samples is itself off by a share of 1 / sqrt(2 n).
SAMPLES = 4000
FOUR_SIGMA = 4 / math.sqrt(2 * SAMPLES)


def test_a_counted_share_varies_as_a_binomial() -> None:
    """30 % of 100 trials, drawn again and again; and the count is a hundred times it."""
    rng = random.Random(1)
    shares = [sum(rng.random() < 0.3 for _ in range(100)) / 100 for _ in range(SAMPLES)]
    sd = chance.binomial_share_sd(share=0.3, trials=100)
    assert stdev(shares) == pytest.approx(sd, rel=FOUR_SIGMA)
    assert chance.binomial_count_sd(share=0.3, trials=100) == pytest.approx(100 * sd)


@pytest.mark.parametrize(("share", "trials"), [(0.0956, 40), (0.01, 40), (0.001, 2000), (0.3, 300)])
def test_few_successes_are_exceeded_as_seldom_as_a_normal_value(share: float, trials: int) -> None:
    """By the sum of the binomial's own terms; one success fewer would be exceeded more often."""
    sd = chance.skewed_share_sd(share=share, trials=trials)
    most = round((share + 4 * sd) * trials)
    terms = [
        math.comb(trials, one) * share**one * (1 - share) ** (trials - one)
        for one in range(most, min(trials, most + 60) + 1)
    ]
    seldom = math.erfc(4 / math.sqrt(2)) / 2
    assert sum(terms[1:]) <= seldom < sum(terms)
    assert sd > chance.binomial_share_sd(share=share, trials=trials)


def test_many_successes_are_hardly_skewed() -> None:
    """Nor those of most trials, whose longer tail is the other one."""
    many = chance.skewed_share_sd(share=0.3, trials=100_000)
    assert many == pytest.approx(chance.binomial_share_sd(share=0.3, trials=100_000), rel=0.003)
    most = chance.skewed_share_sd(share=0.9, trials=40)
    assert most == chance.binomial_share_sd(share=0.9, trials=40)


def test_a_counted_rate_varies_as_poisson() -> None:
    """80/s for 10 s: 800 within 28, and 80/s within 2.8/s."""
    assert chance.poisson_count_sd(rate_rps=80, duration_s=10) == pytest.approx(math.sqrt(800))
    assert chance.poisson_rate_sd(rate_rps=80, duration_s=10) == pytest.approx(math.sqrt(8))


def poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1)
    while left < mean:
        count += 1
        left += rng.expovariate(1)
    return count


def test_clumps_vary_more_than_single_events() -> None:
    """Ten clumps of two or four: the total of 30 varies by 10, where single events vary by 5.5."""
    rng = random.Random(2)
    totals = [
        float(sum(rng.choice((2, 4)) for _ in range(poisson(rng, 10)))) for _ in range(SAMPLES)
    ]
    sd = chance.clumped_sd(clumps=10, mean_size=3, size_sd=1)
    assert sd == pytest.approx(10)
    # The estimate of a skewed total's deviation is a little wider than a normal one's.
    assert stdev(totals) == pytest.approx(sd, rel=1.5 * FOUR_SIGMA)
    assert chance.clumped_sd(clumps=30, mean_size=1, size_sd=0) == pytest.approx(math.sqrt(30))


def test_a_uniform_value_varies_by_its_width_over_root_twelve() -> None:
    """As the phase of a poll does."""
    rng = random.Random(3)
    seen = [rng.uniform(0, 2) for _ in range(SAMPLES)]
    assert stdev(seen) == pytest.approx(chance.uniform_sd(width=2), rel=FOUR_SIGMA)


@pytest.mark.parametrize(("window_s", "period_s", "sources"), [(4.5, 2.5, 3), (3, 2, 1), (4, 2, 5)])
def test_a_periodic_event_falls_in_once_more_or_not(
    window_s: float, period_s: float, sources: int
) -> None:
    """Three probes each 2.5 s in a window of 4.5 s: 5.4 of them, give or take 0.7."""
    rng = random.Random(4)

    def count() -> int:
        return sum(
            math.floor((window_s - rng.uniform(0, period_s)) / period_s) + 1 for _ in range(sources)
        )

    counts = [float(count()) for _ in range(SAMPLES)]
    sd = chance.periodic_count_sd(window_s=window_s, period_s=period_s, sources=sources)
    assert stdev(counts) == pytest.approx(sd, rel=2 * FOUR_SIGMA, abs=1e-9)
    mean = sources * window_s / period_s
    assert fmean(counts) == pytest.approx(mean, abs=4 * sd / math.sqrt(SAMPLES) + 1e-9)


def test_means_and_sums_of_independent_parts() -> None:
    """A mean of four halves the deviation; 3 and 4 make 5."""
    assert chance.mean_sd(sd=2, samples=4) == 1
    assert chance.sum_sd(3, 4) == pytest.approx(5)
    assert chance.sum_sd() == 0


def test_batch_means_see_what_a_correlated_series_hides() -> None:
    """A series with correlation 0.9: its mean varies over four times more than n samples say."""
    rng = random.Random(5)

    def series() -> list[float]:
        value, seen = 0.0, []
        for _ in range(2000):
            value = 0.9 * value + rng.gauss(0, 1)
            seen.append(value)
        return seen

    runs = [series() for _ in range(200)]
    truth = stdev(fmean(run) for run in runs)
    told = fmean(chance.batch_means_sd(run, batches=10) for run in runs)
    naive = fmean(pstdev(run) / math.sqrt(len(run)) for run in runs)
    # Each of the 200 estimates has nine degrees of freedom, and the truth is one of 200 itself.
    assert told == pytest.approx(truth, rel=4 / math.sqrt(400) + 4 / math.sqrt(2 * 9 * 200))
    assert truth > 3.5 * naive


def test_batches_of_equal_values_do_not_vary() -> None:
    """And what does not fill a batch is left out."""
    assert chance.batch_means_sd([1, 1, 1, 1, 9], batches=2) == 0
    with pytest.raises(ValueError, match=r"^values must be at least 3"):
        chance.batch_means_sd([1, 2], batches=3)


@pytest.mark.parametrize(("confidence", "z"), [(0.6827, 1), (0.95, 1.96), (0.9999, 3.891)])
def test_multiples_of_a_deviation(confidence: float, z: float) -> None:
    """As in every table of the normal distribution."""
    assert chance.two_sided_z(confidence=confidence) == pytest.approx(z, abs=1e-3)


@pytest.mark.parametrize("samples", [1, 2, 14, 100])
def test_the_highest_of_some_samples(samples: int) -> None:
    """As normal values are drawn; one alone is the mean itself."""
    rng, draws = random.Random(6), 4000
    seen = fmean(max(rng.gauss(0, 1) for _ in range(samples)) for _ in range(draws))
    assert chance.highest_z(samples=samples) == pytest.approx(seen, abs=0.04 + 4 / math.sqrt(draws))
    assert chance.highest_z(samples=1) == 0


def test_wilsons_interval() -> None:
    """Newcombe's published cases (1998): 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for successes, trials, low, high in (
        *((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)),
        *((0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)),
    ):
        interval = chance.wilson_interval(successes=successes, trials=trials)
        assert interval == pytest.approx((low, high), abs=1e-4)
    with pytest.raises(ValueError, match=r"^successes must be at most 3, not 4$"):
        chance.wilson_interval(successes=4, trials=3)


@given(st.integers(1, 1000), st.data())
def test_wilsons_interval_holds_the_share_itself(trials: int, data: st.DataObject) -> None:
    """And never leaves 0..1."""
    successes = data.draw(st.integers(0, trials))
    low, high = chance.wilson_interval(successes=successes, trials=trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_nothing_seen_in_300_is_one_in_a_hundred_at_most() -> None:
    """3 / n is what (1 - p)^n = 5 % gives, to within some percent."""
    assert chance.rule_of_three(trials=300) == 0.01
    assert math.pow(0.99, 300) == pytest.approx(0.05, rel=0.03)
