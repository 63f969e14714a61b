"""What chance does to a figure: the standard deviation of what a run of some size shows.

A prediction's tolerance is a multiple of these plus what its model leaves out. `two_sided_z` turns
a confidence into the multiple: 1.96 for 95 %, 3.89 for one false alarm in 10,000.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

from harness.theory import domain


def binomial_share_sd(*, share: float, trials: int) -> float:
    """One standard deviation of a share that is counted over independent trials.

    sqrt(p (1 - p) / n). Valid for trials that do not influence each other; losses that come in
    clumps vary more (see `clumped_sd`). At 0 or 1 it is 0: use `rule_of_three` there.

    Raises:
        ValueError: `share` is outside 0..1, or there is no trial.

    """
    domain.share(share=share)
    domain.count(1, trials=trials)
    return math.sqrt(share * (1 - share) / trials)


def binomial_count_sd(*, share: float, trials: int) -> float:
    """One standard deviation of how many of so many independent trials succeed.

    sqrt(n p (1 - p)). As when a paced load draws the target of each request.

    Raises:
        ValueError: `share` is outside 0..1, or there is no trial.

    """
    return trials * binomial_share_sd(share=share, trials=trials)


def skewed_share_sd(*, share: float, trials: int, z: float = 4.0) -> float:
    """In place of a standard deviation where few trials succeed, so that z of it are as rare.

    Of four successes of forty, z = 4 standard deviations more come twenty times as often as of a
    normal value. This is (k / n - p) / z, k being the largest count that is exceeded no more often
    than a normal value exceeds z; for many successes it is `binomial_share_sd`. Exact. Valid for
    independent trials.

    Raises:
        ValueError: `share` does not lie between 0 and 1, there is no trial, or `z` not above 0.

    """
    domain.inner_share(share=share)
    domain.count(1, trials=trials)
    domain.positive(z=z)
    seldom = 1 - NormalDist().cdf(z)
    odds, failed = math.log(share / (1 - share)), trials * math.log1p(-share)
    more, count = 0.0, trials
    while count:
        ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
        more += math.exp(ways + count * odds + failed)
        if more > seldom:
            break
        count -= 1
    return max((count / trials - share) / z, binomial_share_sd(share=share, trials=trials))


def poisson_count_sd(*, rate_rps: float, duration_s: float) -> float:
    """One standard deviation of a count of Poisson arrivals, a number of events.

    sqrt(rate x duration). A paced load's count does not vary at all.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, duration_s=duration_s)
    return math.sqrt(rate_rps * duration_s)


def poisson_rate_sd(*, rate_rps: float, duration_s: float) -> float:
    """One standard deviation of a rate that is counted over a duration, per second.

    sqrt(rate / duration), for Poisson arrivals.

    Raises:
        ValueError: `rate_rps` is negative, or `duration_s` not above 0.

    """
    domain.positive(duration_s=duration_s)
    return poisson_count_sd(rate_rps=rate_rps, duration_s=duration_s) / duration_s


