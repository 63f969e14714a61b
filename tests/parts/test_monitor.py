"""Monitor: what each vantage point sees of a failure, and what it is blind to."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.measures.gauges import level, peak
from harness.measures.outcomes import calls
from harness.measures.series import increase
from harness.model import Configure, Kill, Paced, Pause, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

SABOTAGE = {
    "pages nobody": (
        "self._pages.inc(fires and not self.alerting)",
        "pass",
        "test_a_probe_pages_for_what_users_see",
    ),
    "pages at every look": (
        "self._pages.inc(fires and not self.alerting)",
        "self._pages.inc(fires)",
        "test_a_probe_pages_for_what_users_see",
    ),
    "takes any answer for a good one": (
        "return answer.text if answer.ok else None",
        "return answer.text",
        "test_a_probe_pages_for_what_users_see",
    ),
    "counts from the process's start": (
        "return good - before[0], bad - before[1]",
        "return good, bad",
        "test_counters_count_since_the_last_look",
    ),
    "takes a restart for good answers taken back": (
        "if good < before[0] or bad < before[1]:",
        "if False:",
        "test_a_restart_takes_nothing_back",
    ),
    "takes silence for a failure": (
        "        if text is None:\n            return 0, 0\n",
        "        if text is None:\n            return 0, 1\n",
        "test_counters_are_blind_to_who_does_not_answer",
    ),
}
SHOP = "services.worker"


def watched(*faults: Timed, rate_rps: float = 50, **settings: Setting) -> Recording:
    """Watch one service for ten seconds."""
    value = lab(
        Service("monitor", app="services.monitor", calls=("shop",), settings=settings),
        Service("shop", app=SHOP, settings={"workers": 20, "service_ms": 10}),
        load=Paced(to="shop", rate_rps=rate_rps),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def pages(recording: Recording) -> float:
    return increase("pages_total", 0, 10).of(recording)


BUG = during(3, 6, Configure("shop", error_ratio=1))
FROZEN = during(3, 6, Pause("shop"))


def test_a_probe_pages_for_what_users_see() -> None:
    """Once for each failure, whether answers are wrong or do not come; never without one."""
    for fault in (BUG, FROZEN, during(3, 6, Kill("shop"))):
        recording = watched(fault)
        assert pages(recording) == 1
        assert level("alerting", 5, 6).of(recording) == 1
        assert level("alerting", 8.5, 10).of(recording) == 0
    assert pages(watched()) == 0


def test_a_shallow_probe_sees_nothing_of_a_bug() -> None:
    """The process is healthy: it is its answers that are not."""
    assert pages(watched(BUG, path="/healthz")) == 0
    assert pages(watched(FROZEN, path="/healthz")) == 1


def test_counters_are_blind_to_who_does_not_answer() -> None:
    """What is frozen counts nothing, though all of its users wait."""
    recording = watched(FROZEN, source="metrics")
    assert peak("alerting", 3, 6).of(recording) == 0
    assert increase("looks_total", 3, 6, labels='"nothing"').of(recording) >= 2
    assert pages(watched(BUG, source="metrics")) == 1


def test_counters_count_since_the_last_look() -> None:
    """What was bad and is over is in no later window."""
    recording = watched(BUG, source="metrics", short_ms=1000)
    assert level("alerting", 4, 6).of(recording) == 1
    assert level("alerting", 8, 10).of(recording) == 0


def test_a_restart_takes_nothing_back() -> None:
    """The counters begin again from 0: what was bad in the old process pages no second time."""
    crash = during(7.2, 8.2, Kill("shop"))
    assert pages(watched(BUG, crash, source="metrics", short_ms=1000)) == 1


def test_counters_see_what_a_probe_misses() -> None:
    """One in ten fails: of twenty probes few are bad, of all requests fifty are."""
    some = during(3, 6, Configure("shop", error_ratio=0.1))
    recording = watched(some, source="metrics", limit=0.05, short_ms=2000)
    assert pages(recording) >= 1
    assert calls("shop", 0, 10).of(watched(some)) < 30


def test_what_is_wrong_with_it_is_said() -> None:
    """In one line."""
    with pytest.raises(SettingError, match="long_ms is 1; it must be at least 2000"):
        settings_of(load("services.monitor"), {"long_ms": 1})
    value = lab(Service("monitor", app="services.monitor"), load=Paced(to="monitor", rate_rps=1))
    with pytest.raises(LabError, match="a monitor looks at nobody; name the services in calls="):
        run(value)
