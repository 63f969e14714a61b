"""Distances, steps and drawn faults: what a run does with them, and which are refused."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from harness.conductor import conducted
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.errors import FaultNotAppliedError
from harness.measures import latency_ms
from harness.model import (
    Broken,
    Configure,
    Distance,
    Drawn,
    Fixed,
    Kill,
    Lab,
    Latency,
    Paced,
    Pause,
    Service,
    at,
    baseline,
    during,
    on,
)  # fmt: skip
from harness.model.validate import problems
from harness.recording import Recording
from harness.report.panels import captions
from tests.support import Silent

FRONT = Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 2000})
BACK = Service("back", app="services.worker", settings={"workers": 4, "service_ms": 10})
WELL = latency_ms(0.5, 0, 4)
LAB = Lab(
    title="Words",
    question="What do they do?",
    services=(FRONT, BACK),
    load=Paced(to="front", rate_rps=20),
    duration_s=10,
    faults=(),
    variants=(Broken("broken"), Fixed("fixed", {"back.service_ms": 11})),
    expect=(
        baseline(WELL, at_most=100),
        on("broken", claim="slow", measure=WELL, at_least=1),
        on("fixed", claim="fast", measure=WELL, at_most=1000),
    ),
)


def run(lab: Lab, *, seed: int = 1, variant: str = "broken") -> Recording:
    own = lab.facing(lab.variant(variant), seed)
    plan = Plan(slug="words", lab=own, variant=lab.variant(variant), seed=seed)
    return SimEngine().run(plan, conducted(own), Silent())


def median_ms(recording: Recording, start_s: float, end_s: float) -> float:
    return latency_ms(0.5, start_s, end_s).of(recording)


FAR = Distance(("front",), ("back",), one_way_ms=40)


def test_a_distance_is_covered_there_and_back_all_along() -> None:
    """By each call over it, from the first request on; no fault is recorded for it."""
    near, far = run(LAB), run(replace(LAB, distances=(FAR,)))
    for window in ((0, 1), (4, 6)):
        added_ms = median_ms(far, *window) - median_ms(near, *window)
        assert added_ms == pytest.approx(80, abs=1)
    assert far.faults == []
    assert far.triggers() == ()


def test_the_way_to_the_users_is_a_distance_too() -> None:
    """Of one side may be the client, and several places."""
    far = run(replace(LAB, distances=(Distance(("client",), ("front", "back"), one_way_ms=100),)))
    assert median_ms(far, 0, 10) - median_ms(run(LAB), 0, 10) == pytest.approx(200, abs=1)


def test_a_fault_comes_on_top_of_a_distance() -> None:
    """And is gone again, when the distance is still there."""
    fault = during(3, 6, Latency("front->back", latency_ms=100))
    recording = run(replace(LAB, distances=(FAR,), faults=(fault,)))
    plain_ms = median_ms(recording, 0, 2.5)
    assert median_ms(recording, 3.5, 5.5) - plain_ms == pytest.approx(100, abs=1)
    assert median_ms(recording, 6.5, 10) == pytest.approx(plain_ms, abs=1)


def test_a_narrow_way_takes_its_time_with_every_byte() -> None:
    """Some 150 bytes go either way for a request: at 1 kB/s a third of a second, not at 1 MB/s."""
    narrow, wide = (Distance(("client",), ("front",), rate_kbps=rate) for rate in (1, 1000))
    sent = Paced(to="front", rate_rps=0.5, timeout_ms=5000)
    slow = run(replace(LAB, load=sent, distances=(narrow,)))
    fast = run(replace(LAB, load=sent, distances=(wide,)))
    assert 200 < median_ms(slow, 0, 8) - median_ms(fast, 0, 8) < 600


SLOWER = at(5, Configure("back", service_ms=60))


def test_a_step_is_taken_and_stays() -> None:
    """It is read back as there, not as gone; what came before it is as without it."""
    recording = run(replace(LAB, steps=(SLOWER,)))
    (step,) = recording.faults
    assert (step.start_s, step.stays, step.seen_s) == (5, True, 5)
    assert median_ms(recording, 5.1, 10) - median_ms(recording, 0, 5) == pytest.approx(50, abs=1)
    assert recording.triggers() == ()


def test_a_later_step_may_replace_an_earlier_one() -> None:
    """A cut-over in two moves, of which the second is what is there in the end."""
    back = at(8, Configure("back", service_ms=20))
    recording = run(replace(LAB, steps=(SLOWER, back)))
    assert median_ms(recording, 8.1, 10) - median_ms(recording, 0, 5) == pytest.approx(10, abs=1)


def test_a_step_that_is_undone_is_no_run() -> None:
    """A fault on the same setting would put back what was there before; that is refused first."""
    undone = replace(LAB, steps=(SLOWER,), faults=(during(6, 7, Configure("back", service_ms=5)),))
    assert any("the end of one would undo the other" in problem for problem in problems(undone))
    with pytest.raises(FaultNotAppliedError, match=r"service_ms=60\): undone by something else"):
        run(undone)


MONKEY = Drawn(fault=Kill, among=("front", "back"), every_s=1, start_s=2, end_s=9, least_s=0.2,
               most_s=0.8)  # fmt: skip


def test_drawn_faults_follow_from_the_seed() -> None:
    """The same for every variant and engine, others for another seed, each read back."""
    lab = replace(LAB, drawn=(MONKEY,))
    one, again = lab.facing(lab.variants[0], 2), lab.facing(lab.variants[1], 2)
    assert one.faults == again.faults
    assert one.faults != lab.facing(lab.variants[0], 3).faults
    recording = run(lab, seed=2)
    assert [(fault.target, fault.start_s) for fault in recording.faults] == [
        (timed.fault.target, timed.start_s) for timed in one.faults
    ]
    assert len(recording.triggers()) == len(one.faults) > 1


def test_drawn_faults_come_as_often_as_they_should_and_never_twice_at_once() -> None:
    """Over many seeds: one a second, in the window, evenly on all, within their lengths."""
    wide = replace(MONKEY, among=tuple("abcdefgh"), start_s=0, end_s=1000, least_s=0.1, most_s=0.2)
    drawn = list(wide.faults(1, 0))
    # One in about 8 / 0.15 is left out, as its target has one already.
    assert len(drawn) == pytest.approx(1000 * (1 - 0.15 / 8), abs=4 * 1000**0.5)
    for host in wide.among:
        own = [timed for timed in drawn if timed.fault.target == host]
        assert len(own) == pytest.approx(125, abs=45)
        assert all(one.end_s <= other.start_s for one, other in pairwise(own))
    assert all(0.1 <= timed.end_s - timed.start_s <= 0.2 for timed in drawn)


MANY = replace(MONKEY, among=tuple("abcdefgh"), start_s=0, end_s=1000, least_s=0.5, most_s=3)


def blows(drawn: Drawn) -> dict[float, set[str]]:
    found: dict[float, set[str]] = {}
    for timed in drawn.faults(1, 0):
        found.setdefault(timed.start_s, set()).add(timed.fault.target)
    return found


def test_a_larger_blast_hits_those_of_a_smaller_one_and_more() -> None:
    """At the same moments and for the same time: so many different ones, over time all."""
    rested = replace(MANY, rest_s=1)
    one, three = blows(rested), blows(replace(rested, count=3))
    assert one.keys() == three.keys()
    assert len(one) > 200
    assert all(len(three[at_s]) == 3 and three[at_s] > hit for at_s, hit in one.items())
    assert set().union(*one.values()) == set(MANY.among)
    lasts = {timed.start_s: timed.end_s for timed in rested.faults(1, 0)}
    assert all(
        timed.end_s == lasts[timed.start_s] for timed in replace(rested, count=3).faults(1, 0)
    )


def test_a_blast_that_would_hit_somebody_twice_does_not_happen() -> None:
    """Without a rest they may add up, on others."""
    drawn = list(replace(MANY, count=3).faults(1, 0))
    for host in MANY.among:
        own = [timed for timed in drawn if timed.fault.target == host]
        assert all(one.end_s <= other.start_s for one, other in pairwise(own))
    there = [sum(one.start_s <= timed.start_s < one.end_s for one in drawn) for timed in drawn[::3]]
    assert max(there) == 6
    assert min(there) == 3


def test_what_may_be_drawn_is_told_with_its_time() -> None:
    """Before a run, when nobody knows yet whom it hits; a run tells of those that it hit."""
    lab = replace(LAB, drawn=(MONKEY, replace(MONKEY, count=2, start_s=5)))
    assert [(one.name, one.start_s, one.end_s) for one in lab.moments()] == [
        ("1 of 2 crashed", 2, 9),
        ("2 of 2 crashed", 5, 9),
    ]
    met = lab.facing(lab.variants[0], 1)
    assert {one.name for one in met.moments()} == {"front crashed", "back crashed"}


def test_over_a_plot_what_was_drawn_has_one_name() -> None:
    """Other faults keep theirs, and where nothing was hit nothing is named."""
    pause = during(9.5, 9.9, Pause("back"))
    lab = replace(LAB, drawn=(MONKEY,), faults=(pause,))
    recording = run(lab, seed=2)
    assert len(recording.faults) > 2
    told = {one.name: (one.start_s, one.end_s) for one in captions(lab, recording.faults)}
    assert told == {"1 of 2 crashed": (2, 9), "back frozen": (9.5, 9.9)}
    assert captions(lab, ()) == []


@pytest.mark.parametrize("rest_s", [0, 2.5])
def test_with_a_rest_one_comes_at_a_time(rest_s: float) -> None:
    """Not before the last one has been over for so long; then as soon as without."""
    rested = list(replace(MANY, rest_s=rest_s).faults(1, 0))
    gaps_s = [other.start_s - one.end_s for one, other in pairwise(rested)]
    assert min(gaps_s) >= rest_s
    mean_s = sum(gaps_s) / len(gaps_s)
    assert mean_s - rest_s == pytest.approx(1, abs=4 / len(gaps_s) ** 0.5)


def test_a_control_has_no_drawn_faults_and_keeps_distances_and_steps() -> None:
    """What is taken away is what breaks; the world stays as it is."""
    lab = replace(LAB, drawn=(MONKEY,), distances=(FAR,), steps=(SLOWER,))
    control = lab.facing(lab.variants[0], 1).without_trigger()
    assert control.faults == ()
    assert control.drawn == ()
    assert (control.distances, control.steps) == ((FAR,), (SLOWER,))


def test_a_variant_may_bring_its_own() -> None:
    """In place of the lab's: a design in one region beside one in two."""
    pause = during(3, 4, Pause("back"))
    spread = Fixed("spread", distances=(FAR,), faults=(pause,), steps=(SLOWER,))
    lab = replace(LAB, variants=(LAB.variants[0], spread))
    recording = run(lab, variant="spread")
    assert {fault.name for fault in recording.faults} == {
        "pause back",
        "configure back (service_ms=60)",
    }
    assert median_ms(recording, 0, 2.5) - median_ms(run(lab), 0, 2.5) == pytest.approx(80, abs=1)


