"""Measures by subject, on recordings made by hand: effects, staleness, calls, gauges, cost."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from harness.measures import cost, failures, goodput_rps, latency_ms, success_ratio
from harness.measures.cost import Prices
from harness.measures.crowds import asked_by, seen_by
from harness.measures.crowds import requests as people
from harness.measures.effects import lost, twice, untold
from harness.measures.gauges import growth_rps, level, lowest, peak
from harness.measures.outcomes import call_latency_ms, calls, outcome_ratio
from harness.measures.plots import each_second, goodput_by_path
from harness.measures.shares import fairness, share_of
from harness.measures.staleness import stale_ratio, staleness_ms
from harness.model.expect import Measure, Reads
from harness.recording import Recording, Request, SeriesKey, root_context
from services.tracing import Span, background
from tests.support import recording


def asked(
    at_s: float, path: str, status: str = "200", *, method: str = "GET", answer: str = ""
) -> Request:
    answered_s = at_s + 0.1 if status.isdigit() else math.nan
    return Request(0, path, at_s, at_s, answered_s, status, method, "", answer)


def of(*requests: Request) -> Recording:
    numbered = [one._replace(number=number) for number, one in enumerate(requests)]
    return recording(numbered, duration_s=10)


def post(at_s: float, name: str, status: str = "200") -> Request:
    return asked(at_s, f"/orders/{name}", status, method="POST")


def put(at_s: float, value: str, status: str = "200", key: str = "k") -> Request:
    return asked(at_s, f"/keys/{key}/{value}", status, method="PUT")


def got(at_s: float, answer: str, key: str = "k") -> Request:
    return asked(at_s, f"/keys/{key}", answer=answer)


ORDERS = of(
    post(1, "a"), post(2, "b"), post(3, "c", "500"), post(4, "d", "timeout"), post(5, "e"),
    asked(2.5, "/orders", answer="a b"), asked(8, "/orders", answer="a a d e e e"),
    asked(9, "/orders", "500", answer=""),
)  # fmt: skip


def test_effects_are_told_apart_by_the_last_good_list() -> None:
    """One was told and is not there, one is there and was told otherwise, two are there twice."""
    assert lost("/orders", "/orders", 0, 6).of(ORDERS) == 1
    assert untold("/orders", "/orders", 0, 6).of(ORDERS) == 1
    assert twice("/orders", "/orders", 0, 6).of(ORDERS) == 2


def test_effects_of_a_window_are_of_what_was_asked_for_in_it() -> None:
    """The list is the last one all the same."""
    assert lost("/orders", "/orders", 0, 2).of(ORDERS) == 0
    assert twice("/orders", "/orders", 5, 6).of(ORDERS) == 1


def test_a_list_from_before_the_end_lists_nothing() -> None:
    """It cannot hold what was done after it."""
    early = of(post(1, "a"), asked(2, "/orders", answer="a"), post(3, "b"))
    assert lost("/orders", "/orders", 0, 4).read(early).missing == (
        "no good list of /orders was asked for after 3.1 s"
    )
    assert lost("/orders", "/orders", 0, 2).of(early) == 0
    failed = of(post(1, "a"), asked(2, "/orders", answer="a"), post(3, "b", "500"))
    assert untold("/orders", "/orders", 0, 4).read(failed).missing == (
        "no good list of /orders was asked for after 3.1 s"
    )
    unanswered = of(post(1, "a", "timeout"), asked(2, "/orders", answer="a"), post(3, "b"))
    assert lost("/orders", "/orders", 0, 4).read(unanswered).missing == (
        "no good list of /orders was asked for after 3.1 s"
    )
    looked = of(post(1, "a"), asked(5.5, "/orders/a"), asked(6, "/orders", answer="a"))
    assert lost("/orders", "/orders", 5, 6).read(looked).missing == (
        "nothing was asked for under /orders in 5-6 s"
    )
    silent = of(post(1, "a"), post(1.5, "b", "timeout"), asked(2, "/orders", answer="a b"))
    assert untold("/orders", "/orders", 0, 4).of(silent) == 1
    assert lost("/orders", "/orders", 0, 4).read(of(post(1, "a"))).missing == (
        "no good list of /orders was asked for after 1.1 s"
    )
    posted = of(post(1, "a"), asked(2, "/orders", answer="a"), asked(3, "/orders", method="POST"))
    assert lost("/orders", "/orders", 0, 2).of(posted) == 0
    nobody_answered = of(post(1, "a", "timeout"), asked(2, "/orders", answer="a"))
    assert untold("/orders", "/orders", 0, 4).of(nobody_answered) == 1


@pytest.mark.parametrize(
    ("reads", "missed", "age_ms"),
    [
        (got(3, "1"), 1, 900),
        (got(3, "2"), 0, 0),
        (got(3, "1 2"), 0, 0),
        (got(3, ""), 1, 1900),
        (got(2.05, "1"), 0, 0),
        (got(2.1, "1"), 1, 0),
        (got(3, "9"), 1, 1900),
    ],
    ids=["old", "new", "siblings", "nothing", "while it was written", "then", "of no write"],
)
def test_a_read_is_stale_that_misses_an_acknowledged_write(
    reads: Request, missed: int, age_ms: float
) -> None:
    """And is as old as the first one that it misses is acknowledged."""
    made = of(put(1, "1"), put(2, "2"), reads)
    assert stale_ratio("/keys", 0, 10).of(made) == missed
    assert staleness_ms("/keys", 1, 0, 10).of(made) == pytest.approx(age_ms)


def test_stale_reads_are_a_share_of_all() -> None:
    """Of four reads three are as they should be."""
    made = of(put(1, "1"), put(2, "2"), *(got(3 + n, "1" if n == 2 else "2") for n in range(4)))
    assert stale_ratio("/keys", 0, 10).of(made) == 0.25


def test_a_write_that_nobody_acknowledged_may_be_seen_or_not() -> None:
    """Neither reader is told anything wrong."""
    for answer in ("1", "2"):
        assert (
            stale_ratio("/keys", 0, 10).of(of(put(1, "1"), put(2, "2", "503"), got(3, answer))) == 0
        )


def test_concurrent_writes_may_stand_in_any_order() -> None:
    """Both were sent before either was acknowledged."""
    for answer in ("1", "2"):
        assert stale_ratio("/keys", 0, 10).of(of(put(1, "1"), put(1.05, "2"), got(3, answer))) == 0


def test_an_answer_at_the_very_moment_at_which_a_write_is_sent_comes_before_it() -> None:
    """A reader who gets the first value has missed the second one."""
    assert stale_ratio("/keys", 0, 10).of(of(put(1, "1"), put(1.1, "2"), got(3, "1"))) == 1


def test_a_write_is_no_read() -> None:
    """Nor is one of a key, whose name another key and its value are, a read of that."""
    made = of(put(1, "1", key="a/b"), put(2, "b", key="a"), put(1, "1"), got(3, "1"))
    assert stale_ratio("/keys", 0, 10).of(made) == 0


def test_a_read_during_the_first_write_of_a_key_can_miss_nothing() -> None:
    """Nor is it fresh: there was nothing yet to be seen."""
    made = of(put(1, "1"), got(1.05, "1"))
    assert stale_ratio("/keys", 0, 10).read(made).missing.startswith("no read of a key under /keys")


def test_a_key_that_was_never_written_is_no_data() -> None:
    """A reader of it can miss nothing."""
    made = of(put(1, "1", key="other"), got(3, ""))
    assert stale_ratio("/keys", 0, 10).read(made).missing == (
        "no read of a key under /keys that was written before, in 0-10 s"
    )


def span(at_s: float, status: str, *, trace: int = 1, route: str = "", **names: str) -> Span:
    context = background(f"{trace:016x}")
    who = {"caller": "app-1", "callee": "db", **names}
    return Span(
        context.trace, "s", "", "client", who["caller"], who["callee"], 1, at_s, at_s + 0.1,
        status, route,
    )  # fmt: skip


CALLS = recording(
    spans=[
        span(1, "200", route="/cart"),
        span(2, "503", route="/cart", caller="app-2"),
        span(3, "abandoned", route="/pay"),
        span(4, "200", caller="other"),
    ],
    duration_s=10,
)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (calls("db", 0, 10), 4),
        (calls("db", 0, 10, caller="app"), 3),
        (calls("db", 0, 10, caller="app-2"), 1),
        (calls("db", 0, 10, route="/cart", outcome="2"), 1),
        (calls("db", 5, 10, route="/cart"), 0),
        (outcome_ratio("db", "2", 0, 10), 0.5),
        (outcome_ratio("db", "abandoned", 0, 10, caller="app", route="/pay"), 1),
        (call_latency_ms("db", 1, 0, 10), 100),
    ],
    ids=lambda value: value.name if isinstance(value, Measure) else "",
)
def test_calls_are_counted_by_caller_route_and_outcome(measure: Measure, value: float) -> None:
    """A caller is a host, or all replicas of a service."""
    assert measure.of(CALLS) == pytest.approx(value)


@pytest.mark.parametrize(
    ("measure", "missing"),
    [
        (calls("bd", 0, 10), "no call to bd in the whole run"),
        (calls("db", 0, 10, caller="apps"), "no call of apps in the whole run"),
        (calls("db", 0, 10, caller="dp"), "no call of dp in the whole run"),
        (calls("db", 0, 10, route="/none"), "no call to db for /none in the whole run"),
        (outcome_ratio("db", "2", 5, 10), "no call to db began in 5-10 s"),
        (call_latency_ms("db", 1, 3, 4), "no call to db that began in 3-4 s was answered"),
        (calls("db", 0, 11), "0-11 s reaches beyond the run"),
    ],
    ids=lambda value: value.name if isinstance(value, Measure) else "",
)
def test_calls_of_which_nothing_is_known_are_no_number(measure: Measure, missing: str) -> None:
    """And the reading says why."""
    assert measure.read(CALLS).missing.startswith(missing)


def test_a_crowds_tries_are_one_request_with_the_last_ones_status() -> None:
    """From the first try's start; what began before the run or at its end is none of it."""
    made = recording(
        spans=[
            span(1, "abandoned", trace=7, route="/cart/{person}"),
            span(2, "200", trace=7, route="/cart/{person}"),
            span(3, "503", trace=8),
            span(-1, "200", trace=9),
            span(10, "200", trace=10),
        ],
        duration_s=10,
    )
    first, second = asked_by(made, "app")
    assert (first.path, first.status, first.intended_s) == ("/cart/{person}", "200", 1)
    assert first.latency_s == pytest.approx(1.1)
    assert first.to == made.spans[0].callee
    assert second.status == "503"
    assert seen_by("app", success_ratio(0, 10)).of(made) == 0.5
    assert people("app", 0, 2).of(made) == 1
    assert people("app", 0, 3).of(made) == 1
    assert people("app", 1, 3.5).of(made) == 2


