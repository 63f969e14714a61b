"""Measures on recordings made by hand."""

import math

import pytest

from harness.measures import (
    answer_ratio,
    attempts_per_request,
    attempts_rps,
    by_second,
    calls_per_burst,
    failed_ratio,
    failures,
    first_good_call_s,
    goodput_rps,
    largest_share,
    latency_ms,
    longest_silence_s,
    mean_latency_ms,
    percentile_ms,
    recovery_s,
    success_ratio,
    told_after_s,
    wasted_ratio,
)
from harness.model.expect import Measure
from harness.recording import FaultRecord, Recording, Request, root_context
from services.tracing import Span
from tests.support import fault, recording, request


def seconds(pattern: str) -> list[Request]:
    """Ten requests in each second: `+` all good, `-` all failed, `~` half, `.` none at all."""
    requests: list[Request] = []
    for second, kind in enumerate(pattern):
        for tenth in range(10):
            if kind != ".":
                good = kind == "+" or (kind == "~" and tenth % 2 == 0)
                at_s = second + tenth / 10
                requests.append(request(len(requests), at_s, status="200" if good else "timeout"))
    return requests


def call(  # noqa: PLR0913 - what makes a span
    number: int,
    attempt: int = 1,
    *,
    kind: str = "client",
    start_s: float = 0,
    end_s: float = 1,
    status: str = "200",
    callee: str = "db",
) -> Span:
    """Make a span of a request; client and server span of one attempt belong together."""
    name = f"{number:08x}{attempt:08x}"
    ids = (name, "") if kind == "client" else (f"s{name[1:]}", name)
    caller = "front" if kind == "client" else ""
    trace = root_context(0, number).trace
    return Span(trace, *ids, kind, caller, callee, attempt, start_s, end_s, status)


def test_success_is_good_answers_over_requests_due() -> None:
    """In a half-open window, by the time at which a request was due."""
    made = recording(seconds("+-~"))
    assert success_ratio(0, 1).of(made) == 1
    assert success_ratio(1, 2).of(made) == 0
    assert success_ratio(2, 3).of(made) == 0.5
    assert success_ratio(0, 3).of(made) == 0.5
    assert success_ratio(0.5, 1.5).of(made) == 0.5


@pytest.mark.parametrize(
    ("status", "good"),
    [("200", 1), ("204", 1), ("302", 0), ("404", 0), ("500", 0), ("timeout", 0), ("closed", 0)],
)
def test_good_is_a_success_and_nothing_else(status: str, good: int) -> None:
    """Any 2xx."""
    assert success_ratio(0, 1).of(recording([request(0, 0.5, status=status)])) == good


def test_a_late_answer_counts_for_the_second_in_which_it_was_due() -> None:
    """However late it came."""
    made = recording([request(0, 0.9, latency_s=5)])
    assert success_ratio(0, 1).of(made) == 1
    assert goodput_rps(0, 1).of(made) == 1
    assert math.isnan(goodput_rps(5, 6).of(made))


def test_failures_are_a_count() -> None:
    """Of requests due in a window, whatever became of them but a good answer."""
    made = recording([*seconds("+-~"), request(99, 2.95, status="404")])
    assert failures(0, 1).of(made) == 0
    assert failures(1, 2).of(made) == 10
    assert failures(2, 3).of(made) == 6
    assert failures(0.5, 1.5).of(made) == 5
    assert math.isnan(failures(7, 9).of(made))
    assert [failed_ratio(start, start + 1).of(made) for start in range(3)] == [0, 1, 1 - 5 / 11]
    assert math.isnan(failed_ratio(7, 9).of(made))
    share = failed_ratio(0, 1)
    assert share.is_share
    assert share.over
    assert share.over(1, 2).of(made) == 1
    assert share.name != failures(0, 1).name
    over = failures(0, 1).over
    assert over
    assert over(0, 3).of(made) == 16
    median_over = latency_ms(0.5, 0, 1, path="/a").over
    assert median_over
    assert median_over(0, 3).name == latency_ms(0.5, 0, 3, path="/a").name


def test_goodput_is_a_rate() -> None:
    """Good answers over the window's length; a window without requests has no rate."""
    made = recording(seconds("+-~"))
    assert goodput_rps(0, 3).of(made) == 5
    assert goodput_rps(0, 0.5).of(made) == 10
    assert math.isnan(goodput_rps(7, 9).of(made))


