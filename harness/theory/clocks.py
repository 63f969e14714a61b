"""Clocks: what last-writer-wins loses under skew, and what hybrid clocks and commit waits cost.

Writes to a key are a Poisson process with a mean of `spacing_s` between them; a share of them,
`ahead_share`, goes through nodes whose clock is `skew_s` ahead, and the highest stamp wins. A write
is lost when it is acknowledged and a write of an earlier moment has a higher stamp. Derived: the
register's rivals are the writes of the last `skew_s` seconds through nodes that are ahead.
Sources: Shapiro and others (2011) for the register; Kulkarni and others, "Logical Physical Clocks"
(2014); Corbett and others, "Spanner" (OSDI 2012).
"""

import math

from harness.theory import domain


def lww_lost_ratio(*, skew_s: float, spacing_s: float, ahead_share: float = 0.5) -> float:
    """Share of acknowledged writes that are lost while a clock is ahead, 0 to 1.

    (1 - a)(1 - exp(-a skew / spacing)); for a = 1/2, (1 - exp(-skew / (2 spacing))) / 2. All are
    writes of the clocks that are right. Valid from `skew_s` after the skew's begin to its end;
    before that see `lww_lost_ratio_at_onset`, after it `lww_lost_ratio_after_reset`.

    Raises:
        ValueError: `skew_s` negative, `spacing_s` not above 0, or `ahead_share` outside 0..1.

    """
    _writes(skew_s, spacing_s, ahead_share)
    return -(1 - ahead_share) * math.expm1(-ahead_share * skew_s / spacing_s)


def lww_lost_ratio_at_onset(
    *, from_s: float, to_s: float, skew_s: float, spacing_s: float, ahead_share: float = 0.5
) -> float:
    """Lost share of the writes in a window that counts from the skew's begin.

    As `lww_lost_ratio`, with min(u, skew) for the skew at u seconds, averaged over the window.

    Raises:
        ValueError: as `lww_lost_ratio`, or the window is empty or starts before 0.

    """
    _writes(skew_s, spacing_s, ahead_share)
    _window(from_s, to_s)
    ahead = ahead_share / spacing_s

    def kept_s(until_s: float) -> float:
        grows_s = min(until_s, skew_s)
        return _decay(ahead, grows_s) + (until_s - grows_s) * math.exp(-ahead * skew_s)

    kept = (kept_s(to_s) - kept_s(from_s)) / (to_s - from_s)
    return (1 - ahead_share) * (1 - kept)


def lww_lost_ratio_after_reset(
    *, from_s: float, to_s: float, skew_s: float, spacing_s: float, ahead_share: float = 0.5
) -> float:
    """Lost share of the writes in a window that counts from the clock's reset.

    1 - exp(-a (skew - u) / spacing) at u seconds, for all nodes' writes: stamps of the future stay
    until their time has come. 0 from u = skew on. Valid for a skew that had lasted `skew_s`.

    Raises:
        ValueError: as `lww_lost_ratio`, or the window is empty or starts before 0.

    """
    return _exposed_s(1, from_s, to_s, skew_s, spacing_s, ahead_share) / (to_s - from_s)


def lww_lost_ratio_sd(
    *, window_s: float, keys: int, skew_s: float, spacing_s: float, ahead_share: float = 0.5
) -> float:
    """One standard deviation of the lost share of the writes in a window, steady skew.

    One write through a node ahead spoils all of the next `skew_s`, so losses clump; but what spoils
    is itself a write that is kept. Both are in it (delta method on lost / all, per key Poisson).
    Near to a binomial's for a = 1/2. Valid for a window that is longer than the skew, and many
    writes in it.

    Raises:
        ValueError: as `lww_lost_ratio`, no key, or `window_s` is not above `skew_s`.

    """
    p = lww_lost_ratio(skew_s=skew_s, spacing_s=spacing_s, ahead_share=ahead_share)
    domain.count(1, keys=keys)
    domain.positive(window_s=window_s)
    domain.require(window_s > skew_s, f"window_s must be above skew_s, not {window_s:g}")
    ahead, right = ahead_share / spacing_s, (1 - ahead_share) / spacing_s
    clear = math.exp(-ahead * skew_s)
    lost = right * window_s * (1 - clear)
    # The spoilt time of a key: its variance over the writes ahead, and its covariance with them.
    spoilt_var = 2 * (
        clear * _ramp(ahead, skew_s, window_s) - clear**2 * _triangle(skew_s, window_s)
    )
    with_ahead = right * ahead * clear * _triangle(skew_s, window_s)
    writes = window_s / spacing_s
    variance = lost + right**2 * spoilt_var - 2 * p * (lost + with_ahead) + p**2 * writes
    return math.sqrt(max(0.0, variance) / keys) / writes


