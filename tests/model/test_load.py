"""Arrivals: drawn from a seed, the same wherever they are drawn."""

import json
import math
import random
import statistics
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import LabError
from harness.model import Paced, Poisson, Send
from harness.model.load import Arrival, Load
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
    again = Load.from_json(json.loads(json.dumps(load.to_json())))
    assert again == load
    assert type(again) is kind
    assert times(again) == times(load)


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    """The generator and the lab may be of different versions."""
    with pytest.raises(LabError, match=r"no load of kind 'Tsunami'; there are .*Poisson"):
        Load.from_json({"kind": "Tsunami"})
    with pytest.raises(LabError, match="no load of kind ''"):
        Load.from_json({})


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
    assert next(Paced(to="a", rate_rps=2).arrivals(0, 1)) == Arrival(0, 0.5, "/", "GET", "a")


def test_arrivals_leave_the_global_generator_alone() -> None:
    """A run draws from generators of its own."""
    random.seed(1)
    before = random.getstate()
    times(Poisson(to="a", rate_rps=50))
    assert random.getstate() == before
