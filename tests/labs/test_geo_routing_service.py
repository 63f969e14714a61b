"""Users and edge: where a request goes, before and after a region is gone."""

from collections import Counter

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.model import Configure, Down, Paced, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "labs.traffic.geo_routing"
REGIONS = tuple(
    Service(region, app="services.worker", settings={"service_ms": 1})
    for region in ("east", "west")
)
LOST = during(4, 20, Down("users->east"))
MOVED = during(8, 20, Configure("resolver", names="shop=west, spare=west"))


def routed(*faults: Timed, people: int = 1, **settings: Setting) -> Recording:
    """Ask ten times a second for twenty seconds, for some people."""
    value = lab(
        Service(
            "users", app=f"{PART}.service_users", calls=("resolver", "east", "west"),
            settings=settings,
        ),
        Service(
            "resolver", app="services.resolver",
            settings={"names": "shop=east, spare=west", "ttl_ms": 2000},
        ),
        *REGIONS,
        load=Paced(to="users", rate_rps=10, path="/users/{key}", keys=people),
        duration_s=20,
        faults=faults,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def asked(made: Recording, start_s: float, end_s: float) -> Counter[str]:
    return Counter(
        span.callee
        for span in made.spans
        if (span.kind, span.caller) == ("client", "users") and start_s <= span.start_s < end_s
    )


def lost_after(made: Recording, start_s: float) -> int:
    return sum(not one.good for one in made.due(start_s, 20))


def test_a_name_is_asked_for_when_it_has_expired() -> None:
    """About every two seconds, and not for each request."""
    seen = asked(routed(), 0, 20)
    assert seen["east"] > 190
    assert 8 <= seen["resolver"] <= 12


def test_by_name_all_is_lost_until_the_name_moves_and_is_forgotten() -> None:
    """From 4 s to 8, and up to 2 s more."""
    made = routed(LOST, MOVED)
    assert lost_after(made, 4) >= 39
    assert lost_after(made, 10.1) == 0
    assert asked(made, 10.1, 20).keys() == {"west", "resolver"}


def test_who_ignores_the_time_to_live_is_lost_for_longer() -> None:
    """All of them here, and half where a half ignores it."""
    all_lost = lost_after(routed(LOST, MOVED, people=4, ignoring=1, hold_ms=6_000_000), 12)
    half_lost = lost_after(routed(LOST, MOVED, people=4, ignoring=0.5, hold_ms=6_000_000), 12)
    assert all_lost == 80
    assert 20 < half_lost < 60


def test_a_client_tries_the_second_and_remembers_it() -> None:
    """One call to the first in each time of avoiding."""
    made = routed(LOST, way="client", avoid_ms=5000)
    assert lost_after(made, 0) == 0
    assert 2 <= asked(made, 4.2, 20)["east"] <= 4


def test_without_any_region_there_is_no_answer() -> None:
    """A 502 that says so."""
    both = (LOST, during(4, 20, Down("users->west")))
    made = routed(*both, way="client")
    assert {one.status for one in made.due(5, 20)} == {"502"}


def edge(*faults: Timed) -> Recording:
    value = lab(
        Service("edge", app=f"{PART}.service_edge", calls=("east", "west")),
        *REGIONS,
        load=Paced(to="edge", rate_rps=10),
        duration_s=20,
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def test_the_network_leads_to_the_nearest_that_is_up() -> None:
    """Two bad probes later to the next one, and back when the first is up again."""
    made = edge(during(4, 12, Down("edge->east")))
    lost = [one.intended_s for one in made.requests if not one.good]
    assert 4 <= min(lost) <= max(lost) <= 6.2
    work = [span for span in made.spans if span.kind == "client" and span.caller == "edge"]
    last = Counter(span.callee for span in work if span.start_s > 14)
    assert last["east"] > 5 * last["west"]


def test_where_no_region_is_up_it_tries_the_nearest() -> None:
    """It has to lead somewhere."""
    made = edge(during(4, 20, Down("edge->east")), during(4, 20, Down("edge->west")))
    assert {one.status for one in made.due(8, 19)} == {"502"}


def test_an_edge_without_regions_does_not_start() -> None:
    """It says what is missing."""
    alone = Service("edge", app=f"{PART}.service_edge")
    with pytest.raises(LabError, match="calls= names no region"):
        run(lab(alone, load=Paced(to="edge", rate_rps=2)))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("service_users", {"way": "post"}),
        ("service_users", {"ignoring": 1.5}),
        ("service_users", {"timeout_ms": 0}),
        ("service_edge", {"down_after": 0}),
        ("service_edge", {"every_ms": 0}),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(f"{PART}.{name}"), wrong)
