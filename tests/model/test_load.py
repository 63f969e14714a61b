"""Arrivals: drawn from a seed, the same wherever they are drawn."""

import json
import math
import random
import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import LabError
from harness.model import HotKey, Paced, Poisson, Ramp, Send, Surge, Together, Zipf
from harness.model.load import Load
from harness.model.loads import load_from_json
from harness.model.send import Arrival, body_of
from tests.support import At

RATES = st.floats(min_value=0.5, max_value=300)
DURATIONS = st.floats(min_value=0.1, max_value=20)
SEEDS = st.integers(min_value=0, max_value=2**63)
KINDS: tuple[type[Poisson] | type[Paced], ...] = (Poisson, Paced)


def times(load: Load, seed: int = 1, duration_s: float = 10) -> list[float]:
    return [arrival.at_s for arrival in load.arrivals(seed, duration_s)]


@pytest.mark.parametrize("kind", KINDS)
@given(rate_rps=RATES, duration_s=DURATIONS, seed=SEEDS)
def test_arrivals_are_in_order_and_inside_the_run(
    kind: type[Poisson] | type[Paced], rate_rps: float, duration_s: float, seed: int
) -> None:
    """Numbered from 0, ascending, in [0, duration)."""
    drawn = list(kind(to="a", rate_rps=rate_rps, path="/x").arrivals(seed, duration_s))
    assert [arrival.number for arrival in drawn] == list(range(len(drawn)))
    assert all(first.at_s < second.at_s for first, second in pairwise(drawn))
    assert all(0 <= arrival.at_s < duration_s for arrival in drawn)
    assert {arrival.path for arrival in drawn} <= {"/x"}


def test_the_same_seed_draws_the_same_arrivals() -> None:
    """And another seed others; a longer run begins like a shorter one."""
    load = Poisson(to="a", rate_rps=50)
    assert times(load, 1) == times(load, 1)
    assert times(load, 1) != times(load, 2)
    assert times(load, 1, 20)[: len(times(load, 1, 10))] == times(load, 1, 10)


def test_poisson_gaps_are_exponential() -> None:
    """Mean and standard deviation are both 1 / rate, and gaps do not know of each other."""
    rate_rps, duration_s = 100, 300
    drawn = times(Poisson(to="a", rate_rps=rate_rps), duration_s=duration_s)
    gaps = [second - first for first, second in pairwise(drawn)]
    error = 3 / math.sqrt(len(gaps))
    assert statistics.fmean(gaps) * rate_rps == pytest.approx(1, rel=error)
    assert statistics.stdev(gaps) * rate_rps == pytest.approx(1, rel=2 * error)
    assert abs(statistics.correlation(gaps[:-1], gaps[1:])) < error
    assert statistics.median(gaps) * rate_rps == pytest.approx(math.log(2), rel=2 * error)


def test_poisson_counts_vary_as_their_mean() -> None:
    """Arrivals a second: variance over mean is 1."""
    drawn = times(Poisson(to="a", rate_rps=50), duration_s=500)
    counts = [0] * 500
    for at_s in drawn:
        counts[int(at_s)] += 1
    assert statistics.variance(counts) / statistics.fmean(counts) == pytest.approx(1, abs=0.2)


def test_paced_arrivals_are_a_metronome() -> None:
    """One every 1 / rate seconds, the first after one gap, without a drift over the run."""
    assert times(Paced(to="a", rate_rps=4), duration_s=1) == [0.25, 0.5, 0.75]
    drawn = times(Paced(to="a", rate_rps=30), duration_s=1000)
    assert drawn[-1] == 29_999 / 30
    assert len(drawn) == 29_999


