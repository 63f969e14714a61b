"""Repairs: how often systems of parts are up, who waits, and what a crew can do."""

import random
from collections.abc import Mapping
from statistics import fmean

import pytest

from harness.model import Paced, Service
from harness.model.fault import Setting
from harness.recording import Recording
from harness.theory import availability
from labs.cascades.availability_math.service import Settings, System
from services.server import SettingError, load, settings_of
from tests.support import lab, run

REPAIRS = "labs.cascades.availability_math.service"
EVERY_S = 0.7
"""Long enough for a system to forget most of its last state."""


def up_ratio(settings: Settings, moments: int = 4000) -> float:
    """Give the share of moments in which all stages of a system are up."""
    system = System(settings, random.Random(5), 0)
    seen = []
    for moment in range(moments):
        now_s = 5 + moment * EVERY_S
        seen.append(all(system.up_at(stage, now_s) == now_s for stage in range(settings.stages)))
    return fmean(seen)


@pytest.mark.parametrize(
    ("stages", "copies", "crews"), [(1, 1, 0), (3, 1, 0), (3, 2, 0), (3, 2, 1)]
)
def test_a_system_is_up_as_often_as_theory_says(stages: int, copies: int, crews: int) -> None:
    """Alone, in a row, with spares, and with one crew for all."""
    expected = availability.crewed_availability(
        stages=stages, copies=copies, crews=crews or None, mtbf_s=1, mttr_s=0.2
    )
    found = up_ratio(Settings(stages=stages, copies=copies, crews=crews))
    assert found == pytest.approx(expected, abs=0.035)


def test_a_stage_that_is_down_says_when_it_is_up() -> None:
    """From then on it is, and before it is not; what was known is not drawn again."""
    system = System(Settings(stages=1), random.Random(5), 0)
    downs = 0
    for moment in range(400):
        now_s = 0.05 * moment
        up_s = system.up_at(0, now_s)
        assert up_s == system.up_at(0, now_s) >= now_s
        if up_s > now_s:
            downs += 1
            later_s = (now_s + up_s) / 2
            assert system.up_at(0, later_s) == up_s == system.up_at(0, up_s)
    assert downs > 20


def test_outages_are_as_long_as_repairs_on_average() -> None:
    """What is left of one is as long as a whole one: repairs are exponential."""
    system = System(Settings(stages=1), random.Random(5), 0)
    left_s = [system.up_at(0, at_s) - at_s for at_s in (EVERY_S * n for n in range(8000))]
    assert fmean(one for one in left_s if one) == pytest.approx(0.2, rel=0.12)


def served(**settings: Setting) -> Recording:
    """Ask ten systems for ten seconds."""
    value = lab(
        Service("shop", app=REPAIRS, settings={"stages": 1, **settings}),
        load=Paced(to="shop", rate_rps=40, path="/systems/{key}", keys=10),
    )
    return run(value)


def test_a_request_that_finds_a_stage_down_is_refused_at_once() -> None:
    """Or after its wait, and good if the stage is up by then."""
    good = {wait_ms: served(wait_ms=wait_ms) for wait_ms in (0, 200)}
    at_once, waits = ([one for one in made.due(2, 10) if not one.good] for made in good.values())
    assert 0 < len(waits) < len(at_once) / 2
    assert max(one.latency_s for one in at_once) < 0.05
    assert all(one.latency_s == pytest.approx(0.2, abs=0.02) for one in waits)


def test_what_becomes_of_a_system_does_not_depend_on_who_asks() -> None:
    """The same seed, one time asked half as often: what both ask at a time is answered alike."""

    def answers(rate_rps: float) -> Mapping[float, bool]:
        value = lab(
            Service("shop", app=REPAIRS),
            load=Paced(to="shop", rate_rps=rate_rps, path="/systems/same"),
        )
        return {round(one.intended_s, 6): one.good for one in run(value).requests}

    often, rarely = answers(20), answers(10)
    assert all(often[at_s] == good for at_s, good in rarely.items())
    assert {*rarely.values()} == {True, False}


@pytest.mark.parametrize(
    "wrong",
    [{"stages": 0}, {"copies": 0}, {"crews": -1}, {"wait_ms": -1}, {"mtbf_ms": 0}, {"mttr_ms": 0}],
    ids=str,
)
def test_a_system_that_cannot_be_is_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(REPAIRS), wrong)
