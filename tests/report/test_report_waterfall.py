import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording import FaultRecord, Recording, Request, root_context, trace_id
from harness.report.waterfall import as_text, choose, tree
from services.tracing import Span

FAULT = FaultRecord(name="pause db", target="db", start_s=3, end_s=5)


def recording(requests: list[Request], spans: list[Span]) -> Recording:
    return Recording(
        lab="a-lab",
        variant="naive",
        seed=1,
        engine="sim",
        duration_s=10,
        requests=requests,
        spans=spans,
        faults=[FAULT],
    )


def request(number: int, due_s: float, took_s: float, status: str = "200") -> Request:
    return Request(number, "/", due_s, due_s, due_s + took_s, status)


def client(number: int, attempt: int, start_s: float, end_s: float, status: str) -> Span:
    name, own = f"{number}c{attempt}", f"{number}web"
    times = (start_s, end_s)
    return Span(trace_id(1, number), name, own, "client", "web", "db", attempt, *times, status)


def server(number: int, name: str, parent: str, start_s: float, end_s: float) -> Span:
    host = "web" if name == f"{number}web" else "db"
    return Span(trace_id(1, number), name, parent, "server", "", host, 0, start_s, end_s, "200")


def two_tries(number: int = 7, work_s: float = 1.4) -> Recording:
    """One request whose first try was given up, while the callee went on with it."""
    own = root_context(1, number).span
    spans = [
        server(number, f"{number}web", own, 4.0, 5.0),
        client(number, 1, 4.0, 4.5, "abandoned"),
        server(number, "late", f"{number}c1", 4.1, 4.1 + work_s),
        client(number, 2, 4.5, 5.0, "200"),
        server(number, "good", f"{number}c2", 4.6, 4.9),
    ]
    return recording([request(number, 4.0, 1.0)], spans)


def test_tree_orders_hops_under_their_callers() -> None:
    """Each server's bar follows the call that caused it, one level deeper."""
    bars = tree(two_tries(), 7).bars
    assert [(bar.depth, bar.name) for bar in bars] == [
        (0, "client → web"),
        (1, "web"),
        (2, "→ db, try 1"),
        (3, "db"),
        (2, "→ db, try 2"),
        (3, "db"),
    ]
    assert bars[3].start_ms == pytest.approx(100)


def test_work_after_giving_up_is_wasted() -> None:
    """The waste begins where the caller gave up, and nowhere else."""
    wasted = [bar.wasted_ms for bar in tree(two_tries(), 7).bars]
    assert wasted[3] == pytest.approx(500)
    assert all(math.isnan(other) for other in wasted[:3] + wasted[4:])


def test_long_aftermath_is_clipped() -> None:
    """A bar that outlasts the request by far does not squeeze all others."""
    waterfall = tree(two_tries(work_s=20), 7)
    assert waterfall.scale_ms == pytest.approx(1400)
    assert waterfall.is_clipped(waterfall.bars[3])
    assert "▶" in as_text(waterfall, 100)


def test_short_aftermath_is_drawn_to_its_end() -> None:
    """The scale reaches the last end when that is near enough."""
    waterfall = tree(two_tries(), 7)
    assert waterfall.scale_ms == pytest.approx(1500)
    assert not any(map(waterfall.is_clipped, waterfall.bars))


def test_text_tells_status_and_time() -> None:
    """Every bar has its words beside it, and the waste is told by its own sign."""
    lines = as_text(tree(two_tries(), 7), 100).splitlines()
    assert lines[0] == "request 7, due at 4.00 s: 200 after 1,000 ms"
    assert lines[3].startswith("    → db, try 1 ")
    assert lines[3].endswith("abandoned    500 ms")
    assert "░" in lines[4]
    assert "░" not in lines[6]


def test_request_without_answer_or_spans() -> None:
    """A refused request still has a waterfall, of one bar."""
    waterfall = tree(recording([request(0, 4.0, math.nan, "refused")], []), 0)
    assert len(waterfall.bars) == 1
    assert "refused, no answer" in as_text(waterfall, 80)


def test_strays_and_circles_are_shown_once() -> None:
    """A span whose caller was lost, or that claims to cause itself, is neither lost nor endless."""
    spans = [
        server(0, "stray", "lost", 4.0, 4.1),
        server(0, "a", "b", 4.2, 4.3),
        server(0, "b", "a", 4.2, 4.3),
    ]
    assert len(tree(recording([request(0, 4.0, 1.0)], spans), 0).bars) == 4


def test_unknown_request_is_an_error() -> None:
    """Asking for a request that there is not says so."""
    with pytest.raises(LookupError, match="no request 99"):
        tree(two_tries(), 99)


def test_broken_variant_shows_the_most_calls_near_the_fault() -> None:
    """Of a broken variant the request with the most tries in or just after the fault is telling."""
    requests = [request(0, 1.0, 0.1), request(1, 4.0, 1.0, "504"), request(2, 6.0, 1.0, "504")]
    requests.append(request(3, 9.0, 1.0, "504"))
    tries = {0: 9, 1: 1, 2: 2, 3: 9}
    spans = [
        client(number, attempt, 4.0, 4.5, "abandoned")
        for number, count in tries.items()
        for attempt in range(1, count + 1)
    ]
    assert choose(recording(requests, spans), broken=True) == 2


def test_fixed_variant_shows_the_slowest_good_answer_since_the_fault() -> None:
    """Of a fixed variant the worst that a user with an answer saw is telling."""
    requests = [request(0, 1.0, 9.0), request(1, 4.0, 0.1), request(2, 6.0, 0.5)]
    requests.append(request(3, 7.0, 4.0, "504"))
    assert choose(recording(requests, []), broken=False) == 2


def test_nothing_to_choose_from() -> None:
    """A run without requests has no telling one."""
    assert choose(recording([], []), broken=True) is None


@given(
    width=st.integers(min_value=1, max_value=160),
    work_s=st.floats(min_value=0, max_value=1e6),
    took_s=st.floats(min_value=0, max_value=100) | st.just(math.nan),
)
def test_text_respects_its_width(width: int, work_s: float, took_s: float) -> None:
    """No line is longer than asked for, whatever lasted however long."""
    run = two_tries(work_s=work_s)
    run = replace(run, requests=[request(7, 4.0, took_s)])
    assert all(len(line) <= width for line in as_text(tree(run, 7), width).splitlines())


def test_a_command_to_a_store_is_a_call_without_a_try() -> None:
    """It has no work under it, and an answer however it is called."""
    own = root_context(1, 7).span
    spans = [
        server(7, "7web", own, 4.0, 5.0),
        client(7, 0, 4.1, 4.2, "ok"),
        client(7, 0, 4.3, 4.4, "closed")._replace(span="other"),
    ]
    bars = tree(recording([request(7, 4.0, 1.0)], spans), 7).bars[2:]
    assert [(bar.depth, bar.name, bar.status) for bar in bars] == [
        (2, "→ db", "ok"),
        (2, "→ db", "closed"),
    ]
