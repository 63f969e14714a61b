"""Roads, maps and tolls, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from labs.traffic.selfish_routing import service_drivers, service_road
from tests.labs.otherwise import failed

LAB = catalogue.find("selfish-routing").lab


def test_a_road_that_stays_empty_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a load that slows it down, a short cut helps."""
    monkeypatch.setattr(service_road.Road, "enter", lambda _: 20.0)
    assert failed(LAB, "tunnel") == {"a new road makes trips longer", "all through the tunnel"}


def test_a_toll_that_no_driver_counts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are in the tunnel again."""
    monkeypatch.setattr(service_drivers.Map, "toll_ms", lambda *_: 0.0)
    assert failed(LAB, "tunnel-load-toll") == {
        "trips take as long as before", "few through the tunnel",
    }  # fmt: skip


def test_drivers_who_care_for_no_map_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All keep to the first way, tunnel or not."""
    monkeypatch.setattr(service_drivers.Map, "quickest", lambda _, ways: ways[0])
    assert failed(LAB, "tunnel") == {
        "a new road makes trips longer", "most take the tunnel",
    }  # fmt: skip
