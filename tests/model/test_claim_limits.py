"""Where a claim or prediction begins to be refused: the last value that is taken, and the next."""

import math
from dataclasses import replace
from typing import Any

import pytest

from harness.model import (
    Broken,
    Fixed,
    Lab,
    Measured,
    Paced,
    Pause,
    Send,
    Service,
    baseline,
    during,
    noted,
    on,
    predict,
)
from harness.model.expect import Bound, Expectation, Measure, Plot, Reads
from harness.model.reading import Choice, End, Line, Question, Reading
from harness.model.validate_claims import claims

FIGURE = Measure(name="figure", compute=lambda _: 0.0)
BASE = baseline(FIGURE, at_least=1)
FALLS = on("naive", claim="falls", measure=FIGURE, at_most=0)
HOLDS = on("calm", claim="holds", measure=FIGURE, at_least=1)
LAB = Lab(
    title="",
    question="",
    services=(
        Service("front", app="services.relay", calls=("back",)),
        Service("back", app="services.worker"),
    ),
    load=Paced(to="front", mix=(Send(to="front", path="/a/{number}"),), rate_rps=10),
    duration_s=10,
    faults=(during(2, 4, Pause("back")),),
    variants=(Broken("naive"), Fixed("calm")),
    expect=(BASE, FALLS, HOLDS),
)


def of_figure(**words: Any) -> list[str]:
    """Say what is wrong with a prediction."""
    whole: dict[str, Any] = {"on": "calm", "equals": 100, "because": "", "source": ""}
    return list(claims(replace(LAB, predict=(predict("it", FIGURE, **(whole | words)),))))


def of_reads(reads: Reads, lab: Lab = LAB) -> list[str]:
    """Say what is wrong with what a plot looks at; a measure is held to the same."""
    plot = Plot(title="it", of=lambda _: {}, reads=reads)
    found = list(claims(replace(lab, plots=(plot,))))
    claim = replace(HOLDS, measure=replace(FIGURE, reads=reads))
    measured = list(claims(replace(lab, expect=(BASE, FALLS, claim))))
    assert [one.partition(": ")[2] for one in found] == [one.partition(": ")[2] for one in measured]
    return found


def of_claims(*items: Expectation) -> list[str]:
    return list(claims(replace(LAB, expect=items)))


def test_a_whole_lab_is_taken() -> None:
    """Else none of the others would prove a thing."""
    assert list(claims(LAB)) == []
    assert of_figure() == []


@pytest.mark.parametrize(
    ("taken", "refused", "said"),
    [
        ({"model": 0.25, "leaves_out": "x"}, {"model": 0.26, "leaves_out": "x"}, "leaves out 0.26"),
        ({"model": 0}, {"model": -0.01, "leaves_out": "x"}, "leaves out -0.01"),
        ({"model": 0.1, "leaves_out": "x"}, {"model": 0.1}, "has a model tolerance"),
        ({"chance": 0}, {"chance": -1}, "has a chance of -1"),
        ({"chance": 1}, {"chance": math.inf}, "has a chance of inf"),
        ({"chance": 12.5}, {"chance": 12.6}, "more than half of its figure"),
        ({"equals": -100, "chance": 12.5}, {"equals": -100, "chance": 12.6}, "more than half"),
        (
            {"chance": 6.25, "model": 0.25, "leaves_out": "x"},
            {"chance": 6.3, "model": 0.25, "leaves_out": "x"},
            "more than half",
        ),
        ({"chance": 25, "seeds": 4}, {"chance": 25, "seeds": 3}, "more than half"),
        ({"seeds": 1}, {"seeds": 0}, "is the mean of 0 seeds; it may be 1 to 32"),
        ({"seeds": 32}, {"seeds": 33}, "is the mean of 33 seeds; it may be 1 to 32"),
        ({"equals": 0, "chance": 5}, {"equals": math.nan}, "equals nan"),
        ({"equals": 1e9}, {"equals": math.inf}, "equals inf"),
        ({"also": {"naive": "x"}}, {"also": {"naive": ""}}, "does not say why"),
        ({"also": {"naive": "x"}}, {"also": {"calm": "x"}}, "is on calm already"),
        ({"also": {"naive": "x"}}, {"also": {"native": "x"}}, "is about 'native'"),
        ({"on": "calm"}, {"on": "clam"}, "is about 'clam'"),
    ],
)
def test_a_prediction_has_its_limits(
    taken: dict[str, Any], refused: dict[str, Any], said: str
) -> None:
    """To the very figure, and one complaint for each."""
    assert of_figure(**taken) == []
    (problem,) = of_figure(**refused)
    assert problem.startswith("'it' ")
    assert said in problem


@pytest.mark.parametrize(
    ("taken", "refused", "said"),
    [
        ((0, 10), (0, 10.5), "0-10.5 s is not within the run, which lasts 10 s"),
        ((9.5, math.inf), (10, math.inf), "10-inf s is not within the run"),
        ((0, 1), (-0.5, 1), "-0.5-1 s is an empty window"),
        ((3, 3.5), (3, 3), "3-3 s is an empty window"),
    ],
)
def test_a_window_has_its_limits(
    taken: tuple[float, float], refused: tuple[float, float], said: str
) -> None:
    """The run's own, both of which are within; an infinite end is the run's."""
    assert of_reads(Reads(window=taken)) == []
    (problem,) = of_reads(Reads(window=refused))
    assert said in problem