def test_a_mix_is_drawn_by_its_shares() -> None:
    """Three writes to one read, each to whom it names, over all keys, numbered apart."""
    read = Send(path="/kv/{key}")
    write = Send(path="/kv/{key}?value={number}", method="PUT", share=3, to="b")
    load = Paced(to="a", rate_rps=100, mix=(read, write), keys=4)
    drawn = list(load.arrivals(seed=1, duration_s=40))
    writes = [one for one in drawn if one.method == "PUT"]
    assert len(writes) / len(drawn) == pytest.approx(0.75, abs=0.03)
    assert {one.to for one in writes} == {"b"}
    assert {one.to for one in drawn if one.method == "GET"} == {"a"}
    assert all(one.path.endswith(f"?value={one.number}") for one in writes)
    keys = Counter(one.path.removeprefix("/kv/").partition("?")[0] for one in drawn)
    assert set(keys) == {"0", "1", "2", "3"}
    assert min(keys.values()) / len(drawn) == pytest.approx(0.25, abs=0.03)
    assert load.targets() == ("a", "b")


def test_a_mix_leaves_the_times_alone() -> None:
    """Kinds and keys are drawn for themselves, so that another mix meets the same arrivals."""
    plain = Poisson(to="a", rate_rps=50)
    mixed = Poisson(to="a", rate_rps=50, mix=(Send(path="/{key}"), Send(path="/other")), keys=9)
    assert times(plain) == times(mixed)


@pytest.mark.parametrize(
    ("send", "problem"),
    [
        (Send(path="x"), "GET x: a path must begin with /"),
        (Send(path="/{user}"), "GET /{user}: nothing fills '{user}'"),
        (Send(path="/{"), "GET /{: nothing fills '{'"),
        (Send(method="get"), "get /: the method may be GET, POST, PUT, DELETE"),
        (Send(share=0), "GET /: its share is 0; it must be above 0"),
        (Send(share=math.inf), "GET /: its share is inf; it must be above 0"),
    ],
)
def test_a_wrong_kind_of_request_is_told(send: Send, problem: str) -> None:
    """By the request as a person would write it, and with what it may be."""
    (told,) = Paced(to="a", rate_rps=1, mix=(send,)).problems()
    assert told.startswith(problem)


@pytest.mark.parametrize("kind", KINDS)
def test_a_load_survives_json(kind: type[Poisson] | type[Paced]) -> None:
    """What the generator in the container reads is the value that the lab holds."""
    mix = (Send(path="/x?y=1", share=0.5), Send(method="POST", to="b"))
    load = kind(to="a", mix=mix, keys=3, timeout_ms=1234.5, rate_rps=0.1, keep_answers=True)
    again = load_from_json(json.loads(json.dumps(load.to_json())))
    assert again == load
    assert type(again) is kind
    assert times(again) == times(load)


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    """The generator and the lab may be of different versions."""
    with pytest.raises(LabError, match=r"no load of kind 'Tsunami'; there are .*Poisson"):
        load_from_json({"kind": "Tsunami"})
    with pytest.raises(LabError, match="no load of kind ''"):
        load_from_json({})


@pytest.mark.parametrize(
    ("load", "problems"),
    [
        (Poisson(to="a", rate_rps=1), []),
        (Poisson(to="a", rate_rps=0), ["rate_rps is 0; it must be above 0"]),
        (Paced(to="a", rate_rps=-1), ["rate_rps is -1; it must be above 0"]),
        (Paced(to="a", rate_rps=1, timeout_ms=0), ["timeout_ms is 0; it must be above 0"]),
        (
            Poisson(to="a", rate_rps=0, timeout_ms=-5),
            ["timeout_ms is -5; it must be above 0", "rate_rps is 0; it must be above 0"],
        ),
    ],
)
def test_values_that_make_no_sense_are_named(load: Load, problems: list[str]) -> None:
    """Each in one line."""
    assert list(load.problems()) == problems


def test_the_peak_of_a_steady_load_is_its_rate() -> None:
    """Not what one seed happens to draw."""
    assert [kind(to="a", rate_rps=70).peak_rps(10) for kind in KINDS] == [70, 70]


def test_the_peak_of_another_load_is_counted() -> None:
    """In whole seconds of the run; without arrivals it is 0."""
    assert At(to="a", times_s=(0.1, 1.1, 1.2, 1.9, 2.0)).peak_rps(3) == 3
    assert At(to="a", times_s=()).peak_rps(3) == 0


