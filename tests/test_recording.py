"""Recordings: windows, digests, and a round trip through files."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording import (
    FaultRecord,
    Recording,
    Request,
    SeriesKey,
    number_of,
    root_context,
    trace_id,
)
from services.tracing import Span, parse

TEXT = st.text(max_size=8) | st.just("inf")
TIMES = st.floats(min_value=0, max_value=1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
NAMES = st.sampled_from(["sim", "checkout", "päyments", 'quo"te', "line\nbreak"])
REQUESTS = st.builds(Request, st.integers(0, 10**6), TEXT, TIMES, TIMES, TIMES, TEXT)
FAULTS = st.builds(
    FaultRecord,
    name=NAMES,
    target=NAMES,
    start_s=st.integers(0, 9) | st.floats(0, 9),
    end_s=st.floats(9, 99),
    requested_s=TIMES,
    applied_s=TIMES,
    seen_s=TIMES,
    removed_s=TIMES,
)
SPANS = st.builds(Span, TEXT, TEXT, TEXT, TEXT, NAMES, NAMES, st.integers(0, 9), TIMES, TIMES, TEXT)
KEYS = st.builds(SeriesKey, NAMES, NAMES, TEXT)
RECORDINGS = st.builds(
    Recording,
    lab=NAMES,
    variant=NAMES,
    seed=st.integers(-5, 2**64),
    engine=NAMES,
    duration_s=st.integers(1, 40) | st.floats(0.1, 40),
    requests=st.lists(REQUESTS, max_size=4),
    faults=st.lists(FAULTS, max_size=3),
    spans=st.lists(SPANS, max_size=4),
    series=st.dictionaries(KEYS, st.lists(TIMES, max_size=4), max_size=3),
    notes=st.lists(TEXT, max_size=2),
)


def small() -> Recording:
    return Recording(
        lab="retry-storm",
        variant="naive",
        seed=7,
        engine="sim",
        duration_s=3,
        requests=[
            Request(0, "/", 0.5, 0.5, 0.6, "200"),
            Request(1, "/", 1.0, 1.0, math.nan, "timeout"),
        ],
        faults=[FaultRecord(name="pause a", target="a", start_s=1, end_s=2)],
        spans=[Span("t" * 32, "s" * 16, "", "client", "a", "b", 1, 0.5, 0.6, "200")],
        series={SeriesKey("a", "up", ""): [1, math.nan, 1]},
        notes=["1.000 s a#0: 'oops'"],
    )


def words(recording: Recording) -> str:
    """Write a recording so that equal ones are equal, NaN for NaN."""
    series = dict(sorted(recording.series.items()))
    requests, spans = list(recording.requests), list(recording.spans)
    return repr(replace(recording, requests=requests, spans=spans, series=series))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recording")


@given(recording=RECORDINGS)
def test_what_is_saved_is_loaded_again(recording: Recording, folder: Path) -> None:
    """Every value and every type of it, NaN and infinities where they were."""
    recording.save(folder)
    again = Recording.load(folder)
    assert words(again) == words(recording)
    assert again.digest() == recording.digest()


def test_rows_come_back_as_what_they_were(tmp_path: Path) -> None:
    """Named tuples and records, not lists."""
    small().save(tmp_path)
    again = Recording.load(tmp_path)
    assert again.requests[0] == small().requests[0]
    assert not again.requests[1].good
    assert math.isnan(again.requests[1].latency_s)
    assert again.spans == small().spans
    assert again.faults[0].target == "a"
    assert math.isnan(again.faults[0].seen_s)
    assert again.series[SeriesKey("a", "up", "")][1:] == [pytest.approx(math.nan, nan_ok=True), 1]


def test_a_digest_does_not_depend_on_the_order_of_series() -> None:
    """A set of hosts has none."""
    one, other = small(), small()
    one.series = {SeriesKey("a", "up", ""): [1.0], SeriesKey("b", "up", ""): [0.0]}
    other.series = dict(reversed(one.series.items()))
    assert one.digest() == other.digest()


def later(request: Request) -> Request:
    return request._replace(answered_s=0.6000000000000001)


CHANGES: list[Callable[[Recording], object]] = [
    lambda it: setattr(it, "requests", it.requests[:1]),
    lambda it: setattr(it, "requests", it.requests[::-1]),
    lambda it: setattr(it, "requests", [later(it.requests[0]), it.requests[1]]),
    lambda it: setattr(it, "spans", []),
    lambda it: it.faults.clear(),
    lambda it: it.series.clear(),
    lambda it: setattr(it, "seed", 8),
    lambda it: setattr(it, "variant", "budget"),
    lambda it: setattr(it, "duration_s", 4),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_digest_tells_recordings_apart(change: Callable[[Recording], object]) -> None:
    """By any row, its order, or the last digit of a time."""
    changed = small()
    change(changed)
    assert changed.digest() != small().digest()


def test_a_digest_does_not_name_the_engine() -> None:
    """Engines are compared by what they saw."""
    assert replace(small(), engine="compose").digest() == small().digest()


def test_a_window_is_half_open_and_by_the_time_due() -> None:
    """So that windows that touch share no request."""
    recording = small()
    assert [one.number for one in recording.between(0.5, 1.0)] == [0]
    assert [one.number for one in recording.between(1.0, 2.0)] == [1]
    assert recording.between(2.0, 3.0) == []


@given(st.integers(0, 2**63), st.integers(0, 2**48))
def test_a_trace_names_its_request(seed: int, number: int) -> None:
    """Readable from the id, sound on the wire, and different for every seed and request."""
    context = root_context(seed, number)
    assert number_of(context.trace) == number
    assert parse(context.header()) == context
    assert trace_id(seed, number) != trace_id(seed, number + 1)
    assert trace_id(seed, number) != trace_id(seed + 1, number)


def test_no_seed_makes_a_trace_of_zeros() -> None:
    """W3C calls an all-zero id invalid; seed 0 and request 0 must be traced too."""
    for seed in (0, -1, 2**64 - 1):
        assert parse(root_context(seed, 0).header()) is not None