@pytest.mark.parametrize(
    "measure",
    [
        success_ratio(7, 9),
        failures(7, 9),
        goodput_rps(7, 9),
        answer_ratio("", 7, 9),
        latency_ms(0.5, 7, 9),
        attempts_per_request("db", 7, 9),
        attempts_rps("db", 7, 9),
        calls_per_burst("db", 7, 9),
        longest_silence_s("db", 7, 9),
        largest_share("db", start_s=7, end_s=9, slice_s=1),
        first_good_call_s("db", 7),
        wasted_ratio("db", 7, 9),
        recovery_s(),
    ],
    ids=lambda measure: measure.name,
)
def test_what_a_recording_does_not_hold_is_not_a_number(measure: Measure) -> None:
    """No requests in the window, no call, or no fault at all: no bound accepts it, and it says."""
    for made in (recording(seconds("+++")), recording()):
        value, missing = measure.read(made)
        assert math.isnan(value)
        assert missing not in {"", "nothing to measure"}


@pytest.mark.parametrize(
    "measure",
    [
        success_ratio(0, 11),
        failures(2, 11),
        goodput_rps(9, 12),
        attempts_rps("db", 0, 11),
        attempts_per_request("db", 0, 11),
        longest_silence_s("db", 3, 3),
        success_ratio(-1, 2),
        first_good_call_s("db", -1),
    ],
    ids=lambda measure: measure.name,
)
def test_a_window_lies_within_the_run(measure: Measure) -> None:
    """One that is empty, or reaches beyond it, measures nothing, though there are requests."""
    made = recording(seconds("++++++++++"), spans=[call(0)], duration_s=10)
    value, missing = measure.read(made)
    assert math.isnan(value)
    assert "window" in missing or "beyond the run" in missing


def test_what_is_missing_is_said() -> None:
    """With the window, and with what was looked for."""
    made = recording(seconds("+++"))
    assert success_ratio(7, 9, path="/a").read(made).missing == (
        "no request for /a was due in 7-9 s"
    )
    assert attempts_rps("db", 0, 3).read(made).missing == "no call to db in the whole run"
    assert recovery_s().read(made).missing == "there was no fault or surge to recover from"
    assert recovery_s().read(recording(seconds("++"), faults=[fault(2, 5)])).missing == (
        "no request was due after the last trigger, which ended at 5 s"
    )


def test_silence_of_a_callee_that_is_called_elsewhere_is_a_value() -> None:
    """A breaker that lets nothing through has 0 calls a second, and that is no missing data."""
    made = recording(seconds("+++"), spans=[call(0, start_s=0.5)])
    assert attempts_rps("db", 1, 3).of(made) == 0
    assert attempts_per_request("db", 1, 3).of(made) == 0
    assert longest_silence_s("db", 1, 3).of(made) == 2


@pytest.mark.parametrize(
    ("pattern", "faults", "expected"),
    [
        ("++++++++++", [fault(2, 5)], 0),
        ("++---+++++", [fault(2, 5)], 0),
        ("++-----+++", [fault(2, 5)], 2),
        ("++---++-++", [fault(2, 5)], 3),
        ("++---+~+++", [fault(2, 5)], 2),
        ("++--------", [fault(2, 5)], math.inf),
        ("++---++++-", [fault(2, 5)], math.inf),
        ("-+++++++++", [fault(2, 5)], 0),
        ("++------++", [fault(2, 3), fault(4, 6.5)], 1.5),
        ("++-----...", [fault(2, 5)], math.inf),
        ("++-----..+", [fault(2, 5)], 4),
        ("++---.++++", [fault(2, 5)], 1),
        ("++---.....", [fault(2, 5)], math.nan),
        ("++++++....", [fault(2, 5)], 0),
        ("++++++++++", [], math.nan),
        ("----------", [], math.nan),
    ],
    ids=[
        "never sick",
        "sick only during the fault",
        "recovers",
        "relapses",
        "half of the answers are not healthy",
        "never recovers",
        "sick in the last second",
        "sick only before the fault",
        "two faults, from the end of the later one",
        "never seen well again",
        "well when it is next seen",
        "seconds without requests are not yet well",
        "no request after the fault",
        "never sick, and the load stops",
        "no fault",
        "no fault and sick",
    ],
)
def test_recovery_is_from_the_faults_end_to_the_first_of_healthy_seconds_only(
    pattern: str, faults: list[FaultRecord], expected: float
) -> None:
    """A relapse starts the clock's end anew; a run that ends sick never recovered."""
    made = recording(seconds(pattern), faults=faults, duration_s=len(pattern))
    assert recovery_s().of(made) == pytest.approx(expected, nan_ok=True)


