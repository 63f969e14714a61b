"""Cost: what a run has used, in machine seconds and units counted, and what that is in money.

Prices are the lab's own and stand in it; none is built in.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from harness.measures.gauges import samples
from harness.measures.series import increase
from harness.measures.windows import requests_due
from harness.model.expect import Measure, NoDataError, Reads
from harness.recording import Recording

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What things cost: an hour of one unit of each gauge, and each unit that a counter gains.

    `hourly` is by the name of a gauge, such as `machines`; `each` by that of a counter.
    """

    hourly: Mapping[str, float]
    each: Mapping[str, float]


def unit_seconds(metric: str, start_s: float, end_s: float, *, labels: str = "") -> Measure:
    """Take the time integral of a gauge in a window: machine seconds of the machines there are."""

    def compute(recording: Recording) -> float:
        return integral(recording, metric, start_s, end_s, labels)

    return Measure(
        name=f"{metric}-seconds, {start_s:g}-{end_s:g} s",
        unit="s",
        compute=compute,
        over=lambda start_s, end_s: unit_seconds(metric, start_s, end_s, labels=labels),
        reads=Reads(window=(start_s, end_s), metrics=(metric,)),
    )


def money(prices: Prices, start_s: float, end_s: float) -> Measure:
    """Add up what a window costs at some prices, in their currency."""

    def compute(recording: Recording) -> float:
        return spent(recording, prices, start_s, end_s)

    return Measure(
        name=f"cost, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: money(prices, start_s, end_s),
        reads=Reads(window=(start_s, end_s), metrics=(*prices.hourly, *prices.each)),
    )


def money_per_good_answer(prices: Prices, start_s: float, end_s: float) -> Measure:
    """Divide what a window costs by the good answers to the requests due in it."""

    def compute(recording: Recording) -> float:
        good = sum(one.good for one in requests_due(recording, start_s, end_s))
        if not good:
            raise NoDataError(f"no request due in {start_s:g}-{end_s:g} s got a good answer")
        return spent(recording, prices, start_s, end_s) / good

    return Measure(
        name=f"cost of a good answer, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: money_per_good_answer(prices, start_s, end_s),
        reads=Reads(window=(start_s, end_s), metrics=(*prices.hourly, *prices.each)),
    )


def spent(recording: Recording, prices: Prices, start_s: float, end_s: float) -> float:
    """Give what a window costs at some prices.

    Raises:
        NoDataError: a metric is not there, or the window does not lie on whole seconds.

    """
    _refuse_parts_of_seconds(start_s, end_s)
    rents = (
        price * integral(recording, metric, start_s, end_s) / HOUR_S
        for metric, price in prices.hourly.items()
    )
    units = (
        price * increase(metric, int(start_s), int(end_s)).compute(recording)
        for metric, price in prices.each.items()
    )
    return math.fsum((*rents, *units))


def integral(
    recording: Recording, metric: str, start_s: float, end_s: float, labels: str = ""
) -> float:
    """Give a gauge times seconds, by trapezoids between its samples of each second.

    Raises:
        NoDataError: a second has no sample, or the window does not lie on whole seconds.

    """
    _refuse_parts_of_seconds(start_s, end_s)
    found = samples(recording, metric, start_s, end_s, labels)
    if len(found) != end_s - start_s + 1:
        raise NoDataError(f"some seconds of {start_s:g}-{end_s:g} s have no sample of {metric}")
    return math.fsum((before + after) / 2 for before, after in pairwise(found))


def _refuse_parts_of_seconds(start_s: float, end_s: float) -> None:
    if start_s != int(start_s) or end_s != int(end_s):
        raise NoDataError(f"{start_s:g}-{end_s:g} s does not begin and end on whole seconds")
