"""A run that is advanced by hand: however it is cut, it is the run as a whole."""

import asyncio
import gc
import math
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import catalogue
from harness.conductor import conducted
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.order import Permutation
from harness.engines.sim.session import CALM, SimSession
from harness.engines.sim.simulation import GUARD
from harness.errors import LabError
from harness.model import Pause, Poisson, Service, during
from harness.swarm.draw import drawn
from tests.support import Silent, lab

SHORT_S = 3.0
LABS = (
    *("cache-stampede", "circuit-breaker", "clock-skew", "config-push", "load-balancing"),
    *("poison-message", "retry-storm", "split-brain"),
)
HALL = lab(
    Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 200}),
    Service("back", app="services.worker", settings={"workers": 2, "service_ms": 40}),
    load=Poisson(to="front", rate_rps=40, timeout_ms=2000),
    duration_s=SHORT_S,
    faults=(during(1, 2, Pause("back")),),
)
PLAN = Plan(slug="hall", lab=HALL, variant=HALL.variants[0], seed=3)


def short(slug: str) -> Plan:
    """Give the first seconds of a lab, with its first fault in the middle of them."""
    whole = catalogue.find(slug).lab
    variant = whole.variants[0]
    faced = whole.facing(variant, 1)
    faults = tuple(during(1, 2, timed.fault) for timed in faced.faults[:1])
    cut = replace(faced, duration_s=SHORT_S, faults=faults, steps=())
    return Plan(slug=slug, lab=cut, variant=variant, seed=1)


def session(plan: Plan, permute: int | None = None) -> SimSession:
    return SimSession(plan, conducted(plan.lab), Silent(), permute=permute)


@cache
def whole(slug: str, permute: int | None) -> str:
    plan = short(slug)
    return SimEngine(permute=permute).run(plan, conducted(plan.lab), Silent()).digest()


def sliced(plan: Plan, slices: Iterator[float], permute: int | None = None) -> str:
    """Advance by slices of the given sizes, and over the end; give the recording's digest."""
    with session(plan, permute) as run:
        while not run.over:
            run.advance(run.now_s + next(slices))
        return run.finish().digest()


@pytest.mark.parametrize("permute", [None, 5])
@pytest.mark.parametrize("slug", LABS)
def test_slices_change_no_lab(slug: str, permute: int | None) -> None:
    """Each lab in slices of sizes that fall on its events, and beside them."""
    slices = iter([1 / 3, 0.25, 0.05, 1.0] * 1000)
    assert sliced(short(slug), slices, permute) == whole(slug, permute)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.sampled_from([0.0, 0.001, 0.016, 0.25, 1 / 3, 7.0]), min_size=1, max_size=5),
)
def test_slices_change_no_system(seed: int, sizes: list[float]) -> None:
    """Random systems under random storms, with permuted orders too."""
    scenario = drawn(seed)
    plan = scenario.plan()
    permute = seed if scenario.order else None
    engine = SimEngine(permute=permute)
    expected = engine.run(plan, conducted(plan.lab), Silent()).digest()
    assert sliced(plan, iter([*sizes, 0.5] * 100_000), permute) == expected


@pytest.mark.parametrize("permute", [None, 5])
def test_steps_from_event_to_event_change_nothing(permute: int | None) -> None:
    """The smallest slices that there are; each moves time on."""
    expected = SimEngine(permute=permute).run(PLAN, conducted(HALL), Silent()).digest()
    with session(PLAN, permute) as run:
        moments = []
        while (next_s := run.next_s()) < math.inf:
            run.advance(next_s)
            moments.append(run.now_s)
        assert run.finish().digest() == expected
    assert moments == sorted(set(moments))
    assert len(moments) > HALL.load.peak_rps(SHORT_S)


def test_two_runs_side_by_side_are_two_runs() -> None:
    """Slice by slice in turn, whichever is closed first."""
    plans = short("retry-storm"), short("cache-stampede")
    for first, second in ((0, 1), (1, 0)):
        runs = [session(plan) for plan in plans]
        with ExitStack() as left:
            for run in runs:
                left.enter_context(closing(run))
                run.open()
            for step in range(1, 400):
                for run in runs:
                    run.advance(max(step / 10, run.now_s))
            assert runs[first].finish().digest() == whole(plans[first].slug, None)
            runs[first].close()
            assert runs[second].finish().digest() == whole(plans[second].slug, None)


def test_a_run_goes_on_when_another_is_closed_half_way() -> None:
    """The stand-ins that a service sees are shared; the last one to go takes them away."""
    one, other = session(PLAN), session(PLAN)
    expected = SimEngine().run(PLAN, conducted(HALL), Silent()).digest()
    with closing(other):
        one.open()
        other.open()
        one.advance(1.5)
        other.advance(0.7)
        one.close()
        assert other.finish().digest() == expected


@pytest.mark.parametrize("at_s", [0.0, 0.5, 1.5, 2.5])
def test_a_run_that_is_closed_under_way_leaves_nothing(at_s: float) -> None:
    """No task, no timer, no open end: before the fault, in it, after it; twice is once."""
    thresholds = gc.get_threshold()
    run = session(PLAN)
    run.open()
    run.advance(at_s)
    loop, simulation = run._loop, run.simulation  # noqa: SLF001
    run.close()
    run.close()
    assert loop.is_closed()
    assert not loop.pending()
    assert not loop._tasks  # noqa: SLF001
    assert not any(link.pipes for link in simulation.links.values())
    assert not any(process.listeners for process in simulation.processes.values())
    assert all(end.is_closing() for each in simulation.processes.values() for end in each.endpoints)
    assert gc.get_threshold() == thresholds
    assert not hasattr(CALM, "value")
    assert not hasattr(GUARD, "value")


def test_time_goes_forward_alone() -> None:
    """Who wants an earlier moment replays; the run is not harmed by having been asked."""
    expected = SimEngine().run(PLAN, conducted(HALL), Silent()).digest()
    with session(PLAN) as run:
        run.advance(2)
        for moment in (1.0, math.nan):
            with pytest.raises(LabError, match="time only goes forward"):
                run.advance(moment)
        assert run.now_s == 2
        assert run.finish().digest() == expected


def test_a_run_that_is_stuck_stays_so() -> None:
    """Whoever goes on all the same hears the same again."""
    crash = replace(PLAN, lab=replace(HALL, services=(Service("front", app="no.such"),)))
    run = session(crash)
    with closing(run):
        for _ in range(2):
            with pytest.raises(LabError, match="does not start"):
                run.open() if run._running is None else run.advance(1)  # noqa: SLF001


def test_a_run_may_stand_inside_another_loop() -> None:
    """A browser's Python is in one all along; its own is running again afterwards."""

    async def inside() -> str:
        digest = sliced(PLAN, iter([0.5] * 100))
        await asyncio.sleep(0)
        return digest

    expected = SimEngine().run(PLAN, conducted(HALL), Silent()).digest()
    assert asyncio.run(inside()) == expected


def test_an_order_of_ones_own_is_taken() -> None:
    """As the engine takes it."""
    expected = SimEngine(permute=5).run(PLAN, conducted(HALL), Silent()).digest()
    run = SimSession(PLAN, conducted(HALL), Silent(), permute=Permutation(5))
    with run:
        assert run.finish().digest() == expected
