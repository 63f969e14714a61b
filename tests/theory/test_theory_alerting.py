"""Alerting: the workbook's burn rates, and Bayes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import alerting

MONTH_S = 30 * 86_400


@pytest.mark.parametrize(("share", "hours", "rate"), [(0.02, 1, 14.4), (0.05, 6, 6), (0.1, 72, 1)])
def test_burn_rates(share: float, hours: float, rate: float) -> None:
    """Those of the workbook."""
    figure = alerting.burn_rate(budget_share=share, window_s=hours * 3600, period_s=MONTH_S)
    assert figure == pytest.approx(rate)


def test_alerts_fire_once_the_window_has_seen_enough() -> None:
    """All requests fail at 99.9 %: 0.86 minutes; too few errors never fire."""
    delay_s = alerting.burn_alert_delay_s(
        burn_rate_limit=14.4, window_s=3600, slo=0.999, error_ratio=1
    )
    assert delay_s / 60 == pytest.approx(0.864)
    with pytest.raises(ValueError, match=r"error_ratio must be at least 0\.0144 to fire"):
        alerting.burn_alert_delay_s(
            burn_rate_limit=14.4, window_s=3600, slo=0.999, error_ratio=0.01
        )


def test_rare_faults_make_wrong_alerts() -> None:
    """One in 1,000 and 99 %: nine alerts of a hundred are right."""
    precision = alerting.alert_precision(prevalence=0.001, sensitivity=0.99, specificity=0.99)
    assert precision == pytest.approx(0.09, abs=1e-3)
    with pytest.raises(ValueError, match="let nothing alert"):
        alerting.alert_precision(prevalence=0, sensitivity=1, specificity=1)


@given(st.floats(0.001, 1), st.floats(0.1, 1), st.floats(0, 0.99))
def test_a_fault_that_is_commoner_makes_alerts_righter(
    prevalence: float, sensitivity: float, specificity: float
) -> None:
    """Up to all of them."""

    def precision(share: float) -> float:
        return alerting.alert_precision(
            prevalence=share, sensitivity=sensitivity, specificity=specificity
        )

    assert precision(prevalence / 2) <= precision(prevalence) + 1e-12
    assert precision(1) == 1