@pytest.mark.parametrize(
    ("taken", "refused", "said"),
    [
        (Reads(callees=("back",)), Reads(callees=("front",)), "no service calls 'front'"),
        (
            Reads(hosts=("front", "back")),
            Reads(hosts=("bock",)),
            "'bock' is not one of back, front",
        ),
        (Reads(paths=("/a",)), Reads(paths=("/b",)), "the load asks for no path '/b'"),
        (Reads(paths=("/a/7",)), Reads(paths=("/a7",)), "the load asks for no path '/a7'"),
        (Reads(paths=("/", "/a/")), Reads(paths=("a",)), "the load asks for no path 'a'"),
        (Reads(), Reads(answers=True), "it reads answers, which the load does not keep"),
    ],
)
def test_what_is_read_must_be_there(taken: Reads, refused: Reads, said: str) -> None:
    """Called by a service, a host, asked for by the load, kept by it."""
    assert of_reads(taken) == []
    (problem,) = of_reads(refused)
    assert said in problem


def test_answers_that_are_kept_may_be_read() -> None:
    """And a path without a place to fill in is that path alone."""
    load = Paced(to="front", rate_rps=1, keep_answers=True, mix=(Send(to="front", path="/log"),))
    kept = replace(LAB, load=load)
    assert of_reads(Reads(answers=True, paths=("/log", "/l")), kept) == []
    (problem,) = of_reads(Reads(paths=("/log/1",)), kept)
    assert "no path '/log/1', only for /log" in problem


def test_nobody_s_callees_are_said_to_be_none() -> None:
    """In a lab where nobody calls anybody."""
    alone = replace(LAB, services=(Service("front", app="services.worker"),), faults=())
    (problem,) = of_reads(Reads(callees=("back",)), alone)
    assert "called are none" in problem


def test_claims_are_of_known_variants_of_one_kind() -> None:
    """Each of them, unless it is noted; a claim about none, or without a bound, is none."""
    mixed = on("naive", "calm", claim="both", measure=FIGURE, at_least=1)
    said = of_claims(BASE, FALLS, HOLDS, mixed)
    assert [one.partition(";")[0] for one in said] == ["'both' is about broken and fixed variants"]
    both = noted("naive", "calm", claim="both", measure=FIGURE, at_least=1)
    assert of_claims(BASE, FALLS, HOLDS, both) == []
    free = on("calm", claim="free", measure=FIGURE)
    assert ["no bound" in one for one in of_claims(BASE, FALLS, HOLDS, free)] == [True]
    assert of_claims(BASE, FALLS, on("calm", claim="x", measure=FIGURE, at_most=1)) == []
    of_none = on(claim="of none", measure=FIGURE, at_least=1)
    assert ["about no variant" in one for one in of_claims(BASE, FALLS, HOLDS, of_none)] == [True]
    unlike = on("calm", claim="x", measure=FIGURE, at_least=1, unlike=("calm", "naive"))
    said = of_claims(BASE, FALLS, unlike)
    assert said == ["'x' cannot be true and false of calm; take it out of unlike="]
    unknown = on("calm", claim="x", measure=FIGURE, at_least=1, unlike="native")
    (problem,) = of_claims(BASE, FALLS, unknown)
    assert "'native', which is not one of calm, naive" in problem


def test_every_variant_must_be_able_to_fail() -> None:
    """By a claim that is more than noted; and every lab has a baseline."""
    only_noted = noted("calm", claim="x", measure=FIGURE, at_least=1)
    (problem,) = of_claims(BASE, FALLS, only_noted)
    assert problem.startswith("variant calm has no claim")
    (problem,) = of_claims(FALLS, HOLDS)
    assert problem.startswith("no baseline(...)")
    silent = of_claims(BASE)
    assert [one.split()[1] for one in silent] == ["naive", "calm"]


@pytest.mark.parametrize(
    "words",
    [
        {"equals": math.nan, "chance": -1},
        {"chance": -60, "seeds": 0},
        {"seeds": 99, "chance": 1e9},
    ],
)
def test_a_figure_that_makes_no_sense_is_one_complaint(words: dict[str, Any]) -> None:
    """What would follow from it is no help."""
    assert len(of_figure(**words)) == 1


@pytest.mark.parametrize("duration_s", [0, -1, math.inf, math.nan])
def test_no_window_is_held_against_a_duration_that_is_none(duration_s: float) -> None:
    """That complaint is another one's, and enough."""
    assert of_reads(Reads(window=(0, 99)), replace(LAB, duration_s=duration_s)) == []


def test_a_lab_in_which_something_breaks_needs_a_baseline() -> None:
    """Also where some of its variants are only measured; where all are, nothing has to be well."""
    mixed = replace(LAB, variants=(*LAB.variants, Measured("third")), expect=(FALLS, HOLDS))
    assert any(one.startswith("no baseline(...) in expect=") for one in claims(mixed))
    alone = replace(LAB, variants=(Measured("third"),), expect=())
    assert not any(one.startswith("no baseline(...)") for one in claims(alone))


@pytest.mark.parametrize("part", ["choice", "line"])
def test_what_a_reading_measures_is_held_against_the_lab_too(part: str) -> None:
    """A learner's choice is right or wrong by it, and the terminal's line ends in it."""
    amiss = replace(FIGURE, reads=Reads(callees=("bakc",)))
    choice = Choice(said="down", measure=amiss, bound=Bound(at_most=0), claim="falls")
    asks = Reading(questions=(Question(on="naive", asks="?", choices=(choice,)),))
    ends = Reading(line=Line(caption="x", ends=(End(said="{value}", measure=amiss),)))
    found = list(claims(replace(LAB, reading=asks if part == "choice" else ends)))
    assert len(found) == 1
    assert found[0].startswith("figure: no service calls 'bakc'")
