"""Recent: what has happened in the last span, in tenths of it."""

from services.patterns.guards import Recent


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def at(times_s: list[float], *, span_s: float, look_s: float) -> dict[str, int]:
    """Count events at some times, and look later."""
    clock = Clock()
    recent = Recent(clock)
    for clock.now_s in times_s:
        recent.add("call", span_s=span_s)
    clock.now_s = look_s
    return dict(recent.counts(span_s=span_s))


def test_an_event_counts_for_a_span_and_is_then_forgotten() -> None:
    """For the whole span but its last tenth at least; after the span it is gone."""
    for span_s in (0.5, 1, 20):
        assert at([0], span_s=span_s, look_s=0.89 * span_s) == {"call": 1}
        assert at([0], span_s=span_s, look_s=1.01 * span_s) == {}


def test_events_are_counted_one_by_one() -> None:
    """Whatever tenth they fall in."""
    assert at([0, 0.1, 0.1, 5, 9], span_s=10, look_s=9) == {"call": 5}
    assert at([0, 0.1, 0.1, 5, 9], span_s=10, look_s=12) == {"call": 2}


def test_a_span_of_another_length_begins_anew() -> None:
    """Its tenths would be of two lengths."""
    clock = Clock()
    recent = Recent(clock)
    recent.add("call", span_s=10)
    assert recent.counts(span_s=20) == {}
    recent.add("call", span_s=20)
    assert recent.counts(span_s=20) == {"call": 1}
    recent.clear()
    assert recent.counts(span_s=20) == {}
