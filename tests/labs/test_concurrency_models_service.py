"""Server: how requests share one core, and what a wait for the callee holds."""

from collections.abc import Mapping
from statistics import fmean

import pytest

from harness.conductor import conductor
from harness.model import Down, Paced, Service, Together, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

SHOP = "labs.traffic.concurrency_models.service"
BANK: Mapping[str, Setting] = {"workers": 100, "service_ms": 500}


def served(*loads: Paced, faults: tuple[Timed, ...] = (), **settings: Setting) -> Recording:
    value = lab(
        Service("shop", app=SHOP, calls=("bank",), settings=settings),
        Service("bank", app="services.worker", settings=BANK),
        load=Together(of=loads),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def asking(path: str, rate_rps: float, start_s: float = 0) -> Paced:
    return Paced(to="shop", path=path, rate_rps=rate_rps, start_s=start_s)


def took_ms(made: Recording, path: str, start_s: float = 1, end_s: float = 9) -> list[float]:
    asked = [one for one in made.due(start_s, end_s) if one.path == path]
    assert all(one.good for one in asked)
    return [1000 * one.latency_s for one in asked]


def test_a_page_alone_takes_its_work() -> None:
    """Ten milliseconds, and the way."""
    assert took_ms(served(asking("/page", 5)), "/page") == pytest.approx([10] * 40, abs=3)


def test_until_done_a_report_is_in_the_way_of_pages() -> None:
    """Of the pages that come within its 400 ms, the first waits longest."""
    made = served(asking("/page", 20), asking("/report", 1), turn_ms=0)
    times_ms = took_ms(made, "/page")
    assert 340 < max(times_ms) < 420
    assert sum(one > 100 for one in times_ms) == pytest.approx(8 * 20 * 0.36, rel=0.2)


@pytest.mark.parametrize(("turn_ms", "offload"), [(20, False), (0, True)])
def test_in_turns_a_page_waits_for_a_turn_at_most(turn_ms: float, *, offload: bool) -> None:
    """And the report takes longer, by the pages that were let past."""
    made = served(asking("/page", 20), asking("/report", 1), turn_ms=turn_ms, offload=offload)
    assert max(took_ms(made, "/page")) < 45
    assert 440 < fmean(took_ms(made, "/report", 1, 8)) < 560


@pytest.mark.parametrize("turn_ms", [0, 2])
def test_a_core_does_no_more_than_it_can(turn_ms: float) -> None:
    """450 pages of 10 ms take it 4.5 s, however they take turns."""
    load = Paced(to="shop", path="/page", rate_rps=150, end_s=3)
    made = served(load, slots=1000, turn_ms=turn_ms)
    assert max(one.answered_s for one in made.requests) == pytest.approx(4.5, abs=0.05)


def test_what_waits_for_the_bank_holds_its_slot() -> None:
    """Two slots make four calls of half a second; ten make as many as are asked for."""
    for slots, calls_rps in ((2, 3.9), (10, 8)):
        made = served(asking("/pay", 8), slots=slots)
        done = sum(one.good and 2 < one.answered_s < 8 for one in made.requests)
        assert done / 6 == pytest.approx(calls_rps, rel=0.08)


def test_a_page_takes_its_place_behind_those_that_came_before() -> None:
    """With one slot and payments of half a second, a page comes when they are done."""
    made = served(asking("/pay", 1), asking("/page", 10), slots=1)
    assert 400 < max(took_ms(made, "/page", 2, 8)) < 540


def test_a_bank_that_is_away_is_said() -> None:
    """As an error of the payment, and pages go on."""
    made = served(asking("/pay", 4), asking("/page", 4), faults=(during(3, 6, Down("shop->bank")),))
    away = [one for one in made.due(3.2, 5.8) if one.path == "/pay"]
    assert {one.status for one in away} == {"502"}
    assert len(took_ms(made, "/page")) == 32


@pytest.mark.parametrize(
    "wrong", [{"slots": 0}, {"turn_ms": -1}, {"work_ms": -1}, {"report_ms": -1}]
)
def test_a_server_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(SHOP), wrong)
