"""Every measure says what it reads, and gives the same over another window as one made for it."""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

import harness.measures as subjects
from harness.measures import (
    answer_ratio,
    attempts_per_request,
    attempts_rps,
    calls_per_burst,
    executions_per_request,
    failed_ratio,
    failed_tries_ratio,
    failures,
    goodput_rps,
    largest_share,
    late_ratio,
    latency_ms,
    longest_silence_s,
    mean_latency_ms,
    success_ratio,
    told_after_s,
    wasted_ratio,
)
from harness.measures.cost import Prices, money, money_per_good_answer, unit_seconds
from harness.measures.crowds import requests, seen_by
from harness.measures.effects import lost, twice, untold
from harness.measures.gauges import growth_rps, level, lowest, peak
from harness.measures.outcomes import call_latency_ms, calls, outcome_ratio
from harness.measures.series import increase
from harness.measures.shares import fairness, share_of
from harness.measures.staleness import stale_ratio, staleness_ms
from harness.model.expect import NOTHING, Measure, Reads
from harness.recording import Recording, Request, SeriesKey, root_context
from services.tracing import Span, background

PRICES = Prices(hourly={"machines": 5}, each={"hits": 2})
WITHOUT_A_WINDOW = {"recovery_s", "first_good_call_s"}
"""They have none that could be moved, and tests of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measure over any window, what it reads beside the window, and how people read it."""

    make: Callable[[float, float], Measure]
    reads: Reads = NOTHING
    unit: str = ""
    is_share: bool = False
    moves: bool = True


X, DB = Reads(paths=("/x",)), Reads(callees=("db",))
LIST = Reads(paths=("/orders/", "/orders"), answers=True)
KEYS = Reads(paths=("/keys/",), answers=True)
MACHINES = Reads(metrics=("machines",))
BOUGHT = Reads(metrics=("machines", "hits"))
BY_A = Reads(callees=("db",), hosts=("a",))

