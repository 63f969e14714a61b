"""Reconnect storms, broken on purpose; its apps and its gateway; the map beside theory's line."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.conductor import conductor
from harness.model import Down, Paced, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from harness.sweep.asking import own_numbers
from harness.sweep.cells import Run, simulate
from labs.cascades.thundering_herd import maps
from services.server import SettingError, load, settings_of
from tests.labs.otherwise import SEED, failed
from tests.support import lab, run

ENTRY = catalogue.find("thundering-herd")
LAB = ENTRY.lab
HERE = "labs.cascades.thundering_herd"


def ran(*faults: Timed, service_ms: float = 10, **settings: Setting) -> Recording:
    """Run four apps, which are looked at eight times a second."""
    value = lab(
        Service("apps", app=f"{HERE}.service_apps", calls=("gateway",),
                settings={"number": 4, "start_ms": 0, **settings}),
        Service("gateway", app=f"{HERE}.service_gateway", calls=("accounts",)),
        Service("accounts", app="services.worker",
                settings={"workers": 1, "service_ms": service_ms}),
        load=Paced(to="apps", rate_rps=8),
        faults=faults,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def good(made: Recording, start_s: float, end_s: float) -> float:
    due = list(made.due(start_s, end_s))
    return sum(one.good for one in due) / len(due)


def test_sessions_that_are_open_stay_open() -> None:
    """Each app asks once, and every look finds it connected."""
    made = ran()
    assert good(made, 0, 9) == 1
    sessions = [span for span in made.spans if span.route == "/sessions"]
    assert len(sessions) == 4


def test_all_are_lost_at_one_moment_and_asked_for_again() -> None:
    """Looks find none while the gateway is away, and all again a pause later."""
    made = ran(during(3, 5, Down("apps->gateway")), again_ms=1000)
    assert good(made, 3.1, 5) == 0
    assert good(made, 6.2, 9) == 1
    calls = [span.start_s for span in made.spans if span.route == "/sessions"]
    assert sum(2.9 < at_s < 3.1 for at_s in calls) == 4


def test_the_gateway_goes_on_for_apps_that_have_left() -> None:
    """Four questions of 0.6 s, of which one is in time: all four are asked and served."""
    made = ran(service_ms=600, timeout_ms=700, again_ms=20_000)
    served = [span for span in made.spans if (span.kind, span.callee) == ("server", "accounts")]
    assert [span.status for span in served] == ["200"] * 4
    assert good(made, 3, 9) == 1  # Of the one that has had a session.


@pytest.mark.parametrize("wrong", [{"number": 0}, {"timeout_ms": 0}, {"start_ms": -1}])
def test_apps_that_cannot_be_are_refused(wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(f"{HERE}.service_apps"), wrong)


@pytest.mark.parametrize("variant", ["steady", "jitter"])
def test_apps_that_never_give_up_are_found_out(variant: str) -> None:
    """It is the patience that ends: whoever stays in line is served, all within 3.8 s."""
    sound = LAB.variant(variant)
    patient = replace(sound, settings={**sound.settings, "apps.timeout_ms": 60_000})
    others = tuple(one for one in LAB.variants if one is not sound)
    runs = replace(LAB, variants=(patient, *others))
    assert "many are still out after eight seconds" in failed(LAB, variant, runs=runs)


@pytest.mark.parametrize(("timeout_ms", "limit"), [(500, 25), (1000, 41)])
@pytest.mark.parametrize("beside", [-3, 3])
def test_the_map_changes_where_theory_has_its_line(
    timeout_ms: float, limit: int, beside: int
) -> None:
    """Three apps on either side of it."""
    numbers = own_numbers(LAB, LAB.variant("steady"))
    assert int(maps.locked_out_from(timeout_ms, numbers)) == limit
    settings = (f"apps.timeout_ms={timeout_ms}", f"apps.number={limit + beside}")
    asked = Run(slug=ENTRY.slug, variant="steady", settings=settings, measure="map", seed=SEED)
    (found,) = simulate((asked,))
    assert (found.value >= 0.99) == (beside < 0)
