"""A stock that several places sell from while they cannot ask each other. Derived."""

import math
from collections.abc import Sequence

from harness.theory import domain


def sold_apart(rates_rps: Sequence[float], *, left: float, span_s: float) -> float:
    """How many of a stock are sold when each place believes that all of it is its own.

    sum of min(left, rate t): a place sells for as long as it sees something left. Valid where no
    place hears of another's sales in that time, and demand is even. What is above `left` has been
    sold twice.

    Raises:
        ValueError: a number is negative.

    """
    domain.not_negative(left=left, span_s=span_s, rates_rps=rates_rps)
    return math.fsum(min(left, rate_rps * span_s) for rate_rps in rates_rps)


def sold_from_shares(
    rates_rps: Sequence[float], *, shares: Sequence[float], span_s: float
) -> float:
    """How many of a stock are sold when each place has a share of it to itself: an escrow.

    sum of min(share, rate t), never more than the shares together. Valid for even demand, where no
    share is moved meanwhile. Source of the method: O'Neil, The Escrow Transactional Method, ACM
    TODS 11(4), 1986.

    Raises:
        ValueError: a number is negative, or there is not one rate for each share.

    """
    domain.not_negative(span_s=span_s, rates_rps=rates_rps, shares=shares)
    domain.require(len(shares) == len(rates_rps), "shares and rates_rps must be as many")
    return math.fsum(
        min(share, rate_rps * span_s) for share, rate_rps in zip(shares, rates_rps, strict=True)
    )
