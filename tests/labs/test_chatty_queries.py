"""Chatty queries, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from harness.model import Latency, during
from labs.traffic.chatty_queries.predictions import AWAY
from tests.labs.otherwise import failed

LAB = catalogue.find("chatty-queries").lab


def test_a_query_costs_a_trip_and_not_a_slow_database() -> None:
    """A database that is half as fast again refuses nobody, and pages are as quick as promised."""
    slow = tuple(
        one.given({"query_ms": 12, "row_ms": 3}) if one.name == "database" else one
        for one in LAB.services
    )
    near = replace(LAB, services=slow, faults=())
    assert "refuses a fifth of its pages and more" in failed(LAB, "row-by-row", runs=near)


def test_the_replica_must_be_near() -> None:
    """Where both databases are far away, it matters no more which of them is asked."""
    far = (during(*AWAY, Latency("shop->replica", latency_ms=60)), *LAB.faults)
    found = failed(LAB, "replica", runs=replace(LAB, faults=far))
    assert {"shows its pages", "is quick as well"} <= found
    assert failed(LAB, "in-list", runs=replace(LAB, faults=far)) == set()
