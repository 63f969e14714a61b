"""Measures of this lab's own: how often an order is paid for, and what its customer is told.

A payment's name is that of its order, or `<order>-<try>`.
"""

from collections import Counter
from collections.abc import Callable

from harness.measures.effects import effects
from harness.model.expect import Measure, Reads
from harness.recording import Recording

PATH, LIST = "/orders", "/effects"
Told = frozenset[str]
Charges = dict[str, int]
"""How often each order of a window was paid for."""


def charges_per_order(start_s: float, end_s: float) -> Measure:
    """Count the payments for the orders of a window, over these orders."""
    return _measure("payments per order", start_s, end_s, lambda charges, _: sum(charges.values()))


def charged_twice_ratio(start_s: float, end_s: float) -> Measure:
    """Share of the orders of a window that were paid for more than once, 0 to 1."""
    return _measure(
        "paid for twice",
        start_s,
        end_s,
        lambda charges, _: sum(times > 1 for times in charges.values()),
        is_share=True,
    )


def wrongly_refused_ratio(start_s: float, end_s: float) -> Measure:
    """Share of the orders of a window that were paid for, and whose customer was not told so."""
    return _measure(
        "paid for, and told otherwise",
        start_s,
        end_s,
        lambda charges, told: sum(times > 0 and one not in told for one, times in charges.items()),
        is_share=True,
    )


def _measure(
    words: str,
    start_s: float,
    end_s: float,
    count: Callable[[Charges, Told], int],
    *,
    is_share: bool = False,
) -> Measure:
    def compute(recording: Recording) -> float:
        found = effects(recording, PATH, LIST, start_s, end_s)
        paid = Counter(name.partition("-")[0] for name in found.listed.elements())
        charges = {order: paid[order] for order in found.asked}
        return count(charges, found.told) / len(charges)

    return Measure(
        name=f"{words}, {start_s:g}-{end_s:g} s",
        compute=compute,
        over=lambda start_s, end_s: _measure(words, start_s, end_s, count, is_share=is_share),
        reads=Reads(window=(start_s, end_s), paths=(f"{PATH}/", LIST), answers=True),
        is_share=is_share,
    )
