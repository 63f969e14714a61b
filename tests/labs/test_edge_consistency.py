"""One stock at three edges, broken on purpose: each time the verdict turns."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from harness import catalogue
from labs.traffic.edge_consistency import service_edge
from labs.traffic.edge_consistency.measures import least_sold, sent_away_ratio, sold, sold_twice
from tests.labs.otherwise import failed
from tests.support import run

LAB = catalogue.find("edge-consistency").lab
Take = Callable[[service_edge.Core, int], Coroutine[Any, Any, int | None]]


@pytest.fixture(scope="module")
def counters() -> Any:
    return run(LAB, variant="counters", seed=1)


def test_who_gets_no_answer_must_not_help_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge that takes the tickets it could not ask for sells what others sell."""
    real: Take = service_edge.Core.take

    async def taken(core: service_edge.Core, count: int) -> int:
        given = await real(core, count)
        return count if given is None else given

    monkeypatch.setattr(service_edge.Core, "take", taken)
    assert failed(LAB, "leases") == {"nothing is sold twice"}


def test_counts_must_be_put_together_edge_by_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge that hears of nobody sells the whole stock, cut off or not."""

    async def deaf(_: service_edge.Counters) -> None:
        pass

    monkeypatch.setattr(service_edge.Counters, "keep_up", deaf)
    assert failed(LAB, "counters") == {"each sells what is left"}


def test_what_is_sold_is_what_buyers_were_told(counters: Any) -> None:
    """All buyers of a city are sold one, or told that none is left, or in error."""
    told = [one.answer for one in counters.requests]
    assert set(told) == {"sold", "none left"}
    assert sold(0, 24).read(counters).value == told.count("sold")
    assert sold_twice(90, 0, 24).read(counters).value == told.count("sold") - 90
    of_rome = sum(one.answer == "sold" and one.to == "rome" for one in counters.requests)
    assert least_sold(("rome",), 0, 24).read(counters).value == of_rome
    assert least_sold(("lyon", "rome"), 0, 24).read(counters).value == of_rome
    assert sold_twice(1000, 0, 24).read(counters).value == 0
    late = [one.answer for one in counters.requests if one.to == "oslo" and one.intended_s >= 20]
    assert late == ["none left"] * len(late)
    assert sent_away_ratio("oslo", 20, 24).read(counters).value == 1
    assert sent_away_ratio("oslo", 0, 8).read(counters).value == 0
