"""The overloaded queue's lab, broken on purpose: the verdict turns where the mechanism is gone."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import catalogue
from tests.labs.otherwise import failed

if TYPE_CHECKING:
    from harness.model.fault import Setting

LAB = catalogue.find("queue-overload").lab
WEB, SEARCH = LAB.services


@pytest.mark.parametrize(
    ("variant", "needs_it"), [("in-time", True), ("newest", False), ("codel", False)]
)
def test_dropping_in_time_needs_a_deadline_that_travels(variant: str, *, needs_it: bool) -> None:
    """With a time limit that `search` does not hear of, the other two hold, as the lesson says."""
    limit: dict[str, Setting] = {"outgoing.order": "timeout", "outgoing.timeout.ms": 2000}
    untold = replace(LAB, services=(WEB.given(limit), SEARCH))
    assert ("answers as many as it can" in failed(LAB, variant, runs=untold)) is needs_it
