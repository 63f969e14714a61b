"""Client-side throttling, broken on purpose: each time the verdict turns."""

import pytest

from harness import catalogue
from services.patterns.guards import Recent
from tests.labs.otherwise import failed

FULL = 10
LAB = catalogue.find("adaptive-throttling").lab


def test_a_count_of_refusals_that_is_full_at_ten_lets_too_much_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The more are refused, the less must be sent: a few seen refusals are not enough."""
    add = Recent.add

    def full(self: Recent, event: str, *, span_s: float) -> None:
        if event == "refused" and self.counts(span_s=span_s).get("refused", 0) >= FULL:
            return
        add(self, event, span_s=span_s)

    monkeypatch.setattr(Recent, "add", full)
    assert failed(LAB, "twice") == {"does most of what it can", "twice as many as are accepted"}