def lww_lost_ratio_after_reset_sd(  # noqa: PLR0913 - the window, the keys and the writes to each
    *,
    from_s: float,
    to_s: float,
    keys: int,
    skew_s: float,
    spacing_s: float,
    ahead_share: float = 0.5,
) -> float:
    """One standard deviation of the lost share of the writes in a window after a reset.

    All writes to a key are lost until the last stamp of the future has passed, so what varies most
    is that moment from key to key: writes x p (1 - p) + (writes a second)^2 x its variance.

    Raises:
        ValueError: as `lww_lost_ratio_after_reset`, or there is no key.

    """
    domain.count(1, keys=keys)
    window = (from_s, to_s, skew_s, spacing_s, ahead_share)
    exposed_s = _exposed_s(1, *window)
    variance_s2 = max(0.0, _exposed_s(2, *window) - exposed_s**2)
    width_s = to_s - from_s
    p, writes = exposed_s / width_s, width_s / spacing_s
    return math.sqrt((writes * p * (1 - p) + variance_s2 / spacing_s**2) / keys) / writes


def hlc_drift_bound_s(*, max_skew_s: float) -> float:
    """How far a hybrid logical clock runs ahead of its node's own clock at most, seconds.

    The largest skew between two of the clocks that it has heard of. Source: Kulkarni and others
    (2014).

    Raises:
        ValueError: `max_skew_s` is negative.

    """
    domain.not_negative(max_skew_s=max_skew_s)
    return max_skew_s


def commit_wait_s(*, uncertainty_s: float) -> float:
    """How long a commit waits until its stamp is past on every clock, in seconds.

    2 x epsilon, of clocks that are within epsilon of the true time: the stamp is the latest that it
    may be, and the wait ends when the earliest that it may be is past it. Source: Corbett and
    others (2012). Leaves out that other work of the commit goes on meanwhile.

    Raises:
        ValueError: `uncertainty_s` is negative.

    """
    domain.not_negative(uncertainty_s=uncertainty_s)
    return 2 * uncertainty_s


def _writes(skew_s: float, spacing_s: float, ahead_share: float) -> None:
    domain.not_negative(skew_s=skew_s)
    domain.positive(spacing_s=spacing_s)
    domain.share(ahead_share=ahead_share)


def _window(from_s: float, to_s: float) -> None:
    domain.not_negative(from_s=from_s)
    domain.positive(to_s=to_s)
    domain.require(from_s < to_s, f"from_s must be below to_s, not {from_s:g}")


def _decay(rate: float, until: float) -> float:
    """Integrate exp(-rate u) from 0."""
    return -math.expm1(-rate * until) / rate if rate else until


def _ramp(rate: float, skew_s: float, window_s: float) -> float:
    """Integrate (window - h) exp(-rate h) over h from 0 to the skew."""
    if not rate:
        return _triangle(skew_s, window_s)
    decayed = _decay(rate, skew_s)
    return window_s * decayed - (decayed - skew_s * math.exp(-rate * skew_s)) / rate


def _triangle(skew_s: float, window_s: float) -> float:
    """Integrate window - h over h from 0 to the skew."""
    return window_s * skew_s - skew_s**2 / 2


def _exposed_s(  # noqa: PLR0913 - of two public functions that name all of them
    power: int, from_s: float, to_s: float, skew_s: float, spacing_s: float, ahead_share: float
) -> float:
    """Moment of the time in a window in which a key's writes are lost after a reset.

    The key's last write ahead was y before the reset, exponential; it spoils up to skew - y. With
    z = skew - y - from_s, the time is min(z, width): E[z^n] = integral of n z^(n-1) P(time > z).
    """
    _writes(skew_s, spacing_s, ahead_share)
    _window(from_s, to_s)
    ahead, left_s = ahead_share / spacing_s, skew_s - from_s
    most_s = min(to_s - from_s, left_s)
    if most_s <= 0 or not ahead:
        return 0.0
    # P(time > z) = 1 - exp(-ahead (left - z)).
    grown = (math.exp(-ahead * (left_s - most_s)) - math.exp(-ahead * left_s)) / ahead
    if power == 1:
        return most_s - grown
    at_most = math.exp(-ahead * (left_s - most_s))
    return most_s**2 - 2 * (most_s * at_most - grown) / ahead