def test_a_crowd_that_has_called_nobody_has_made_no_requests_that_are_known() -> None:
    """Not even none."""
    made = recording(spans=[span(1, "200", trace=8, caller="other")], duration_s=10)
    assert "app" in people("app", 0, 10).read(made).missing


def test_the_try_that_began_last_has_a_crowds_answer() -> None:
    """Also where an earlier one ended after it, and in whichever order their spans are kept."""
    late = span(0.5, "abandoned", trace=7)._replace(end_s=3)
    for spans in permutations([late, span(1, "503", trace=7), span(2, "200", trace=7)]):
        (one,) = asked_by(recording(spans=list(spans), duration_s=10), "app")
        assert (one.intended_s, one.status) == (0.5, "200")


def test_only_a_crowds_own_calls_are_its_requests() -> None:
    """Not work, not calls for the load's requests, and not those of another service."""
    own = span(1, "200", trace=7)
    work = own._replace(span="w", kind="server", start_s=2)
    for_load = own._replace(trace=root_context(0, 3).trace, start_s=3)
    made = recording(spans=[own, work, for_load, span(4, "200", trace=8, caller="other")])
    assert [one.intended_s for one in asked_by(made, "app")] == [1]


def test_a_request_that_its_crowd_gave_up_has_no_answer() -> None:
    """Nor a time at which it came."""
    (one,) = asked_by(recording(spans=[span(1, "abandoned")]), "app")
    assert math.isnan(one.answered_s)
    assert not one.good


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        (calls("db", 1, 2), "calls to db, 1-2 s"),
        (calls("db", 1, 2, outcome="5"), "calls to db that end 5, 1-2 s"),
        (calls("db", 1, 2, caller="a", route="/r"), "calls to db for /r by a, 1-2 s"),
        (outcome_ratio("db", "2", 1, 2), "calls to db that end 2, 1-2 s"),
        (call_latency_ms("db", 0.5, 1, 2, route="/r"), "p50 of calls to db for /r, 1-2 s"),
        (level("machines", 1, 2, labels="big"), "mean machines{big}, 1-2 s"),
        (growth_rps("machines", 1, 2), "machines a second, 1-2 s"),
    ],
)
def test_a_name_says_what_was_chosen(measure: Measure, name: str) -> None:
    """And nothing where nothing was."""
    assert measure.name == name


