"""Shards: each lab in exactly one, the work shared out evenly, the same on every machine."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import catalogue, shards
from harness.errors import LabError

COSTS = st.dictionaries(
    st.text("abcdefgh-", min_size=1, max_size=8), st.floats(1, 1e6), max_size=40
)


@given(COSTS, st.integers(1, 50))
def test_each_lab_is_in_exactly_one_shard(costs: dict[str, float], count: int) -> None:
    """Whatever the labs cost and however many machines there are."""
    parts = shards.split(costs, count)
    assert len(parts) == count
    assert sorted(slug for part in parts for slug in part) == sorted(costs)


@given(COSTS, st.integers(1, 50))
def test_no_shard_is_much_heavier_than_the_mean(costs: dict[str, float], count: int) -> None:
    """Graham's bound: the mean, and at most one lab more."""
    loads = [sum(costs[slug] for slug in part) for part in shards.split(costs, count)]
    limit = sum(costs.values()) / count + max(costs.values(), default=0)
    assert max(loads) <= limit * (1 + 1e-9)


@given(st.sets(st.text("abcdef", min_size=1, max_size=6), max_size=40), st.integers(1, 12))
def test_labs_of_one_cost_are_dealt_out_evenly(slugs: set[str], count: int) -> None:
    """No shard has two labs more than another."""
    sizes = [len(part) for part in shards.split(dict.fromkeys(slugs, 3.0), count)]
    assert max(sizes) - min(sizes) <= 1


@given(COSTS, st.integers(1, 12), st.randoms())
def test_the_order_of_naming_changes_nothing(
    costs: dict[str, float], count: int, rng: random.Random
) -> None:
    """Machines that list a folder in another order agree on who checks what."""
    names = list(costs)
    rng.shuffle(names)
    assert shards.split({name: costs[name] for name in names}, count) == shards.split(costs, count)


@pytest.mark.parametrize("count", [1, 3, 8, 11])
def test_the_repositorys_labs_are_shared_out(count: int) -> None:
    """Each is checked once, in the order of the catalogue, also where shards stay empty."""
    slugs = catalogue.slugs()
    parts = [
        shards.chosen(slugs, shards.Shard(number=number, count=count))
        for number in range(1, count + 1)
    ]
    assert sorted(slug for part in parts for slug in part) == sorted(slugs)
    assert all(part == [slug for slug in slugs if slug in part] for part in parts)


def test_a_lab_costs_what_its_requests_cost() -> None:
    """Twice the time is twice the work; a broken variant runs twice."""
    lab = catalogue.find("retry-storm").lab
    sent = sum(1 for _ in lab.load.arrivals(1, lab.duration_s))
    assert shards.cost(lab) == sent * (len(lab.variants) + 1)


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "01/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """The message shows one that is right."""
    with pytest.raises(LabError, match=r"such as 1/4"):
        shards.read(text)


def test_a_shard_is_written_as_it_is_read() -> None:
    """It stands in headlines and commands."""
    assert str(shards.read("3/12")) == "3/12"
