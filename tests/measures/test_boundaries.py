"""Where a measure's windows and limits end, to the very moment: times are exact in binary."""

import math
from collections.abc import Callable

import pytest

from harness.measures import (
    answer_ratio,
    attempts_per_request,
    attempts_rps,
    by_second,
    calls_per_burst,
    failures,
    first_good_call_s,
    goodput_rps,
    largest_share,
    latency_ms,
    longest_silence_s,
    quantile_of,
    recovery_s,
    success_ratio,
    wasted_ratio,
)
from harness.measures.series import gain, increase
from harness.measures.waste import given_up_s
from harness.model.expect import Measure, Reads
from harness.recording import SeriesKey, root_context
from services.tracing import Span
from tests.support import fault, recording, request

Maker = Callable[[float, float], Measure]


def call(
    number: int, start_s: float, end_s: float = 9, *, callee: str = "db", status: str = "200"
) -> Span:
    """Make a call of `front` for a request."""
    trace = root_context(0, number).trace
    return Span(trace, f"c{number}", "", "client", "front", callee, 1, start_s, end_s, status)


def work(number: int, end_s: float, *, callee: str = "db", above: str = "") -> Span:
    """Make the work on the call of a request."""
    trace = root_context(0, number).trace
    parent = above or f"c{number}"
    return Span(trace, f"s{number}", parent, "server", "", callee, 1, 0, end_s, "200")


def test_a_pause_of_the_gap_itself_does_not_end_a_burst() -> None:
    """One ends where no call begins for more than that."""
    made = recording(spans=[call(0, 1.0), call(1, 1.5), call(2, 2.125)])
    assert calls_per_burst("db", 0, 10, gap_s=0.5).of(made) == 1.5
    assert calls_per_burst("db", 0, 10, gap_s=0.625).of(made) == 3


def test_a_good_call_at_the_very_moment_is_the_first() -> None:
    """It takes no time to find the callee well."""
    made = recording(spans=[call(0, 5.0)])
    assert first_good_call_s("db", 5).of(made) == 0


def test_calls_to_others_and_the_work_on_a_call_are_no_calls_of_it() -> None:
    """Neither is its first good call, nor its caller one that never succeeds."""
    others = [call(0, 5.0, callee="cache"), work(1, 5.5, callee="db"), call(1, 5.25)]
    made = recording(spans=others)
    assert first_good_call_s("db", 5).of(made) == 0.25
    assert first_good_call_s("db", 5, worst=True).of(made) == 0.25


def test_work_that_ends_as_its_caller_gives_up_is_not_wasted() -> None:
    """Nothing was done afterwards."""
    spans = [call(0, 0, 1.5, status="abandoned"), work(0, 1.5)]
    made = recording([request(0, 0.5)], spans=spans)
    assert wasted_ratio("db", 0, 1).of(made) == 0
    late = recording([request(0, 0.5)], spans=[spans[0], work(0, 1.5625)])
    assert wasted_ratio("db", 0, 1).of(late) == 1


def test_a_window_holds_its_start_and_not_its_end() -> None:
    """Of requests and of calls alike; two windows that follow each other count all once."""
    spans = [call(0, 1.0), call(1, 2.0)]
    made = recording([request(0, 1.0), request(1, 2.0, status="500")], spans=spans)
    for first, second in ((1, 0), (2, 1)):
        window = (first, first + 1)
        assert success_ratio(*window).of(made) == 1 - second
        assert failures(*window).of(made) == second
        assert attempts_rps("db", *window).of(made) == 1
        assert attempts_per_request("db", *window).of(made) == 1
        assert largest_share("db", start_s=first, end_s=first + 1, slice_s=1).of(made) == 1
    assert attempts_rps("db", 0, 1).of(made) == 0


def test_the_run_s_own_end_is_within_the_run() -> None:
    """A window may end there, and an infinite one ends there; one beyond it measures nothing."""
    made = recording([request(0, 9.5)], spans=[call(0, 9.5)], duration_s=10)
    assert success_ratio(9, 10).of(made) == 1
    assert success_ratio(9, math.inf).of(made) == 1
    assert math.isnan(success_ratio(9, 10.5).of(made))
    assert math.isnan(success_ratio(9.5, 9.5).of(made))


def test_slices_follow_each_other_from_the_start() -> None:
    """The share is the largest of any slice; what is left at the end is none."""
    spans = [
        call(n, at_s, callee=callee)
        for n, (at_s, callee) in enumerate(
            [(0.5, "b"), (1.0, "a"), (1.25, "b"), (1.75, "b"), (2.0, "a"), (2.5, "b"), (3.0, "a")]
        )
    ]
    made = recording(spans=spans)
    assert largest_share("a", "b", start_s=1, end_s=3.5, slice_s=1).of(made) == 2 / 3
    assert largest_share("a", "b", start_s=1, end_s=4, slice_s=1).of(made) == 1
    assert largest_share("a", "b", start_s=2, end_s=3, slice_s=1).of(made) == 0.5
    assert largest_share("a", start_s=1, end_s=3, slice_s=1).of(made) == 1


