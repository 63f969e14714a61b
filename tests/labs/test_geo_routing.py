"""Geographic routing, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from labs.traffic.geo_routing.service_edge import Edge
from labs.traffic.geo_routing.service_users import User
from tests.labs.otherwise import failed

LAB = catalogue.find("geo-routing").lab


def test_a_client_that_knows_one_region_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks a region that is lost until the end."""
    monkeypatch.setattr(User, "_ask_either", lambda self: self._ask("east"))
    found = failed(LAB, "tries-both")
    assert {"nobody loses a request", "all are served elsewhere"} <= found


def test_an_edge_that_never_probes_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network would lead everybody into the lost region until the end."""

    async def blind(_: Edge, region: str) -> None:
        assert region

    monkeypatch.setattr(Edge, "probe", blind)
    assert {"all are served elsewhere", "two probes that fail"} <= failed(LAB, "anycast")
