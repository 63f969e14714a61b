"""Clock skew, broken on purpose: each time the verdict turns."""

from typing import Any

import pytest

from harness import catalogue
from services import coordinator
from tests.labs.otherwise import failed

LAB = catalogue.find("clock-skew").lab
NONE_LOST = "no write is lost"


def test_a_coordinator_that_hides_what_it_has_lost_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that stops at its first try and says 200, as last-writer-wins does."""

    class Rosy(coordinator.Coordinator):
        async def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
            return {**await super()._ask(method, path, **body), "kept": True}

    monkeypatch.setattr(coordinator, "Coordinator", Rosy)
    assert NONE_LOST in failed(LAB, "hybrid-clock")
