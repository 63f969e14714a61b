"""What the swarm draws: everything that there is, and nothing that makes no sense."""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from functools import cache

import harness.model
from harness.engines.sim.toxics import KINDS
from harness.model.fault import Fault
from harness.model.lab import Lab
from harness.model.toxic import LinkFault, Stream
from harness.swarm.acts import ACTS, pattern
from harness.swarm.draw import HOSTS, TAIL_S, drawn
from harness.swarm.scenario import Ask, Scenario
from harness.swarm.storms import DRAWS, NOT_SIMULATED, STEP_S, makes_sense

SEEDS = range(200)


@cache
def scenarios() -> list[Scenario]:
    return [drawn(seed) for seed in SEEDS]


def faults() -> Iterator[type]:
    """Give every kind of fault that the model has: whatever can be applied, read back and removed.

    Those that others are made of have no name of their own to be said by.
    """
    wanted = {name for name in vars(Fault) if not name.startswith("_")}
    for info in pkgutil.iter_modules(harness.model.__path__, "harness.model."):
        for _, kind in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if (
                kind is not Fault
                and kind is not LinkFault
                and all(hasattr(kind, n) for n in wanted)
            ):
                yield kind


def test_every_fault_of_the_model_is_drawn_or_left_out_for_a_reason() -> None:
    """One that is added must be given a way to be drawn."""
    assert {*faults()} == {*DRAWS, *NOT_SIMULATED}
    assert not DRAWS.keys() & NOT_SIMULATED.keys()
    assert all(NOT_SIMULATED.values())


def test_every_fault_and_every_toxic_comes_in_some_storm() -> None:
    """And each way and share that a toxic may have; so does every act, and the probes."""
    labs = [one.lab for one in scenarios()]
    timed = [one.fault for lab in labs for one in lab.faults]
    assert {type(fault) for fault in timed} == set(DRAWS)
    toxics = [fault for fault in timed if isinstance(fault, LinkFault)]
    assert {toxic.type for toxic in toxics} == set(KINDS)
    assert {toxic.stream for toxic in toxics} == set(Stream)
    assert min(toxic.toxicity for toxic in toxics) < 1
    paths = Counter(ask.path.split("/")[2] for one in scenarios() for ask in acts(one))
    assert set(paths) == set(ACTS)


def acts(scenario: Scenario) -> list[Ask]:
    return [ask for ask in scenario.asks if ask.path != "/probe"]


def test_systems_are_of_all_sizes_with_replicas_and_redis() -> None:
    """From one host to eight; with and without an order of its own."""
    assert {len(one.lab.hosts()) for one in scenarios()} == set(range(1, HOSTS + 1))
    assert {service.replicas for one in scenarios() for service in one.lab.services} == {1, 2, 3}
    assert {store.persistent for one in scenarios() for store in one.lab.stores} == {True, False}
    assert {one.order is None for one in scenarios()} == {True, False}
    assert {len(one.lab.faults) for one in scenarios()} >= {0, 1, 2, 4, 8}


def test_a_seed_gives_one_scenario_that_makes_sense() -> None:
    """By the lab's own rules; its faults overlap, and are gone before the probes."""
    overlaps = 0
    for seed in SEEDS[:10]:
        assert scenarios()[seed] == drawn(seed)
    for scenario in scenarios():
        assert makes_sense(scenario.lab)
        end_s = scenario.lab.duration_s - TAIL_S
        assert all(timed.end_s <= end_s for timed in scenario.lab.faults)
        overlaps += overlapping(scenario.lab)
    assert overlaps > 100
    assert scenarios()[1] != scenarios()[2]


def overlapping(lab: Lab) -> int:
    return sum(
        one.start_s < other.start_s < one.end_s for one in lab.faults for other in lab.faults
    )


def test_faults_come_where_other_timers_stand() -> None:
    """At multiples of a quarter of a second, where requests come too."""
    asks = [ask.at_s for one in scenarios() for ask in one.asks]
    assert any(at_s % STEP_S == 0 for at_s in asks)
    assert any(at_s % STEP_S for at_s in asks)


def test_bytes_tell_their_number_and_their_place() -> None:
    """So that none can be taken for another's."""
    one, other = pattern(1, 1000), pattern(2, 1000)
    assert one != other
    assert one[:500] != one[500:]
    assert len(pattern(3, 200_000)) == 200_000
    assert pattern(3, 200_000)[:65521] == pattern(3, 65521)
