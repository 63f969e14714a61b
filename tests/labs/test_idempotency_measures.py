"""How often orders are paid for and what is told of them, on recordings made by hand."""

import math
from collections.abc import Callable

import pytest

from harness.model.expect import Measure, Reads
from harness.recording import Recording, Request
from labs.resilience.idempotency.measures import (
    charged_twice_ratio,
    charges_per_order,
    wrongly_refused_ratio,
)
from tests.support import recording


def of(listed: str) -> Recording:
    orders = ((1, "200"), (2, "504"), (3, "504"), (4, "200"))
    posts = [Request(n, f"/orders/{n}", n, n, n + 0.1, said, "POST") for n, said in orders]
    last = Request(9, "/effects", 8, 8, 8.1, "200", answer=listed)
    return recording([*posts, last], duration_s=10)


@pytest.mark.parametrize(
    ("listed", "figures"),
    [
        ("1 2 4", (0.75, 0, 0.25)),
        ("1 1 1 2 2 3 4", (1.75, 0.5, 0.5)),
        ("1-1 1-2 1-3 2-1 3-2 4-1", (1.5, 0.25, 0.5)),
        ("1 4 41 41", (0.5, 0, 0)),
        ("", (0, 0, 0)),
    ],
    ids=["once", "by order", "by try", "another's", "none"],
)
def test_payments_are_those_of_an_order(listed: str, figures: tuple[float, ...]) -> None:
    """Whichever try made them."""
    measures = (charges_per_order, charged_twice_ratio, wrongly_refused_ratio)
    assert tuple(make(0, 5).of(of(listed)) for make in measures) == figures


def test_a_window_has_the_orders_that_were_asked_for_in_it() -> None:
    """And all their payments, whenever these were made."""
    assert charges_per_order(1, 2).of(of("1 1 2")) == 2
    assert math.isnan(charges_per_order(6, 7).of(of("1 1 2")))
    over = charged_twice_ratio(0, 5).over
    assert over
    assert over(2, 3).of(of("1 1 2")) == 0


@pytest.mark.parametrize("make", [charged_twice_ratio, wrongly_refused_ratio])
def test_shares_say_what_they_read(make: Callable[[float, float], Measure]) -> None:
    """Orders, and the answers with the list."""
    measure = make(0, 5)
    assert measure.is_share
    assert measure.reads == Reads(window=(0, 5), paths=("/orders/", "/effects"), answers=True)
    assert not charges_per_order(0, 5).is_share