def test_tenths_of_a_second_are_whole_slices() -> None:
    """Though ten of them are not one second in binary."""
    spans = [call(n, n / 10 + 0.05, callee="ab"[n == 2]) for n in range(3)]
    spans += [call(3, 0.26, callee="a")]
    made = recording(spans=spans)
    assert largest_share("a", "b", start_s=0.2, end_s=0.3, slice_s=0.1).of(made) == 0.5


def test_silence_may_lie_at_either_end() -> None:
    """Before the first call, between two, or after the last."""
    made = recording(spans=[call(0, 3.0), call(1, 4.0), call(2, 8.0)])
    assert longest_silence_s("db", 0, 10).of(made) == 4
    assert longest_silence_s("db", 0, 5).of(made) == 3
    assert longest_silence_s("db", 3.5, 7).of(made) == 3


def test_a_quantile_is_a_value_that_is_there() -> None:
    """By the nearest rank: the least at 0, the most at 1, no rounding up by binary dust."""
    hundred = list(range(1, 101))
    for quantile, expected in ((0, 1), (0.01, 1), (0.07, 7), (0.5, 50), (0.501, 51), (1, 100)):
        assert quantile_of(hundred, quantile) == expected
    assert math.isnan(quantile_of([], 0.5))


def test_a_second_is_healthy_from_the_limit_on() -> None:
    """19 of 20 are enough, 18 are not; recovery counts from the last fault's end."""

    def twenty(second: int, bad: int) -> list[str]:
        del second
        return ["500"] * bad + ["200"] * (20 - bad)

    def made(*bad: int) -> list[tuple[float, str]]:
        return [
            (second + n / 32, status)
            for second, count in enumerate(bad)
            for n, status in enumerate(twenty(second, count))
        ]

    def recovered(*bad: int) -> float:
        requests = [request(n, at_s, status=s) for n, (at_s, s) in enumerate(made(*bad))]
        faults = [fault(0, 1), fault(0, 2)]
        return recovery_s().of(recording(requests, faults=faults, duration_s=len(bad)))

    assert recovered(0, 20, 1, 1, 1) == 0
    assert recovered(0, 20, 2, 2, 1) == 2
    assert recovered(0, 0, 0, 0, 2) == math.inf
    assert recovered(0, 0, 0, 0, 0) == 0


def test_recovery_needs_requests_after_the_last_fault() -> None:
    """One that is due as it ends is enough."""
    one = recording([request(0, 2.0)], faults=[fault(1, 2)])
    assert recovery_s().of(one) == 0
    none = recording([request(0, 1.875)], faults=[fault(1, 2)])
    assert math.isnan(recovery_s().of(none))


def test_the_last_second_may_be_a_part_of_one() -> None:
    """A run of 2.5 s has three."""
    made = recording([request(0, 0.5), request(1, 2.25, status="500")], duration_s=2.5)
    assert str(by_second(made)) == "[1.0, nan, 0.0]"


def test_a_counter_s_window_has_both_its_ends() -> None:
    """Two samples are enough, one is not; a counter that has begun again loses nothing."""
    key = SeriesKey("a", "hits", "")
    made = recording(duration_s=4)
    made.series[key] = [1, 3, 6, 2, 2]
    assert increase("hits", 0, 1).of(made) == 2
    assert increase("hits", 1, 2).of(made) == 3
    assert increase("hits", 0, 4).of(made) == 7
    made.series[key] = [1, math.nan, math.nan, 4, 4]
    assert math.isnan(increase("hits", 0, 1).of(made))
    assert increase("hits", 0, 3).of(made) == 3
    assert gain([2, 2]) == 0
    assert gain([5]) == 0
    assert gain([2, 5], [math.nan, 7]) == gain([2, 5], [7, math.nan]) == 3


def test_the_first_of_the_calls_above_decides() -> None:
    """Of those that had no answer, wherever they are above; a call is not above itself."""

    def span(name: str, parent: str, kind: str, end_s: float, status: str) -> Span:
        return Span("t", name, parent, kind, "x", "y", 1, 0, end_s, status)

    line = [
        span("c1", "", "client", 2, "abandoned"),
        span("s1", "c1", "server", 5, "timeout"),
        span("c2", "s1", "client", 3, "timeout"),
        span("s2", "c2", "server", 6, "200"),
        span("c3", "s2", "client", 1, "ok"),
        span("s3", "c3", "server", 7, "200"),
    ]
    expected = {"c1": math.inf, "s1": 2, "c2": 2, "s2": 2, "c3": 2, "s3": 2}
    assert given_up_s(line) == expected
    loop = [
        span("a", "b", "client", 2, "timeout"),
        span("b", "a", "client", 3, "timeout"),
        span("c", "a", "server", 9, "200"),
        span("d", "d", "client", 4, "timeout"),
    ]
    assert given_up_s(loop) == {"a": 3, "b": 2, "c": 2, "d": math.inf}


