"""What plots are given of a run under way: whole seconds, each found at once, rows read once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.live.whole_seconds import WholeSeconds
from harness.recording import Recording, Request
from services.tracing import Span


class Counted(list[Span]):
    """Rows that say how often they were gone through."""

    times = 0

    def __iter__(self) -> Iterator[Span]:
        self.times += 1
        return super().__iter__()


def request(number: int, intended_s: float) -> Request:
    return Request(number, "/", intended_s, intended_s, intended_s + 0.1, "200")


def span(start_s: float) -> Span:
    return Span("trace", f"{start_s}", "", "client", "front", "back", 1, start_s, start_s, "200")


SPANS = (span(0.5), span(2.9), span(3.0))
RUN = Recording(
    lab="hall",
    variant="naive",
    seed=1,
    engine="sim",
    duration_s=3.0,
    # The last ones were sent by hand: their numbers are not in the order of their times.
    requests=[*(request(n, n / 4) for n in range(16)), request(90, 1.6), request(91, 0.3)],
    spans=SPANS,
)


@pytest.mark.parametrize(
    "window", [(0, 1), (1, 2), (2, 3), (1.0, 2.0), (0.5, 1.5), (0, 3), (1, 1.5), (7, 8)]
)
def test_the_requests_of_a_window_are_those_of_the_recording(window: tuple[float, float]) -> None:
    """The same ones in the same order, whether or not it is a whole second."""
    assert WholeSeconds.of(RUN).between(*window) == [
        one for one in RUN.between(*window) if one.intended_s < RUN.duration_s
    ]


def test_what_was_due_after_the_last_whole_second_is_left_out() -> None:
    """Neither a request nor a call of the second that has only begun is there."""
    whole = WholeSeconds.of(RUN)
    assert [one.number for one in whole.requests] == [*range(12), 90, 91]
    assert [*whole.spans] == [*SPANS[:2]]
    assert (len(whole.spans), whole.spans[-1], whole.spans[:1]) == (2, SPANS[1], [SPANS[0]])


def test_rows_are_read_when_they_are_asked_for_and_once() -> None:
    """A long run's rows are in a file, and a plot of gauges needs none of them."""
    spans = Counted(SPANS)
    whole = WholeSeconds.of(replace(RUN, spans=spans))
    assert whole.between(0, 1)
    assert spans.times == 0
    assert [*whole.spans] == [*whole.spans]
    assert spans.times == 1
