"""Work and late answers, from spans and requests made by hand."""

import math

from harness.measures import executions_per_request, late_ratio
from harness.recording import trace_id
from services.tracing import Span
from tests.support import recording, request


def served(number: int, span: str, *, host: str, status: str = "200", parent: str = "") -> Span:
    """Make what a host did of a request."""
    return Span(trace_id(0, number), span, parent, "server", "", host, 0, 1, 2, status)


WORD = Span(trace_id(0, 1), "w", "a", "client", "store-1", "store-2", 1, 1, 2, "200", "/tied")
MADE = recording(
    [request(0, 0.5), request(1, 1.0), request(2, 6.0)],
    spans=[
        *(served(0, "f", host="front"), served(0, "a", host="store-1")),
        *(served(1, "b", host="store-1"), served(1, "c", host="store-2", status="421")),
        *(WORD, served(1, "d", host="store-2", parent="w")),
        *(served(2, "e", host="store-1"), served(2, "g", host="store-2")),
    ],
)


def test_what_is_done_twice_counts_twice() -> None:
    """A copy that was dropped, the word that dropped it, and other services' work do not."""
    assert executions_per_request("store", 0, 5).of(MADE) == 1
    assert executions_per_request("store", 0, 10).of(MADE) == 4 / 3
    assert executions_per_request("store", 5, 10).of(MADE) == 2
    found = executions_per_request("shop", 0, 5).read(MADE)
    assert math.isnan(found.value)
    assert found.missing == "shop did none of the requests due in 0-5 s"


def test_what_is_not_answered_is_late_too() -> None:
    """As is what was answered after the limit."""
    took_s = (0.1, 0.4, 0.6, 0.1)
    made = recording(
        [
            request(number, number)._replace(
                answered_s=number + took_s[number], status="504" if number == 3 else "200"
            )
            for number in range(4)
        ]
    )
    assert late_ratio(500, 0, 4).of(made) == 2 / 4
    assert late_ratio(50, 0, 4).of(made) == 1
    assert late_ratio(500, 0, 2).of(made) == 0