def test_a_second_is_healthy_from_95_in_a_hundred() -> None:
    """19 of 20 are enough, 18 are not."""
    for failed, expected in ((1, 1), (2, 2)):
        requests = [
            request(number, 5 + number / 20, status="200" if number >= failed else "500")
            for number in range(20)
        ]
        made = recording([*requests, request(20, 6.5)], faults=[fault(2, 5)])
        assert recovery_s().of(made) == expected - 1


def test_seconds_without_requests_are_neither_well_nor_sick() -> None:
    """By second, over the whole run, also when it does not last whole seconds."""
    shares = by_second(recording(seconds("+-.~"), duration_s=4))
    assert shares == pytest.approx([1, 0, math.nan, 0.5], nan_ok=True)
    longer = by_second(recording(seconds("+-"), duration_s=2.5))
    assert longer == pytest.approx([1, 0, math.nan], nan_ok=True)


def test_attempts_are_client_spans_of_requests_due() -> None:
    """Whenever the attempts themselves were made, and of that callee only."""
    spans = [
        *(call(0, attempt) for attempt in (1, 2, 3)),
        call(1, start_s=9),
        call(1, callee="cache"),
        call(0, kind="server"),
        call(2),
    ]
    made = recording([request(0, 0.5), request(1, 0.6), request(2, 1.5)], spans=spans)
    assert attempts_per_request("db", 0, 1).of(made) == 2
    assert attempts_per_request("db", 1, 2).of(made) == 1
    assert attempts_per_request("cache", 0, 1).of(made) == 0.5
    assert math.isnan(attempts_per_request("nobody", 0, 1).of(made))


def test_attempts_a_second_are_counted_when_they_begin() -> None:
    """Whatever request they are for."""
    spans = [call(0, start_s=1), call(1, start_s=2.9), call(2, start_s=3), call(3, kind="server")]
    made = recording([request(0, 0.5)], spans=spans)
    assert attempts_rps("db", 1, 3).of(made) == 1
    assert attempts_rps("db", 3, 7).of(made) == 0.25
    assert math.isnan(attempts_rps("nobody", 0, 1).of(made))


def test_work_is_wasted_when_its_caller_gave_up_before_it_was_done() -> None:
    """Half of it here: one in time, one late; answered errors and closed calls are not waste."""
    spans = [
        call(0, status="200", end_s=1),
        call(0, kind="server", end_s=0.9),
        call(1, status="abandoned", end_s=1),
        call(1, kind="server", end_s=3),
        call(2, status="abandoned", end_s=1),
        call(2, kind="server", end_s=0.5),
        call(3, status="503", end_s=1),
        call(3, kind="server", end_s=0.9),
        call(4, status="abandoned", end_s=1),
        call(4, kind="server", end_s=9),
    ]
    requests = [request(number, 0.1 * number) for number in range(4)] + [request(4, 5)]
    made = recording(requests, spans=spans)
    assert wasted_ratio("db", 0, 1).of(made) == 0.25
    assert wasted_ratio("db", 5, 6).of(made) == 1
    assert wasted_ratio("db", 0, 10).of(made) == 0.4
    assert math.isnan(wasted_ratio("nobody", 0, 10).of(made))


@pytest.mark.parametrize("status", ["abandoned", "timeout", "reset", "refused", "closed"])
def test_any_call_without_an_answer_is_given_up(status: str) -> None:
    """Also where a service has its own time limits; the waterfall draws the same waste."""
    spans = [call(0, status=status, end_s=1), call(0, kind="server", end_s=3)]
    assert wasted_ratio("db", 0, 1).of(recording([request(0, 0.1)], spans=spans)) == 1


def test_work_is_wasted_when_a_caller_further_up_gave_up() -> None:
    """The one in between still waits for it, in vain."""
    trace = root_context(0, 0).trace
    spans = [
        Span(trace, "a", "", "client", "client", "front", 0, 0, 1, "timeout"),
        Span(trace, "b", "a", "server", "", "front", 0, 0, 3, "200"),
        Span(trace, "c", "b", "client", "front", "db", 1, 0, 3, "200"),
        Span(trace, "d", "c", "server", "", "db", 0, 0, 2.9, "200"),
    ]
    assert wasted_ratio("db", 0, 1).of(recording([request(0, 0.1)], spans=spans)) == 1


def test_the_work_for_a_service_is_that_of_all_its_replicas() -> None:
    """A server span belongs to the name that its caller asked for, or to the host by its own."""
    spans = [
        call(0, status="abandoned"),
        call(0, kind="server", callee="db-1", end_s=3),
        call(1),
        call(1, kind="server", callee="db-2", end_s=0.9),
        call(2, callee="db-2", status="abandoned"),
        call(2, kind="server", callee="db-2", end_s=3),
    ]
    made = recording([request(number, 0.1 * number) for number in range(3)], spans=spans)
    assert wasted_ratio("db", 0, 1).of(made) == 0.5
    assert wasted_ratio("db-1", 0, 1).of(made) == 1
    assert wasted_ratio("db-2", 0, 1).of(made) == 0.5


