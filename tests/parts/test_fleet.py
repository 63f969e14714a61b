"""Fleet: machines come late, cost from the start, and are as many as their work asks for."""

import pytest

from harness.conductor import conductor
from harness.measures import success_ratio
from harness.measures.cost import unit_seconds
from harness.measures.gauges import level, lowest, peak
from harness.model import Configure, Paced, Service, Surge, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

LONG_S = 12
SABOTAGE = {
    "boots at once": (
        "self._ctx.now() + self._ctx.settings.boot_ms / 1000",
        "self._ctx.now()",
        "test_new_machines_serve_when_they_have_booted_and_cost_before",
    ),
    "does not count those that boot": (
        "for _ in range(wanted - there):",
        "for _ in range(wanted - self.ready):",
        "test_it_is_never_larger_than_allowed",
    ),
    "never looks": (
        "wanted = math.ceil(round(busy / settings.target, 9))",
        "wanted = settings.least",
        "test_it_tracks_its_target",
    ),
    "has no end of slots": (
        "if self._busy >= self.slots:",
        "if False:",
        "test_a_machine_serves_so_many_at_once",
    ),
    "lets those who wait go on waiting": (
        "        self._busy -= 1\n        self._admit()",
        "        self._busy -= 1",
        "test_a_machine_serves_so_many_at_once",
    ),
}


def asked(
    *faults: Timed, rate_rps: float = 40, times: float = 1, **settings: str | float | bool
) -> Recording:
    """Ask a fleet; each machine has 2 slots of 50 ms, so it carries 40 requests a second."""
    own = {"least": 2, "most": 6, "workers": 2, "service_ms": 50, "boot_ms": 2000,
           "cooldown_ms": 2000, "target": 0.5, **settings}  # fmt: skip
    phases = (Surge(start_s=3, end_s=8, times=times),) if times != 1 else ()
    value = lab(
        Service("fleet", app="services.fleet", settings=own),
        load=Paced(to="fleet", rate_rps=rate_rps, timeout_ms=500, phases=phases),
        faults=faults,
        duration_s=LONG_S,
    )
    return run(value, conductor(faults, value.duration_s))


def test_it_tracks_its_target() -> None:
    """At 40/s two slots are busy on average: half of two machines; three times that wants six."""
    recording = asked(times=3)
    assert peak("machines", 0, 3).of(recording) == 2
    assert peak("machines", 3, 8).of(recording) == 6
    assert lowest("machines", 10.5, LONG_S).of(recording) <= 3


def test_new_machines_serve_when_they_have_booted_and_cost_before() -> None:
    """For the time of booting, those that cost are more than those that serve."""
    recording = asked(times=3)
    assert peak("machines_ready", 0, 5).of(recording) == 2
    assert peak("machines", 4, 5).of(recording) > 2
    assert success_ratio(3.5, 5).of(recording) < 0.8
    costs = unit_seconds("machines", 0, LONG_S).of(recording)
    assert costs > unit_seconds("machines_ready", 0, LONG_S).of(recording) + 2


def test_it_is_never_larger_than_allowed() -> None:
    """Also while all that it has asked for boot."""
    recording = asked(times=6, boot_ms=4000)
    assert peak("machines", 0, LONG_S).of(recording) == 6


def test_a_machine_serves_so_many_at_once() -> None:
    """Two slots of 40 ms do 50 requests a second of 80, and with fewer nobody fails."""
    recording = asked(rate_rps=80, least=1, autoscale=False, service_ms=40)
    served = [one.end_s for one in recording.spans if one.kind == "server" and one.status == "200"]
    assert 0.95 * 50 * LONG_S < sum(end_s < LONG_S for end_s in served) <= 50 * LONG_S
    assert success_ratio(0, LONG_S).of(asked(rate_rps=36, least=1, autoscale=False)) == 1


def test_a_full_queue_is_refused() -> None:
    """At once."""
    recording = asked(rate_rps=80, least=1, autoscale=False, queue_limit=2)
    assert {one.status for one in recording.requests} == {"200", "503"}
    assert max(one.latency_s for one in recording.requests) < 0.2


def test_by_hand_it_is_as_large_as_somebody_says() -> None:
    """While it runs; a new machine boots as others do."""
    recording = asked(during(3, 9, Configure("fleet", least=5)), autoscale=False)
    assert level("machines", 4, 8).of(recording) == 5
    assert peak("machines_ready", 0, 5).of(recording) == 2
    assert lowest("machines_ready", 6, 8).of(recording) == 5
    assert peak("machines", 10, LONG_S).of(recording) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"most": 1}, "most is 1; it must be at least least, 2"),
        ({"target": 0.0}, "target is 0; it must be above 0, and at most 1"),
        ({"least": 0}, "least is 0; it must be at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    """In one line."""
    with pytest.raises(SettingError, match=said):
        settings_of(load("services.fleet"), given)