def test_an_arrival_is_a_row() -> None:
    """What is asked of whom, and when."""
    assert next(Paced(to="a", rate_rps=2).arrivals(0, 1)) == (
        Arrival(0, 0.5, "/", "GET", "a", 10_000, 0)
    )


def test_arrivals_leave_the_global_generator_alone() -> None:
    """A run draws from generators of its own."""
    random.seed(1)
    before = random.getstate()
    times(Poisson(to="a", rate_rps=50))
    assert random.getstate() == before


PHASES = (Surge(start_s=5, end_s=8, times=10), Ramp(start_s=10, end_s=14, times=3))


def test_a_surge_sends_so_many_times_as_much_and_a_ramp_goes_there_evenly() -> None:
    """Counted by their windows: 5 s at 10/s, 3 at 100, 2 at 10, 4 from 10 to 30, 6 at 30."""
    load = Poisson(to="a", rate_rps=100, phases=PHASES)
    windows = ((0, 5, 500), (5, 8, 3000), (8, 10, 200), (10, 14, 800), (14, 20, 1800))
    drawn = times(load, duration_s=20)
    for start_s, end_s, wanted in windows:
        count = sum(start_s <= at_s < end_s for at_s in drawn)
        assert count == pytest.approx(wanted, abs=4 * math.sqrt(wanted)), (start_s, end_s)
    assert load.peak_rps(20) == 1000


def test_phases_are_exact_for_a_metronome() -> None:
    """So many arrivals by each time as the area under its rate, whatever rises or falls."""
    load = Paced(to="a", rate_rps=100, phases=PHASES)
    drawn = times(load, duration_s=20)
    for until_s, wanted in ((5, 500), (8, 3500), (10, 3700), (12, 4000), (14, 4500), (20, 6300)):
        assert sum(at_s < until_s for at_s in drawn) == pytest.approx(wanted, abs=1), until_s


