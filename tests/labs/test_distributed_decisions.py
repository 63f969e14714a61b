"""Gateways with one limit, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from labs.resilience.distributed_decisions import service_gateway
from labs.resilience.distributed_decisions.service_gateway import Limiter
from tests.labs.otherwise import failed

LAB = catalogue.find("distributed-decisions").lab
HEARD = Limiter.keep_up


async def deaf(_: Limiter) -> None:
    """Hear of nobody."""


def test_counts_must_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that hears of nobody lets the whole limit through."""
    monkeypatch.setattr(service_gateway.Limiter, "keep_up", deaf)
    assert failed(LAB, "counts") == {
        "what is let through until they hear",
    }


def test_demand_must_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that hears of nobody keeps its equal share, which is too small for a busy one."""
    monkeypatch.setattr(service_gateway.Limiter, "keep_up", deaf)
    assert failed(LAB, "demand") == {
        "nobody is refused below the limit",
        "two calls of each gateway every half second",
    }


def test_demand_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that hears of itself alone takes the whole limit for its share."""

    async def own_alone(limiter: Limiter) -> None:
        await HEARD(limiter)
        own = limiter.host
        limiter.heard = {name: one for name, one in limiter.heard.items() if name == own}

    monkeypatch.setattr(service_gateway.Limiter, "keep_up", own_alone)
    assert failed(LAB, "demand") == {"the limit and no more"}