@pytest.mark.parametrize(
    ("quantile", "expected_ms"),
    [(0, 1), (0.01, 1), (0.5, 50), (0.9, 90), (0.95, 95), (0.99, 99), (0.999, 100), (1, 100)],
)
def test_a_percentile_is_a_latency_that_was_measured(quantile: float, expected_ms: float) -> None:
    """Nearest rank: of 1 to 100 ms, p95 is 95 ms."""
    requests = [request(number, 0, latency_s=(100 - number) / 1000) for number in range(100)]
    assert percentile_ms(requests, quantile) == pytest.approx(expected_ms)


@pytest.mark.parametrize("percent", range(1, 100))
def test_a_percentile_of_a_hundred_is_its_own_number(percent: int) -> None:
    """Also where a quantile times a hundred is a little more than whole in binary."""
    requests = [request(number, 0, latency_s=(number + 1) / 1000) for number in range(100)]
    assert percentile_ms(requests, percent / 100) == pytest.approx(percent)


def test_a_percentile_is_of_good_answers_only() -> None:
    """A fast error is no fast answer."""
    requests = [request(0, 0, latency_s=0.5), request(1, 0, status="500", latency_s=0.001)]
    assert percentile_ms(requests, 0.5) == 500
    assert math.isnan(percentile_ms(requests[1:], 0.5))
    assert latency_ms(0.5, 0, 1).of(recording(requests)) == 500


def test_a_mean_is_of_good_answers_to_what_is_due_in_the_window() -> None:
    """From the intended time on; errors do not count, however long they take."""
    made = recording(
        [
            request(1, 1, latency_s=0.1),
            request(2, 2, latency_s=0.3),
            request(3, 3, status="502", latency_s=5),
            request(4, 4, latency_s=0.8),
        ]
    )
    assert mean_latency_ms(0, 4).of(made) == pytest.approx(200)
    assert mean_latency_ms(2, 5).of(made) == pytest.approx(550)
    assert mean_latency_ms(3, 4).read(made).missing == "no request due in 3-4 s got a good answer"


def test_latency_counts_from_the_intended_time() -> None:
    """A client that is late does not hide what its users saw."""
    late = Request(0, "/", 1.0, 3.0, 3.5, "200")
    assert percentile_ms([late], 0.5) == 2500


def test_measures_are_named_for_people() -> None:
    """With their window and their unit."""
    assert (success_ratio(0, 5).name, success_ratio(0, 5).unit) == ("good answers, 0-5 s", "")
    assert latency_ms(0.99, 1, 2.5).name == "p99 latency, 1-2.5 s"
    assert latency_ms(0.999, 1, 2).name == "p99.9 latency, 1-2 s"
    assert (recovery_s().unit, goodput_rps(0, 1).unit, latency_ms(1, 0, 1).unit) == (
        "s",
        "/s",
        "ms",
    )


def test_measures_do_not_change_what_they_measure() -> None:
    """Pure functions: the recording is the same afterwards, and so is the figure."""

    def made() -> Recording:
        return recording(seconds("++--++"), faults=[fault(2, 4)], spans=[call(0)], duration_s=6)

    one = made()
    for measure in (success_ratio(0, 6), recovery_s(), latency_ms(0.5, 0, 6)):
        assert measure.of(one) == measure.of(one)
    assert one.digest() == made().digest()


def test_success_can_be_that_of_one_path() -> None:
    """Others do not count."""
    requests = [
        request(number, 0.1 * number, status="200" if number % 2 else "504")._replace(
            path="/a" if number % 2 else "/b"
        )
        for number in range(10)
    ]
    made = recording(requests)
    assert success_ratio(0, 1, path="/a").of(made) == 1
    assert success_ratio(0, 1, path="/b").of(made) == 0
    assert math.isnan(success_ratio(0, 1, path="/c").of(made))
    over = success_ratio(0, 1, path="/a").over
    assert over
    assert over(0, 2).of(made) == 1


def test_answers_are_told_by_their_text() -> None:
    """The share of requests due whose answer contains it."""
    requests = [
        request(number, 0.1 * number)._replace(answer="later\n" if number < 3 else "done\n")
        for number in range(10)
    ]
    assert answer_ratio("later", 0, 1).of(recording(requests)) == 0.3
    assert answer_ratio("later", 0, 0.3).of(recording(requests)) == 1
    assert math.isnan(answer_ratio("later", 0, 1, path="/elsewhere").of(recording(requests)))