@given(
    lengths=st.lists(st.floats(min_value=0.1, max_value=5), min_size=1, max_size=6),
    levels=st.lists(st.floats(min_value=0, max_value=8), min_size=6, max_size=6),
    ramps=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_area_under_any_curve_is_what_has_come(
    lengths: list[float], levels: list[float], ramps: list[bool]
) -> None:
    """Held against the sum of ten thousand thin strips."""
    phases: list[Surge | Ramp] = []
    at_s = 0.0
    for length_s, level, ramps_up in zip(lengths, levels, ramps, strict=False):
        kind = Ramp if ramps_up else Surge
        phases.append(kind(start_s=at_s, end_s=at_s + length_s, times=level))
        at_s += length_s
    level = 1.0
    wanted = 0.0
    for phase in phases:
        long_s = phase.end_s - phase.start_s
        if isinstance(phase, Ramp):
            wanted += long_s * level * (1 + phase.times) / 2
            level *= phase.times
        else:
            wanted += long_s * level * phase.times
    drawn = times(Paced(to="a", rate_rps=50, phases=tuple(phases)), duration_s=at_s)
    assert len(drawn) == pytest.approx(50 * wanted, abs=1.001)
    assert drawn == sorted(drawn)


def test_a_window_opens_and_closes_a_load() -> None:
    """What comes at a steady rate comes only then, as much as a run of that length would have."""
    drawn = times(Paced(to="a", rate_rps=10, start_s=3, end_s=5), duration_s=20)
    assert len(drawn) == pytest.approx(20, abs=1)
    assert all(3 <= at_s < 5 for at_s in drawn)
    assert Poisson(to="a", rate_rps=10, start_s=3, end_s=5).peak_rps(2) == 0


def test_loads_that_come_together_are_drawn_by_themselves() -> None:
    """In order, numbered through, each with its own target and patience."""
    users = Poisson(to="a", rate_rps=20, timeout_ms=500)
    jobs = Paced(to="b", rate_rps=5, timeout_ms=9000, start_s=4)
    drawn = list(Together(of=(users, jobs)).arrivals(1, 10))
    assert [one.number for one in drawn] == list(range(len(drawn)))
    assert all(first.at_s <= second.at_s for first, second in pairwise(drawn))
    assert {(one.to, one.timeout_ms) for one in drawn} == {("a", 500), ("b", 9000)}
    without = [one.at_s for one in Together(of=(users,)).arrivals(1, 10)]
    assert [one.at_s for one in drawn if one.to == "a"] == without
    assert Together(of=(users, jobs)).longest_timeout_s() == 9


def test_what_a_control_takes_away_is_every_surge_and_addition() -> None:
    """Each is named with its window, and the rest comes as it came before."""
    users = Poisson(to="a", rate_rps=20, phases=PHASES)
    both = Together(of=(users, Paced(to="b", rate_rps=5, start_s=4)))
    assert list(both.changes()) == [
        ("load x 10", 5, 8),
        ("load ramps to x 3", 10, 14),
        ("load on b", 4, math.inf),
    ]
    assert both.calm() == Together(of=(Poisson(to="a", rate_rps=20),))
    assert times(users.calm()) == times(Poisson(to="a", rate_rps=20))
    assert list(Poisson(to="a", rate_rps=20).changes()) == []


def test_keys_are_skewed_as_the_lab_says() -> None:
    """Zipf's k-th key is asked for 1/k as often as the first; a hot key has its share."""
    send = (Send(path="/{key}"),)
    for skew, shares in (
        (Zipf(s=1), [12 / 25, 6 / 25, 4 / 25, 3 / 25]),
        (HotKey(share=0.7), [0.7, 0.1, 0.1, 0.1]),
        (None, [0.25] * 4),
    ):
        load = Paced(to="a", rate_rps=1000, mix=send, keys=4, skew=skew)
        counted = Counter(one.path for one in load.arrivals(1, 10))
        found = [counted[f"/{key}"] / counted.total() for key in range(4)]
        assert found == pytest.approx(shares, abs=0.02), skew


def test_a_request_has_the_body_that_its_kind_says() -> None:
    """Of so many bytes; none is no body at all."""
    sent = Send(method="POST", body_bytes=3)
    (due,) = Paced(to="a", rate_rps=1, mix=(sent,)).arrivals(1, 1.5)
    assert body_of(due) == b"xxx"
    assert body_of(due._replace(body_bytes=0)) is None


@pytest.mark.parametrize(
    "load",
    [
        Poisson(to="a", rate_rps=3, phases=PHASES, skew=Zipf(s=0.8), keys=9, start_s=1, end_s=9),
        Together(of=(Paced(to="a", rate_rps=2), Poisson(to="b", rate_rps=1, skew=HotKey(share=1)))),
    ],
)
def test_every_word_survives_json(load: Load) -> None:
    """What comes to the container is the value that the lab holds, and draws the same."""
    again = load_from_json(json.loads(json.dumps(load.to_json(), allow_nan=False)))
    assert again == load
    assert list(again.arrivals(3, 10)) == list(load.arrivals(3, 10))


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        ({"phases": (Surge(start_s=3, end_s=3, times=2),)}, "Surge 3-3 s: it must begin"),
        ({"phases": (Ramp(start_s=3, end_s=5, times=-1),)}, "Ramp 3-5 s: times is -1"),
        (
            {"phases": (*PHASES, Surge(start_s=12, end_s=15, times=2))},
            "phases must follow one another: 12 s is before 14 s",
        ),
        ({"start_s": 5, "end_s": 4}, "start_s is 5; it must be 0 or more, and before its end"),
        ({"skew": Zipf(s=0)}, "Zipf: s is 0; it must be above 0"),
        ({"skew": HotKey(share=2)}, "HotKey: share is 2; it must be above 0, and at most 1"),
        ({"mix": (Send(body_bytes=-1),)}, "GET /: body_bytes is -1; it may be 0 to 1048576"),
    ],
)
def test_a_wrong_word_is_told(load: dict[str, Any], problem: str) -> None:
    """In one line, with what it may be."""
    (told,) = Paced(to="a", rate_rps=1, **load).problems()
    assert told.startswith(problem)


def test_what_only_begins_later_is_no_load() -> None:
    """A control would have nothing left."""
    late = Together(of=(Paced(to="a", rate_rps=1, start_s=2),))
    assert list(late.problems()) == ["none of the loads begins with the run"]
