"""Alerting: burn rates, how soon they tell, and how often an alert is right.

Sources: *The Site Reliability Workbook* (2018), ch. 5; Bayes.
"""

from harness.theory import domain


def burn_rate(*, budget_share: float, window_s: float, period_s: float) -> float:
    """Burn rate that spends a share of a period's error budget in a window.

    share x period / window: 14.4 for 2 % of 30 days in an hour, 6 for 5 % in six hours.

    Raises:
        ValueError: `budget_share` is outside 0..1, or a time not above 0.

    """
    domain.share(budget_share=budget_share)
    domain.positive(window_s=window_s, period_s=period_s)
    return budget_share * period_s / window_s


def burn_alert_delay_s(
    *, burn_rate_limit: float, window_s: float, slo: float, error_ratio: float
) -> float:
    """How long after errors begin a burn-rate alert fires, in seconds.

    limit x window x (1 - SLO) / error ratio: until the window's mean has reached the limit. Valid
    for errors at a steady ratio after none, and up to one window; plus an evaluation interval.

    Raises:
        ValueError: a number is not above 0, a ratio not in 0..1, or the alert never fires.

    """
    domain.positive(burn_rate_limit=burn_rate_limit, window_s=window_s)
    domain.inner_share(slo=slo)
    domain.share(error_ratio=error_ratio)
    domain.positive(error_ratio=error_ratio)
    share = burn_rate_limit * (1 - slo) / error_ratio
    domain.require(
        share <= 1, f"error_ratio must be at least {burn_rate_limit * (1 - slo):g} to fire"
    )
    return share * window_s


def alert_precision(*, prevalence: float, sensitivity: float, specificity: float) -> float:
    """Share of alerts that are right.

    p s / (p s + (1 - p)(1 - specificity)): 9 % for one fault in 1,000 checks and 99 % for both.

    Raises:
        ValueError: an argument is outside 0..1, or nothing ever alerts.

    """
    domain.share(prevalence=prevalence, sensitivity=sensitivity, specificity=specificity)
    right, wrong = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    domain.require(right + wrong > 0, "sensitivity and specificity let nothing alert")
    return right / (right + wrong)