def test_what_a_crowd_sees_is_held_against_the_lab_by_its_host() -> None:
    """Its paths are its own; answers it does not keep."""
    measure = seen_by("app", success_ratio(0, 2, path="/cart"))
    assert measure.reads == Reads(window=(0, 2), hosts=("app",))
    assert measure.over is not None
    assert measure.over(1, 3).reads.window == (1, 3)
    with pytest.raises(ValueError, match="reads answers, which a crowd does not keep"):
        seen_by("app", stale_ratio("/keys", 0, 2))


def gauged(**hosts: Sequence[float]) -> Recording:
    series = {SeriesKey(host, "machines", ""): list(values) for host, values in hosts.items()}
    return replace(recording(duration_s=4), series=series)


NAN = math.nan
MACHINES = gauged(a=[1, 1, 2, 4, NAN], b=[0, 1, NAN, 1, NAN])


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (level("machines", 0, 3), (1 + 2 + 2 + 5) / 4),
        (level("machines", 0.5, 3.5), (2 + 2 + 5) / 3),
        (peak("machines", 0, 4), 5),
        (lowest("machines", 1, 4), 2),
        (growth_rps("machines", 0, 3), (3 + 1) / 3),
        (growth_rps("machines", 1, 3), 3 / 2),
        (cost.unit_seconds("machines", 0, 3), 1.5 + 2 + 3.5),
        (cost.money(Prices(hourly={"machines": 3600}, each={"machines": 10}), 0, 1), 1.5 + 10),
    ],
    ids=lambda value: value.name if isinstance(value, Measure) else "",
)
def test_gauges_are_summed_over_hosts_second_by_second(measure: Measure, value: float) -> None:
    """A second in which nobody answered is left out of levels."""
    assert measure.of(MACHINES) == pytest.approx(value)


