"""Sliders: round what the lab has, in steps, and never to what a service refuses."""

import pytest

from harness import catalogue
from harness.live.described import opened
from harness.live.session import Session
from harness.live.setting_range import range_of
from harness.model.experiment import Experiment
from services.server import load, settings_of
from services.settings import SettingError

RELAY, WORKER = "services.relay", "services.worker"


@pytest.mark.parametrize(
    ("app", "given", "name", "ends"),
    [
        (RELAY, {"tries": 4}, "tries", (1, 8)),
        (RELAY, {"tries": 10}, "tries", (1, 20)),
        (RELAY, {"timeout_ms": 500.0}, "timeout_ms", (0, 2000)),
        (RELAY, {}, "backoff_ms", (0, 1000)),
        (RELAY, {}, "retry_budget", (0, 1)),
        (WORKER, {"error_ratio": 0.25}, "error_ratio", (0, 1)),
        (WORKER, {"service_ms": 40}, "service_ms", (0, 160)),
    ],
)
def test_a_slider_goes_as_far_as_makes_sense(
    app: str, given: dict[str, float], name: str, ends: tuple[float, float]
) -> None:
    """A count to twice its value, a time to four times, a share to 1; one that is off, anywhere."""
    found = range_of(app, given, name)
    assert found is not None
    assert (found.min, found.max) == ends
    assert found.step > 0


def test_what_is_no_number_has_no_slider() -> None:
    """A choice, a text, a yes or no."""
    assert range_of(RELAY, {}, "jitter") is None
    assert range_of(RELAY, {}, "outgoing.retry.heed") is None


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_no_slider_leads_where_nothing_is_taken(slug: str) -> None:
    """Both ends of each are taken by the service, and the lab's own value lies between them."""
    entry = catalogue.find(slug)
    with Session(slug, entry.lab, Experiment(duration_s=20)) as run:
        told = opened(run)
        placed = entry.lab.placed(run.variant)
    names = {f"{host['name']}.{one['name']}" for host in told["hosts"] for one in host["settings"]}
    assert set(told["turns"]) <= names
    for host in told["hosts"]:
        for one in (setting for setting in host["settings"] if setting["range"]):
            ends, service = one["range"], placed[host["name"]]
            assert ends["min"] <= one["value"] <= ends["max"]
            for end in (ends["min"], ends["max"]):
                try:
                    settings_of(load(service.app), {**service.settings, one["name"]: end})
                except SettingError as error:
                    pytest.fail(f"{host['name']}.{one['name']}: {error}")
