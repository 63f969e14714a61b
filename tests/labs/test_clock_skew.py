"""Clock skew, broken on purpose: each time the verdict turns."""

from dataclasses import replace
from typing import Any

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from harness.model.variant import Fixed
from services import coordinator
from services.patterns.hybrid_clock import HybridClock, Stamp
from tests.labs.otherwise import after, failed

LAB = catalogue.find("clock-skew").lab
GONE = "writes are acknowledged and gone"
STILL_GONE = "the clock is right again, and still writes go"
REFUSED = "good tokens are refused by the node that is ahead"
FORMULA = "lost in proportion to skew and spacing"
ALONE = "only the node whose clock is right loses"
OUTLIVE = "stamps of the future outlive the skew"
HALF = "one of two refuses all tokens"
NONE_LOST = "no write is lost"
TAKEN = "and every write is taken"
TOKENS = "tokens are taken, with leeway"


def test_with_right_clocks_nothing_breaks() -> None:
    """No write is lost and no token is refused, so all that is said of them fails."""
    calm = LAB.without_trigger()
    assert failed(calm, "wall-clock") == {
        *(GONE, STILL_GONE, REFUSED, FORMULA, OUTLIVE, HALF, ALONE)
    }


@pytest.mark.parametrize(("mend", "undone", "claims"), [
    ("hybrid-clock", {"coordinator.leeway_ms": 3000}, {NONE_LOST}),
    ("hybrid-clock", {"coordinator.order": "hybrid"}, {TOKENS}),
    ("versions", {"coordinator.leeway_ms": 3000}, {NONE_LOST, "a version costs a read"}),
    ("versions", {"coordinator.order": "version"}, {TOKENS}),
])  # fmt: skip
def test_half_the_mend_is_a_failure(
    mend: str, undone: dict[str, str | int], claims: set[str]
) -> None:
    """Order mends the writes and leeway the tokens: neither does the other's work."""
    lab = replace(LAB, variants=(*LAB.variants[:1], Fixed(mend, dict(undone))))
    assert failed(lab, mend) == claims


def test_a_hybrid_clock_that_does_not_listen_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It tries four times below the stamp that is held, and gives up."""

    def deaf(self: HybridClock, stamp: Stamp) -> None:
        del self, stamp

    monkeypatch.setattr(HybridClock, "hear", deaf)
    assert TAKEN in failed(LAB, "hybrid-clock")


def test_a_coordinator_that_hides_what_it_has_lost_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that stops at its first try and says 200, as last-writer-wins does."""

    class Rosy(coordinator.Coordinator):
        async def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
            return {**await super()._ask(method, path, **body), "kept": True}

    monkeypatch.setattr(coordinator, "Coordinator", Rosy)
    assert NONE_LOST in failed(LAB, "hybrid-clock")


@pytest.mark.parametrize(
    ("command", "claims"),
    [
        ("versions coordinator.leeway_ms=500", {TOKENS}),
        ("hybrid-clock coordinator.tries=1", {TAKEN}),
        ("wall-clock load.keys=4000", {GONE, STILL_GONE, FORMULA, OUTLIVE}),
    ],
)
def test_what_the_lesson_breaks_fails(command: str, claims: set[str]) -> None:
    """Each command of its last experiment, and what the lesson says of it."""
    assert after("clock-skew", command) == (Verdict.FAIL, claims)