def clumped_sd(*, clumps: float, mean_size: float, size_sd: float) -> float:
    """One standard deviation of a total of events that come in independent clumps.

    sqrt(n (m^2 + s^2)) for a Poisson number n of clumps of mean size m (a compound Poisson count).
    With m = 1 and s = 0 it is a Poisson count's; requests that are each tried m times have s = 0.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(clumps=clumps, mean_size=mean_size, size_sd=size_sd)
    return math.sqrt(clumps * (mean_size**2 + size_sd**2))


def uniform_sd(*, width: float) -> float:
    """One standard deviation of a value that is uniform over a width, in its unit.

    w / sqrt(12). A moment that meets a periodic event at any phase: a poll, a copy, a probe.

    Raises:
        ValueError: `width` is negative.

    """
    domain.not_negative(width=width)
    return width / math.sqrt(12)


def periodic_count_sd(*, window_s: float, period_s: float, sources: int = 1) -> float:
    """One standard deviation of how often a strictly periodic event falls into a window.

    window / period times on average; a source has either the whole number below or the one above,
    so f (1 - f) is its variance, f the fractional part. Valid for independent uniform phases.

    Raises:
        ValueError: a time is not above 0, or there is no source.

    """
    domain.positive(window_s=window_s, period_s=period_s)
    domain.count(1, sources=sources)
    part = math.fmod(window_s / period_s, 1)
    return math.sqrt(sources * part * (1 - part))


def mean_sd(*, sd: float, samples: int) -> float:
    """One standard deviation of a mean of independent samples, in their unit.

    sd / sqrt(n). Also of a figure that is averaged over n seeds.

    Raises:
        ValueError: `sd` is negative, or there is no sample.

    """
    domain.not_negative(sd=sd)
    domain.count(1, samples=samples)
    return sd / math.sqrt(samples)


def sum_sd(*sds: float) -> float:
    """One standard deviation of a sum of independent parts, in their common unit.

    sqrt(sum of squares).

    Raises:
        ValueError: a part is negative.

    """
    domain.not_negative(sds=sds)
    return math.hypot(*sds)


def batch_means_sd(values: Sequence[float], *, batches: int) -> float:
    """Estimate the standard deviation of the mean of a correlated series, in its unit.

    The series is cut into batches; if they are much longer than the correlation lasts, their means
    are nearly independent, and sd / sqrt(batches) is the answer. What is left over at the end is
    not used. Source: Law and Kelton, *Simulation Modeling and Analysis*. Ten to thirty batches.

    Raises:
        ValueError: fewer than two batches, fewer values than batches, or a value is not finite.

    """
    domain.count(2, batches=batches)
    size = len(values) // batches
    domain.require(size > 0, f"values must be at least {batches}, one for each batch")
    domain.finite(values=values)
    means = [fmean(values[n * size : (n + 1) * size]) for n in range(batches)]
    return stdev(means) / math.sqrt(batches)


def two_sided_z(*, confidence: float) -> float:
    """How many standard deviations hold a normal value with some probability.

    1.96 for 0.95, 3.29 for 0.999. Sums of many small parts are near to normal; counts below ten
    and ratios near 0 or 1 are not: use `wilson_interval`.

    Raises:
        ValueError: `confidence` does not lie between 0 and 1.

    """
    domain.inner_share(confidence=confidence)
    return NormalDist().inv_cdf((1 + confidence) / 2)


def highest_z(*, samples: int) -> float:
    """How many standard deviations above the mean the highest of some samples lies on average.

    Blom's approximation, within 0.02 (0.04 for two): 1.7 for 14. For a measure that takes the
    largest of several windows or hosts. Valid for independent, nearly normal samples.

    Raises:
        ValueError: there is no sample.

    """
    domain.count(1, samples=samples)
    return NormalDist().inv_cdf((samples - 0.375) / (samples + 0.25))


def wilson_interval(*, successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Lowest and the highest probability that a count of successes agrees with.

    Source: Wilson 1927. Good for small counts and near 0 and 1, where p +- z sd is not. Valid for
    independent trials.

    Raises:
        ValueError: more successes than trials, no trial, or `z` not above 0.

    """
    domain.count(0, successes=successes)
    domain.count(1, trials=trials)
    domain.positive(z=z)
    domain.require(successes <= trials, f"successes must be at most {trials}, not {successes}")
    p, spread = successes / trials, z * z / trials
    middle = (p + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(p * (1 - p) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def rule_of_three(*, trials: int) -> float:
    """Largest probability that agrees with no event in so many trials, at 95 %.

    3 / n, from (1 - p)^n = 0.05. Source: Hanley and Lippman-Hand 1983. Valid for independent
    trials, 30 or more.

    Raises:
        ValueError: there are fewer than 30 trials.

    """
    domain.count(30, trials=trials)
    return 3 / trials