ROWS = [
    Row(make=lambda a, b: success_ratio(a, b, path="/x"), reads=X, is_share=True),
    Row(make=success_ratio, is_share=True),
    Row(make=failed_ratio, is_share=True),
    Row(make=lambda a, b: failed_ratio(a, b, path="/x"), reads=X, is_share=True),
    Row(make=failures),
    Row(make=lambda a, b: failures(a, b, path="/x"), reads=X),
    Row(make=lambda a, b: answer_ratio("t", a, b), reads=Reads(answers=True), is_share=True),
    Row(
        make=lambda a, b: answer_ratio("t", a, b, path="/x"),
        reads=Reads(answers=True, paths=("/x",)),
        is_share=True,
    ),
    Row(make=goodput_rps, unit="/s"),
    Row(make=lambda a, b: latency_ms(0.5, a, b), unit="ms"),
    Row(make=mean_latency_ms, unit="ms"),
    Row(make=lambda a, b: late_ratio(300, a, b), is_share=True),
    Row(make=lambda a, b: executions_per_request("db", a, b), reads=Reads(hosts=("db",))),
    Row(make=told_after_s, unit="s"),
    Row(make=lambda a, b: attempts_per_request("db", a, b), reads=DB),
    Row(make=lambda a, b: attempts_rps("db", a, b), reads=DB, unit="/s", moves=False),
    Row(
        make=lambda a, b: failed_tries_ratio("a", 1, a, b),
        reads=Reads(hosts=("a",)),
        is_share=True,
    ),
    Row(
        make=lambda a, b: failed_tries_ratio("a", 1, a, b, path="/x"),
        reads=Reads(hosts=("a",), paths=("/x",)),
        is_share=True,
    ),
    Row(make=lambda a, b: calls_per_burst("db", a, b), reads=DB, moves=False),
    Row(make=lambda a, b: longest_silence_s("db", a, b), reads=DB, unit="s"),
    Row(
        make=lambda a, b: largest_share("db", "b", start_s=a, end_s=b, slice_s=1),
        reads=Reads(callees=("db", "b")),
        is_share=True,
        moves=False,
    ),
    Row(make=lambda a, b: wasted_ratio("db", a, b), reads=Reads(hosts=("db",)), is_share=True),
    Row(
        make=lambda a, b: increase("hits", int(a), int(b), labels="l"),
        reads=Reads(metrics=("hits",)),
    ),
    Row(make=lambda a, b: unit_seconds("machines", a, b, labels="l"), reads=MACHINES, unit="s"),
    Row(make=lambda a, b: money(PRICES, a, b), reads=BOUGHT),
    Row(make=lambda a, b: money_per_good_answer(PRICES, a, b), reads=BOUGHT),
    Row(make=lambda a, b: requests("a", a, b), reads=Reads(hosts=("a",))),
    Row(
        make=lambda a, b: seen_by("a", success_ratio(a, b, path="/x")),
        reads=Reads(hosts=("a",)),
        is_share=True,
    ),
    Row(make=lambda a, b: lost("/orders", "/orders", a, b), reads=LIST),
    Row(make=lambda a, b: untold("/orders", "/orders", a, b), reads=LIST),
    Row(make=lambda a, b: twice("/orders", "/orders", a, b), reads=LIST),
    Row(make=lambda a, b: level("machines", a, b, labels="l"), reads=MACHINES),
    Row(make=lambda a, b: peak("machines", a, b, labels="l"), reads=MACHINES),
    Row(make=lambda a, b: lowest("machines", a, b, labels="l"), reads=MACHINES),
    Row(
        make=lambda a, b: growth_rps("hits", a, b, labels="l"),
        reads=Reads(metrics=("hits",)),
        unit="/s",
    ),
    Row(make=lambda a, b: calls("db", a, b), reads=DB),
    Row(
        make=lambda a, b: calls("db", a, b, caller="a", route="/r", outcome="2"),
        reads=BY_A,
    ),
    Row(make=lambda a, b: outcome_ratio("db", "2", a, b), reads=DB, is_share=True),
    Row(
        make=lambda a, b: outcome_ratio("db", "2", a, b, caller="a", route="/r"),
        reads=BY_A,
        is_share=True,
    ),
    Row(
        make=lambda a, b: call_latency_ms("db", 0.5, a, b, caller="a", route="/r"),
        reads=BY_A,
        unit="ms",
    ),
    Row(make=lambda a, b: share_of("/x", a, b), reads=X, is_share=True),
    Row(
        make=lambda a, b: fairness("/x", "/keys", start_s=a, end_s=b),
        reads=Reads(paths=("/x", "/keys")),
        is_share=True,
    ),
    Row(make=lambda a, b: stale_ratio("/keys", a, b), reads=KEYS, is_share=True),
    Row(make=lambda a, b: staleness_ms("/keys", 0.9, a, b), reads=KEYS, unit="ms"),
]


def named(row: Row) -> str:
    return row.make(2, 5).name


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_measure_says_what_it_reads(row: Row) -> None:
    """Its window, and whatever else a lab can be held against before it runs; and its unit."""
    measure = row.make(2, 5)
    assert measure.reads == replace(row.reads, window=(2, 5))
    assert (measure.unit, measure.is_share) == (row.unit, row.is_share)
    assert "2-5 s" in measure.name


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_measure_over_another_window_is_the_same_measure(row: Row) -> None:
    """Of the same path, callee or quantile, in its name, in what it reads, and in its value."""
    over = row.make(2, 5).over
    assert (over is not None) is row.moves
    if over:
        other, same = over(0, 4), row.make(0, 4)
        assert (other.name, other.unit, other.reads) == (same.name, same.unit, same.reads)
        assert other.is_share is same.is_share
        assert other.of(BUSY) == same.of(BUSY)
        again = other.over
        assert again
        assert again(2, 5).name == named(row)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_a_measure_has_a_value_of_its_window_alone(row: Row) -> None:
    """A run in which something happened: another window, another value; none beyond the run."""
    early, late = row.make(0, 4).of(BUSY), row.make(5, 8).of(BUSY)
    assert not math.isnan(early)
    assert not math.isnan(late)
    assert early != late
    assert math.isnan(row.make(0, BUSY.duration_s + 1).of(BUSY))
    assert math.isnan(row.make(4, 4).of(BUSY))


