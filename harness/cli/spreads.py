"""What every control came to over many runs, as the lines of a Markdown table."""

import math
from collections.abc import Iterable, Iterator
from statistics import median, pstdev

from harness.checks.verdict import Control, Kind, Verdict
from harness.model.expect import SIGMAS, Bound
from harness.report.text import UNKNOWN, figure, wanted

COLUMNS = ("variant", "value", "wanted", "median", "sigma", "distance", "passed")
EXPLAINED = (
    "sigma: how much the value varies over the seeds; distance: how many sigmas the median is from "
    "the nearer edge of what is wanted"
)
RULES = ("---", "---", "---", "---:", "---:", "---:", "---:")
Key = tuple[str, Kind, str, str, Bound]


def lines(controls: Iterable[Control]) -> Iterator[str]:
    """Give a row for each value that was held against a bound, from all runs of one lab.

    `distance` is from the median to the nearer edge of what is wanted, in standard deviations of
    what was seen: below four, chance alone will sooner or later break the claim, and a line warns.
    It is no way to choose a bound: that comes from theory, or from what the claim says.
    """
    groups: dict[Key, list[Control]] = {}
    for one in controls:
        key = (one.variant, one.kind, one.claim, _value(one), one.bound)
        groups.setdefault(key, []).append(one)
    variants = list(dict.fromkeys(variant for variant, *_ in groups))
    ordered = [groups[key] for key in sorted(groups, key=lambda key: variants.index(key[0]))]
    yield _row(COLUMNS)
    yield _row(RULES)
    for group in ordered:
        yield _row(_cells(group))
    yield ""
    yield EXPLAINED
    for group in ordered:
        yield from _warning(group)


def _cells(group: list[Control]) -> Iterator[str]:
    first, values = group[0], _known(group)
    yield from (first.variant, _value(first))
    yield wanted(first.bound, first.unit)
    yield figure(median(values) if values else math.nan, first.unit)
    yield figure(_sigma(values), first.unit)
    yield _distance(group)
    passed = sum(one.verdict is Verdict.PASS for one in group)
    yield f"{passed} of {len(group)}"


def distance(group: list[Control]) -> float:
    """Give how many standard deviations lie between the median and the nearer edge of the bound.

    Infinite where all values are alike, and inside; negative where the median is outside.
    """
    values = _known(group)
    if not values:
        return math.nan
    room, sigma = group[0].bound.margin(median(values)), _sigma(values)
    if sigma == 0 or math.isinf(room):
        return math.copysign(math.inf, room) if room else 0.0 if sigma else math.inf
    return room / sigma


def _warning(group: list[Control]) -> Iterator[str]:
    first, sigmas = group[0], distance(group)
    if len(group) == 1 or sigmas >= SIGMAS:
        return
    where = f"warning: {first.variant}, {first.claim} ({_value(first)}):"
    if math.isnan(sigmas):
        yield f"{where} there is no value in any run: {first.missing}"
    elif sigmas < 0:
        yield f"{where} the median is outside of what is wanted"
    else:
        yield (
            f"{where} {_distance(group)} from the median to the edge, less than {SIGMAS}: chance "
            "alone will sooner or later break it"
        )


def _known(group: list[Control]) -> list[float]:
    return [one.value for one in group if not math.isnan(one.value)]


def _sigma(values: list[float]) -> float:
    """Give the standard deviation of what is finite; 0 where nothing varies."""
    if any(math.isinf(value) for value in values):
        return 0.0 if len(set(values)) == 1 else math.inf
    return pstdev(values) if values else math.nan


def _distance(group: list[Control]) -> str:
    sigmas = distance(group)
    if math.isnan(sigmas):
        return UNKNOWN
    if math.isinf(sigmas):
        return "outside" if sigmas < 0 else "does not vary" if not _sigma(_known(group)) else "far"
    return f"{figure(sigmas)} sigma"


def _value(one: Control) -> str:
    """Name what was judged; a measure alone does not always say it."""
    if one.kind is Kind.TIMING:
        return f"{one.claim}: {one.measure}"
    return f"{one.measure} ({one.kind})" if one.kind in SAYING else one.measure


SAYING = (Kind.NEGATIVE, Kind.TELLS_APART)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