@pytest.mark.parametrize(
    ("measure", "missing"),
    [
        (level("machine", 0, 3), "no host has a metric 'machine' (did you mean machines?)"),
        (level("machines", 3.5, 4), "no sample of machines in 3.5-4 s"),
        (cost.unit_seconds("machines", 2, 4), "some seconds of 2-4 s have no sample of machines"),
        (cost.unit_seconds("machines", 0.5, 2), "0.5-2 s does not begin and end on whole seconds"),
        (cost.unit_seconds("machines", 0, 1.5), "0-1.5 s does not begin and end on whole seconds"),
        (
            cost.money(Prices(hourly={}, each={"machines": 1}), 0.5, 1),
            "0.5-1 s does not begin and end on whole seconds",
        ),
        (
            level("machines", 0, 3, labels="big"),
            "no series of machines has labels with big",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Measure) else "",
)
def test_a_gauge_without_samples_is_no_number(measure: Measure, missing: str) -> None:
    """An integral needs them all."""
    assert measure.read(MACHINES).missing == missing


def test_a_good_answer_costs_its_share() -> None:
    """And nothing is a price of none."""
    prices = Prices(hourly={"machines": 3600}, each={})
    paid = replace(MACHINES, requests=[asked(0.5, "/"), asked(0.6, "/", "500")])
    assert cost.money_per_good_answer(prices, 0, 1).of(paid) == pytest.approx(1.5)
    unpaid = replace(MACHINES, requests=[asked(0.5, "/", "500")])
    assert "got a good answer" in cost.money_per_good_answer(prices, 0, 1).read(unpaid).missing


TENANTS = of(
    asked(1, "/a/1"), asked(1.1, "/a/2"), asked(1.2, "/a/3"), asked(2, "/b/1"),
    asked(2.5, "/b/2", "503"),
)  # fmt: skip


def test_shares_are_of_good_answers_and_fairness_of_each_ones_own() -> None:
    """All of one's requests, and half of another's: (1 + 0.5)^2 / (2 x 1.25)."""
    assert share_of("/a", 0, 10).of(TENANTS) == 0.75
    assert fairness("/a", "/b", start_s=0, end_s=10).of(TENANTS) == pytest.approx(0.9)
    bad = of(asked(1, "/a/1", "500"), asked(1, "/b/1", "500"))
    for measure in (share_of("/a", 0, 10), fairness("/a", "/b", start_s=0, end_s=10)):
        assert measure.read(bad).missing == "no request due in 0-10 s got a good answer"
    assert (
        fairness("/a", "/c", start_s=0, end_s=10)
        .read(TENANTS)
        .missing.startswith("no request for /c")
    )


def test_measures_of_requests_can_be_of_some_paths() -> None:
    """By their beginning."""
    assert failures(0, 10, path="/b").of(TENANTS) == 1
    assert goodput_rps(0, 10, path="/a").of(TENANTS) == pytest.approx(0.3)
    assert goodput_rps(1, 2, path="/a").of(TENANTS) == 3
    assert latency_ms(0.5, 0, 10, path="/a").of(TENANTS) == pytest.approx(100)
    assert latency_ms(0.5, 2.2, 3, path="/b").read(TENANTS).missing == (
        "no request for /b due in 2.2-3 s got a good answer"
    )


def test_any_measure_is_drawn_second_by_second() -> None:
    """With a gap where it has no data, and what it reads but the window."""
    plot = each_second(
        {"a": success_ratio(0, 1, path="/a"), "b": success_ratio(0, 1)}, title="Good"
    )
    curves = plot.of(replace(TENANTS, duration_s=3))
    assert str(curves) == str({"a": [NAN, 1.0, NAN], "b": [NAN, 1.0, 0.5]})
    assert plot.reads == Reads(paths=("/a",))
    both = {"a": lost("/a", "/a", 0, 1), "b": failures(0, 1)}
    assert each_second(both, title="Lost or failed").reads.answers
    assert not each_second({"b": failures(0, 1)}, title="Failed").reads.answers
    with pytest.raises(ValueError, match="plot them one by one"):
        each_second({"a": success_ratio(0, 1), "b": latency_ms(0.5, 0, 1)}, title="Both")
    with pytest.raises(ValueError, match="cannot be taken second by second"):
        each_second({"a": Measure(name="x", compute=lambda _: 1)}, title="x")


def test_no_curve_is_drawn_for_each_key() -> None:
    """Paths that differ in a number alone are one."""
    assert list(goodput_by_path().of(TENANTS)) == ["/a/*", "/b/*"]
