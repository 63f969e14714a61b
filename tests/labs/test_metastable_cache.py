"""The cold cache's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

from harness import catalogue
from tests.labs.otherwise import failed

LAB = catalogue.find("metastable-cache").lab
APP, DATABASE = LAB.services


def test_a_database_that_carries_all_misses_fills_the_cache_again() -> None:
    """It is the lack of room that does the harm: 67 queries a second are more than 50."""
    strong = replace(LAB, services=(APP, DATABASE.given({"service_ms": 15})))
    assert "never heals" in failed(LAB, "naive", runs=strong)


def test_a_queue_that_is_longer_than_a_caller_waits_refuses_too_late() -> None:
    """It is the answer in time that heals, and not the refusal: 40 places are two seconds."""
    late = replace(LAB.variant("refused"), settings={"database.queue_limit": 40})
    long = replace(LAB, variants=(late,))
    assert "heals" in failed(LAB, "refused", runs=long)