def test_each_measure_that_there_is_has_a_row() -> None:
    """One that is written tomorrow belongs here, too."""
    makers = {name for row in ROWS for name in _made_by(row)}
    assert {name for name, _ in public()} - WITHOUT_A_WINDOW - makers == set()


def public() -> Iterator[tuple[str, Callable[..., Measure]]]:
    """Give every public function that makes a measure."""
    for module in pkgutil.iter_modules(subjects.__path__):
        found = vars(importlib.import_module(f"harness.measures.{module.name}"))
        for name, one in found.items():
            if inspect.isfunction(one) and one.__module__.endswith(f".{module.name}"):
                returned = inspect.signature(one).return_annotation
                if returned is Measure and not name.startswith("_"):
                    yield name, one


def _made_by(row: Row) -> set[str]:
    return {*row.make.__code__.co_names, row.make.__name__}


def busy() -> Recording:
    """Give ten seconds in which there is something for every measure, and always something else."""
    made: list[Request] = []
    spans: list[Span] = []
    for n in range(40):
        at_s, good = n / 4, n % 3 > 0 and (n < 20 or n % 2 > 0)
        status, path = ("200" if good else "500"), ("/x" if n % 4 else "/y")
        took_s = n / 80
        made.append(ask(n, at_s, path, status, took_s, answer="t" if n % 5 > n // 20 else ""))
        spans += called(n, at_s, took_s, status)
    made += [ask(100 + n, n + 0.1, f"/orders/o{n}", "200" if n % 3 else "500", 0.1, "POST")
             for n in range(9)]  # fmt: skip
    made.append(ask(200, 9.5, "/orders", "200", 0.1, answer="o0 o2 o2 o3 o3 o4 o5 o7 o8"))
    for n in range(10):
        made.append(ask(300 + n, n + 0.2, f"/keys/k/{n}", "200", 0.1, "PUT"))
        told = n - 1 if n in {6, 7} else max(n - 2, 0)
        made.append(ask(400 + n, n + 0.6, "/keys/k", "200", 0.1, answer=str(told)))
    series = {
        SeriesKey("a", "hits", 'l="1"'): [float(n * n) for n in range(11)],
        SeriesKey("a", "hits", 'k="1"'): [float(n) for n in range(11)],
        SeriesKey("a", "machines", 'l="1"'): [float(1 + n * n) for n in range(11)],
        SeriesKey("a", "machines", 'k="1"'): [float(n) for n in range(11)],
    }
    made.sort(key=lambda one: one.intended_s)
    return Recording(
        lab="x", variant="v", engine="sim", seed=0, duration_s=10,
        requests=made, spans=spans, series=series, faults=[],
    )  # fmt: skip


def ask(  # noqa: PLR0913 - a row of the log
    number: int, at_s: float, path: str, status: str, took_s: float,
    method: str = "GET", answer: str = "",
) -> Request:  # fmt: skip
    return Request(number, path, at_s, at_s, at_s + took_s, status, method, "", answer)


def called(n: int, at_s: float, took_s: float, status: str) -> list[Span]:
    """Give a request's call, the work on it, which may go on for longer, and one of a crowd."""
    trace, callee = root_context(0, n).trace, "b" if 22 < n < 30 or n % 4 == 1 else "db"
    crowd, route = background(f"{n:016x}").trace, "/x" if n % 4 else "/r"
    ended = "abandoned" if n % 5 == n // 20 else status
    own = Span(trace, f"c{n}", "", "client", "a", callee, 1, at_s, at_s + took_s, ended, "/r")
    ends_s, done = at_s + took_s + n % 2, "200" if n % 7 else "421"
    work = Span(trace, f"s{n}", f"c{n}", "server", "", "db", 1, at_s, ends_s, done)
    people = own._replace(trace=crowd, span=f"p{n}", status=status, route=route)
    return [own, work, people]


BUSY = busy()