def test_the_first_good_call_is_averaged_over_callers() -> None:
    """Each caller's first that began after the moment and ended well; failures do not count."""
    spans = [
        call(0, start_s=4.9),
        call(1, start_s=5.5, status="504"),
        call(2, start_s=6.0),
        call(3, start_s=9.0),
        call(4, start_s=8.0)._replace(caller="other"),
    ]
    made = recording(spans=spans)
    assert first_good_call_s("db", 5).of(made) == 2
    assert first_good_call_s("db", 5, worst=True).of(made) == 3
    assert math.isinf(first_good_call_s("db", 8.5).of(made))
    assert math.isnan(first_good_call_s("nobody", 5).of(made))


def test_bursts_of_calls_end_where_none_begins_for_a_while() -> None:
    """Three, then one, then two calls: two a burst; outside the window none counts."""
    starts = (1.0, 1.2, 1.6, 3.0, 5.0, 5.4, 20.0)
    made = recording(spans=[call(n, start_s=at_s) for n, at_s in enumerate(starts)])
    assert calls_per_burst("db", 0, 10).of(made) == 2
    assert calls_per_burst("db", 0, 10, gap_s=0.3).of(made) == 1.2
    assert calls_per_burst("db", 0, 2).of(made) == 3
    assert math.isnan(calls_per_burst("nobody", 0, 10).of(made))


def test_a_window_of_no_length_has_no_rate() -> None:
    """Nothing over nothing is not a number, and no error either."""
    assert math.isnan(goodput_rps(2, 2).of(recording([request(0, 2)])))
    assert math.isnan(attempts_rps("b", 2, 2).of(recording([request(0, 2)])))


def herd(*callees_by_slice: str, slice_s: float = 0.5) -> Recording:
    """Record one call for each letter, in slices from second 1 on."""
    spans = [
        call(slot, start_s=1 + slot * slice_s + 0.01 * place, callee=callee)
        for slot, callees in enumerate(callees_by_slice)
        for place, callee in enumerate(callees)
    ]
    return recording([], spans=spans)


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        (("abcd", "dcba"), 0.25),
        (("abcd", "aabc"), 0.5),
        (("aaaa", "abcd"), 1),
        (("abab", "", "ab"), 0.5),
        (("abxx",), 0.5),
        (("ab", "ab", "ab", "ab", "aaaa"), 0.5),
        (("xx",), math.nan),
    ],
    ids=["even", "half", "all", "an empty slice", "others", "after the window", "none"],
)
def test_the_largest_share_is_that_of_the_worst_slice(
    slices: tuple[str, ...], expected: float
) -> None:
    """Calls to others do not count, nor what comes after the last whole slice."""
    measure = largest_share("a", "b", "c", "d", start_s=1, end_s=3.2, slice_s=0.5)
    assert measure.of(herd(*slices)) == pytest.approx(expected, nan_ok=True)


def test_the_largest_share_is_of_calls_and_not_of_work() -> None:
    """Server spans are the other end of the same calls, and what came before is another window."""
    before = call(9, start_s=0.9, callee="a")
    served = call(0, kind="server", start_s=1.1, callee="a")
    made = recording([], spans=[before, served, call(1, start_s=1.2, callee="b")])
    assert largest_share("a", "b", start_s=1, end_s=2, slice_s=1).of(made) == 1
    made.spans = [*made.spans, call(2, start_s=1.3, callee="a")]
    assert largest_share("a", "b", start_s=1, end_s=2, slice_s=1).of(made) == 0.5


TOLD = recording(
    [
        Request(0, "/", 1, 1, 1.5, "503"),
        Request(1, "/", 2, 2.1, 4, "504"),
        Request(2, "/", 3, 3, 3.1, "200"),
        Request(3, "/", 3.5, 3.5, 5.5, "timeout"),
        Request(4, "/", 4, 4, 5, "503"),
    ]
)


def test_who_is_told_an_error_counts_from_when_it_was_due() -> None:
    """Those who have an answer, or were told nothing, do not count."""
    assert told_after_s(0, 4).of(TOLD) == (0.5 + 2) / 2
    assert told_after_s(2, 4).of(TOLD) == 2


def test_where_nobody_is_told_there_is_nothing_to_measure() -> None:
    """A window of good answers and of silence is no zero."""
    found = told_after_s(3, 4).read(TOLD)
    assert math.isnan(found.value)
    assert found.missing == "no request due in 3-4 s was told an error"