def test_a_measure_without_an_end_reads_to_the_run_s() -> None:
    """The first good call may come at any time; recovery has no window of its own."""
    assert first_good_call_s("db", 3).reads == Reads(window=(3, math.inf), callees=("db",))
    assert first_good_call_s("db", 3).unit == recovery_s().unit == "s"
    assert recovery_s().reads == Reads()


def test_a_callee_that_nobody_calls_is_told_apart_from_a_quiet_window() -> None:
    """The one is a misspelt name, the other may be the finding."""
    made = recording([request(0, 0.5)], spans=[call(0, 5.0)])
    share = largest_share("db", "dp", start_s=0, end_s=1, slice_s=1)
    assert share.read(made).missing == "no call to db, dp began in 0-1 s"
    share = largest_share("dc", "dp", start_s=0, end_s=1, slice_s=1)
    assert share.read(made).missing == "no call to dc, dp in the whole run"
    for measure in (
        attempts_per_request("dp", 0, 1),
        attempts_rps("dp", 0, 1),
        calls_per_burst("dp", 0, 1),
        longest_silence_s("dp", 0, 1),
        first_good_call_s("dp", 0),
    ):
        assert measure.read(made).missing == "no call to dp in the whole run"
    assert attempts_rps("db", 0, 1).of(made) == 0
    assert attempts_per_request("db", 0, 1).of(made) == 1


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        (success_ratio(1, 2.5), "good answers, 1-2.5 s"),
        (success_ratio(1, 2, path="/a"), "good answers of /a, 1-2 s"),
        (failures(1, 2), "requests failed, 1-2 s"),
        (answer_ratio("x", 1, 2), "answers 'x', 1-2 s"),
        (answer_ratio("x", 1, 2, path="/a"), "answers 'x' from /a, 1-2 s"),
        (goodput_rps(1, 2), "goodput, 1-2 s"),
        (latency_ms(0.99, 1, 2), "p99 latency, 1-2 s"),
        (first_good_call_s("db", 3), "until a caller finds db well, from 3 s"),
        (first_good_call_s("db", 3, worst=True), "until the last caller finds db well, from 3 s"),
        (increase("hits", 1, 2), "hits, 1-2 s"),
        (increase("hits", 1, 2, labels="a"), "hits{a}, 1-2 s"),
    ],
)
def test_a_name_tells_two_measures_apart(measure: Measure, name: str) -> None:
    """A control is known by it: two that measure something else must not share one."""
    assert measure.name == name


def test_what_is_missing_names_what_was_looked_for() -> None:
    """The metric with its labels, the path, the callee, the window; and the nearest name."""
    made = recording([request(0, 0.5, status="500")], spans=[call(0, 0.5)])
    made.series[SeriesKey("a", "hits", 'result="hit"')] = [1.0] + [math.nan] * 10
    missing = {
        increase("hits", 0, 5): "fewer than two samples of hits in 0-5 s",
        increase("hits", 0, 5, labels="hit"): "fewer than two samples of hits{hit} in 0-5 s",
        increase("hits", 0, 5, labels="miss"): "no series of hits has labels with miss",
        latency_ms(0.5, 0, 1): "no request due in 0-1 s got a good answer",
        success_ratio(0, 1, path="/a"): "no request for /a was due in 0-1 s",
        success_ratio(1, 2): "no request was due in 1-2 s",
        success_ratio(2, 2): "2-2 s is an empty window",
        success_ratio(5, 11): "5-11 s reaches beyond the run, which ends at 10 s",
        calls_per_burst("db", 2, 3): "no call to db began in 2-3 s",
        wasted_ratio("db", 0, 1): "db did no work on the requests due in 0-1 s",
        recovery_s(): "there was no fault or surge to recover from",
    }
    for measure, said in missing.items():
        assert measure.read(made).missing == said
    unknown = increase("hitz", 0, 5).read(made).missing
    assert unknown.startswith("no host has a metric 'hitz'")
    assert "hits" in unknown


def test_only_calls_show_that_a_callee_is_called() -> None:
    """Its own work alone does not: the load has asked it, and nobody calls it by that name."""
    made = recording([request(0, 0.5)], spans=[work(0, 1, callee="front")])
    assert attempts_rps("front", 0, 1).read(made).missing == "no call to front in the whole run"
    assert attempts_per_request("front", 0, 1).read(made).missing


def test_one_host_s_samples_are_enough() -> None:
    """A host that was not there in the window has gained nothing that is known."""
    made = recording(duration_s=4)
    made.series[SeriesKey("a", "hits", "")] = [1.0, 3, 6, 6, 6]
    made.series[SeriesKey("b", "hits", "")] = [math.nan] * 5
    made.series[SeriesKey("a", "sets", "")] = [0.0, 50, 100, 150, 200]
    assert increase("hits", 0, 2).of(made) == 5
    missing = increase("hist", 0, 2, labels="").read(made).missing
    assert missing.startswith("no host has a metric 'hist'")