def drawn(**values: Any) -> Callable[[], Lab]:
    return lambda: replace(LAB, drawn=(replace(MONKEY, **values),))


def beside(**own: Any) -> Callable[[], Lab]:
    return lambda: replace(LAB, variants=(LAB.variants[0], Fixed("x", **own)))


def apart(*distances: Distance) -> Callable[[], Lab]:
    return lambda: replace(LAB, distances=distances)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (drawn(among=("front", "bakc")), "kill bakc: 'bakc' is not one of"),
        (drawn(among=()), "drawn faults: it hits nobody; name hosts in among="),
        (drawn(every_s=0), "drawn faults: every_s is 0; it must be above 0"),
        (drawn(most_s=9), "drawn faults: lasts 0.2 to 9 s; it must be above 0, and less than"),
        (drawn(count=3), "drawn faults: count is 3; it must be from 1 to the 2 of among="),
        (drawn(count=0), "drawn faults: count is 0; it must be from 1 to the 2 of among="),
        (drawn(rest_s=-1), "drawn faults: rest_s is -1; it must be 0 or more, or None"),
        (drawn(end_s=12), "kill front: ends at 12 s, after the run"),
        (apart(FAR, replace(FAR, one_way_ms=5)), "2 distances lie on front->back; one is enough"),
        (
            apart(Distance(("front",), ("moon",), one_way_ms=1)),
            "distance front - moon: 'moon' is not one of back, client, front",
        ),
        (
            apart(Distance(("back",), ("client",), one_way_ms=1)),
            "distance back - client: no call covers it",
        ),
        (apart(Distance(("front",), ("back",))), "distance front - back: it is no distance"),
        (
            apart(Distance(("front",), ("back",), one_way_ms=1, jitter_ms=2)),
            "distance front - back: 1 ms, give or take 2 ms; it must be 0 or more",
        ),
        (apart(Distance(("front",), ("front",), one_way_ms=1)), "distance front - front: front is"),
        (
            apart(replace(FAR, rate_kbps=0)),
            "distance front - back: rate_kbps is 0; it must be at least 1",
        ),
        (
            lambda: replace(LAB, steps=(during(5, 6, Configure("back", service_ms=60)),)),
            "configure back (service_ms=60): a step stays, and this ends; write at(5, ...)",
        ),
        (
            lambda: replace(LAB, steps=(at(11, Configure("back", service_ms=60)),)),
            "configure back (service_ms=60): is at 11 s, after the run",
        ),
        (
            lambda: replace(
                LAB, variants=(LAB.variants[0], Fixed("x", load=Paced(to="y", rate_rps=1)))
            ),
            "variant x: the load goes to 'y'",
        ),
        (
            lambda: replace(
                LAB, variants=(LAB.variants[0], Fixed("x", faults=(during(3, 4, Pause("y")),)))
            ),
            "variant x: pause y: 'y' is not one of",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(made: Callable[[], Lab], problem: str) -> None:
    """Before anything runs, and all else that is wrong is told as well."""
    told = list(problems(made()))
    assert any(one.startswith(problem) for one in told), told
