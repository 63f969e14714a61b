"""Roads that everybody chooses for himself: what selfish routing costs, and which toll mends it.

Pigou, The Economics of Welfare, 1920; Braess, Über ein Paradoxon aus der Verkehrsplanung, 1968;
Roughgarden and Tardos, How Bad Is Selfish Routing?, JACM 49(2), 2002: never more than 4/3 of the
best, where times grow in proportion to the load.
"""

from harness.theory import domain


def pigou_selfish_s(*, rate_rps: float, per_rps_s: float, other_s: float) -> float:
    """Mean time where each takes the quicker of two roads, min(a r, c), in seconds.

    One road takes `per_rps_s` for each car a second on it, the other always `other_s`: nobody takes
    the other while the first is quicker. Valid for many small drivers who know both times (a
    Wardrop equilibrium). Source: Pigou, The Economics of Welfare, 1920.

    Raises:
        ValueError: a number is not above 0.

    """
    domain.positive(rate_rps=rate_rps, per_rps_s=per_rps_s, other_s=other_s)
    return min(per_rps_s * rate_rps, other_s)


def pigou_best_s(*, rate_rps: float, per_rps_s: float, other_s: float) -> float:
    """Least mean time that is possible on two roads, in seconds, as `pigou_selfish_s`.

    (a x^2 + c (r - x)) / r with x = min(r, c / 2a) on the road that grows slower with its load.
    Source: Roughgarden and Tardos, How Bad Is Selfish Routing?, JACM 49(2), 2002.

    Raises:
        ValueError: a number is not above 0.

    """
    domain.positive(rate_rps=rate_rps, per_rps_s=per_rps_s, other_s=other_s)
    taken_rps = min(rate_rps, other_s / (2 * per_rps_s))
    return (per_rps_s * taken_rps**2 + other_s * (rate_rps - taken_rps)) / rate_rps


def pigou_toll_s(*, rate_rps: float, per_rps_s: float, other_s: float) -> float:
    """Toll on the road that grows slower with which each chooses what is best for all, in seconds.

    a x, by how much one car more slows down all others: a x + toll = c gives x = c / 2a. Valid
    where all drivers hold the same time for worth the same money. Source: Pigou, The Economics of
    Welfare, 1920.

    Raises:
        ValueError: a number is not above 0.

    """
    domain.positive(rate_rps=rate_rps, per_rps_s=per_rps_s, other_s=other_s)
    return min(per_rps_s * rate_rps, other_s / 2)


def braess_apart_s(*, rate_rps: float, per_rps_s: float, other_s: float) -> float:
    """Time on two ways of a road of each kind, a r / 2 + c, in seconds.

    Half of all take each way. Source: Braess, Unternehmensforschung 12, 1968.

    Raises:
        ValueError: a number is not above 0.

    """
    domain.positive(rate_rps=rate_rps, per_rps_s=per_rps_s, other_s=other_s)
    return per_rps_s * rate_rps / 2 + other_s


def braess_joined_s(*, rate_rps: float, per_rps_s: float, other_s: float) -> float:
    """Time where a short cut joins the two ways, min(2 a r, max(2 c, a r / 2 + c)), in seconds.

    The short cut takes no time and avoids both constant roads. Each takes the quickest of three
    ways. Valid as `pigou_selfish_s`. Source: Braess, Unternehmensforschung 12, 1968.

    Raises:
        ValueError: a number is not above 0.

    """
    apart_s = braess_apart_s(rate_rps=rate_rps, per_rps_s=per_rps_s, other_s=other_s)
    return min(2 * per_rps_s * rate_rps, max(2 * other_s, apart_s))
