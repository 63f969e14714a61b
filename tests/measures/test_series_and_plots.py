"""Measures over metrics, and the curves of plots, on recordings made by hand."""

import math
from dataclasses import replace

import pytest

from harness.measures import plots
from harness.measures.series import increase
from harness.model import Plot
from harness.model.expect import Measure
from harness.recording import Recording, Request, SeriesKey, root_context
from services.tracing import Span
from tests.support import recording, request


def counted(**series: list[float]) -> Recording:
    """Give a recording with counters by host; the label says which half of the alphabet."""
    keys = {name: 'half="first"' if name < "n" else 'half="second"' for name in series}
    made = {SeriesKey(name, "trips_total", keys[name]): values for name, values in series.items()}
    return replace(recording(duration_s=4), series=made)


def test_an_increase_is_summed_over_hosts() -> None:
    """From one second's sample to another's."""
    made = counted(a=[0, 1, 1, 4, 4], z=[10, 10, 12, 12, 13])
    assert increase("trips_total", 0, 4).of(made) == 7
    assert increase("trips_total", 1, 3).of(made) == 5
    assert increase("trips_total", 0, 4, labels='half="second"').of(made) == 3
    assert increase("trips_total", 0, 4, labels='half="third"').of(made) != 0


def test_an_increase_survives_a_restart() -> None:
    """A counter that falls has begun again; where the host was down there is no sample."""
    assert increase("trips_total", 0, 4).of(counted(a=[5, 7, math.nan, 1, 2])) == 4


def test_a_metric_that_nobody_has_is_unknown() -> None:
    """And not 0, which a bound might accept."""
    assert math.isnan(increase("trips_total", 0, 4).of(recording()))


def test_an_increase_can_be_taken_over_another_window() -> None:
    """As the negative control does with baselines."""
    measure = increase("trips_total", 0, 1).over
    assert measure
    assert measure(0, 4.0).of(counted(a=[0, 1, 1, 4, 4])) == 4


def test_goodput_is_drawn_for_each_path() -> None:
    """By the second of the answer; bad answers are in no curve."""
    good = [request(n, 0.5, latency_s=1.0) for n in range(3)]
    other = Request(3, "/other", 2.0, 2.0, 2.5, "200")
    bad = request(4, 0.5, status="503")
    curves = plots.goodput_by_path().of(recording([*good, other, bad], duration_s=4))
    assert curves == {"/": [0, 3, 0, 0], "/other": [0, 0, 1, 0]}


def test_failures_are_drawn_for_each_host_that_was_asked() -> None:
    """By the second in which they were due, in the order asked for, also where there is none."""
    whom = ("b", 0.5, "500"), ("b", 0.9, "timeout"), ("b", 3.1, "404"), ("a", 1.5, "200")
    asked = [
        Request(number, "/", at_s, at_s, at_s + 2, status, to=host)
        for number, (host, at_s, status) in enumerate((*whom, ("unnamed", 1.5, "500")))
    ]
    curves = plots.failures_by_host("b", "a").of(recording(asked, duration_s=4))
    assert curves == {"b": [2, 0, 0, 1], "a": [0, 0, 0, 0]}
    assert list(curves) == ["b", "a"]


def test_calls_are_drawn_for_each_callee() -> None:
    """By their start, in the order asked for, also where there is none."""
    spans = [
        Span(root_context(0, 1).trace, "s", "", "client", "a", "b", 1, at_s, at_s + 1, "200")
        for at_s in (0.1, 0.9, 3.5)
    ]
    plot = plots.calls_to("c", "b", title="Calls")
    assert plot.of(recording(spans=spans, duration_s=4)) == {"c": [0] * 4, "b": [2, 0, 0, 1]}


def test_a_rate_is_what_a_counter_gains_each_second() -> None:
    """Over all hosts; a second without two samples adds nothing."""
    made = counted(a=[0, 1, 1, 4, 4], z=[0, 0, math.nan, 1, 3])
    assert plots.rate("trips_total", title="Trips").of(made) == {"Trips": [1, 0, 3, 2]}


@pytest.mark.parametrize("plot", [plots.goodput_by_path(), plots.rate("none", title="None")])
def test_nothing_to_draw_is_no_error(plot: Plot) -> None:
    """A run of which nothing is known has empty curves."""
    assert all(not any(values) for values in plot.of(recording(duration_s=4)).values())


@pytest.mark.parametrize(
    ("counter", "started", "expected"),
    [
        ([2, 3, 9, 9], [1, 1, 5, 5], 1 + 9),
        ([2, 3, 9, 9], [1, 1, 1, 1], 7),
        ([2, 3, 1, 4], [1, 1, 5, 5], 1 + 1 + 3),
        ([2, math.nan, 9, 9], [1, math.nan, 5, 5], 9),
        ([2, 3, 9, 9], [], 7),
        ([2, 3, 9, 20], [1, 1, 5, 6], 1 + 9 + 20),
    ],
    ids=["a start unseen", "no start", "a fall and a start", "down", "untold", "two starts"],
)
def test_a_counter_that_began_again_unseen_is_counted_from_nothing(
    counter: list[float], started: list[float], expected: float
) -> None:
    """Its process tells when it started; what is past the old value was counted all the same."""
    made = counted(a=counter)
    if started:
        made.series[SeriesKey("a", "process_start_time_seconds", "")] = started
    made.duration_s = 3
    assert increase("trips_total", 0, 3).of(made) == expected
    assert sum(plots.rate("trips_total", title="Trips").of(made)["Trips"]) == (
        expected if not any(map(math.isnan, counter)) else 0
    )


@pytest.mark.parametrize(
    ("measure", "missing"),
    [
        (
            increase("trip_total", 0, 3),
            "no host has a metric 'trip_total' (did you mean trips_total?)",
        ),
        (
            increase("trips_total", 0, 3, labels="x"),
            "no series of trips_total has labels with x",
        ),
        (increase("trips_total", 0, 30), "0-30 s reaches beyond the run"),
        (increase("trips_total", 2, 3), "fewer than two samples of trips_total in 2-3 s"),
    ],
    ids=lambda value: value.name if not isinstance(value, str) else "",
)
def test_a_counter_of_which_nothing_is_known_has_gained_nothing_known(
    measure: Measure, missing: str
) -> None:
    """A name that nobody has, labels, a window beyond the run, samples that are all missing."""
    made = counted(a=[0, 1, math.nan, math.nan])
    made.duration_s = 3
    value, said = measure.read(made)
    assert math.isnan(value)
    assert said.startswith(missing)
