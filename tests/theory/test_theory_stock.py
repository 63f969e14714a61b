"""One stock in several places, on places that are played out sale by sale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import stock

RATES_RPS = st.lists(st.integers(0, 20), min_size=1, max_size=6)


def played(left: list[int], rates_rps: list[int], span_s: int) -> int:
    """Sell one by one, a buyer at a time, each place from what it sees."""
    sold = 0
    for seen, rate_rps in zip(left, rates_rps, strict=True):
        for _ in range(rate_rps * span_s):
            sold += seen > 0
            seen -= 1  # noqa: PLW2901 - what this place sees
    return sold


@given(st.integers(0, 60), RATES_RPS, st.integers(0, 12))
def test_places_that_see_all_of_a_stock_sell_it_several_times(
    left: int, rates_rps: list[int], span_s: int
) -> None:
    """As played out, and at most once for each place."""
    sold = stock.sold_apart(rates_rps, left=left, span_s=span_s)
    assert sold == played([left] * len(rates_rps), rates_rps, span_s)
    assert sold <= left * len(rates_rps)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=6), st.integers(0, 12))
def test_shares_are_never_sold_twice(places: list[tuple[int, int]], span_s: int) -> None:
    """As played out, and together no more than there is."""
    shares, rates_rps = [one for one, _ in places], [one for _, one in places]
    sold = stock.sold_from_shares(rates_rps, shares=shares, span_s=span_s)
    assert sold == played(shares, rates_rps, span_s)
    assert sold <= sum(shares)


def test_each_share_has_a_rate() -> None:
    """Else a place would be left out in silence."""
    with pytest.raises(ValueError, match="shares and rates_rps must be as many"):
        stock.sold_from_shares([1], shares=[1, 2], span_s=1)
