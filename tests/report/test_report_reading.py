"""A run as it is read: the lines, the sentence, and the rows, from what was recorded."""

import math
from dataclasses import replace

import pytest

from harness.checks.verdict import Control, Kind, Verdict
from harness.model import Broken, Fixed, Lab, Paced, Pause, Service, baseline, during, on, predict
from harness.model.expect import Bound, Measure
from harness.model.reading import End, Line, Phrase, Reading
from harness.recording import FaultRecord, Recording, Request
from harness.report.folded_rows import FoldedRow, Part, folded
from harness.report.lines import caption, drawn, windows
from harness.report.panels import captions
from harness.report.sentence import sentence
from harness.result import Result

SHARE = Measure(name="good answers, 3-5 s", compute=lambda _: 0, is_share=True)
AGAIN = Measure(name="time to recover", unit="s", compute=lambda _: 0)
LAB = Lab(
    title="A lab",
    question="Does it hold?",
    services=(
        Service("front", app="services.relay", calls=("back",)),
        Service("back", app="services.worker", replicas=2),
    ),
    load=Paced(rate_rps=10, to="front"),
    duration_s=5,
    faults=(during(1, 2, Pause("back-1")), during(1.5, 3, Pause("back-2"))),
    variants=(Broken("naive"), Fixed("calm"), Fixed("wise")),
    expect=(
        baseline(SHARE, at_least=0.9),
        on("naive", claim="stays down", measure=SHARE, at_most=0.1),
        on("calm", "wise", claim="recovers", measure=AGAIN, at_most=4),
    ),
    predict=(
        predict(
            "in theory", AGAIN, on="calm", equals=2, chance=0.25, because="x", source="counted"
        ),
    ),
    reading=Reading(
        opening="After a freeze",
        phrases={
            "stays down": Phrase(
                row="stays down", value="good", told="stayed down", missed="gave {value}"
            ),
            "recovers": Phrase(
                row="recovers",
                told="recovered in {value}",
                missed="took {value}",
                never="never came back",
            ),
            "in theory": Phrase(row="recovers in theory"),
        },
    ),
)


def control(kind: Kind, claim: str, variant: str, value: float, **more: object) -> Control:
    """Make a control about the lab's claim of that name."""
    measure = SHARE if claim == "stays down" else AGAIN
    bound = Bound(at_most=0.1) if measure is SHARE else Bound(at_most=4)
    if claim == "in theory":
        bound = Bound.around(2, chance=1)
    made = Control(
        kind=kind,
        claim=claim,
        variant=variant,
        engine="sim",
        measure=measure.name,
        unit=measure.unit,
        value=value,
        bound=bound,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def result(*controls: Control, lab: Lab = LAB) -> Result:
    return Result(slug="small", lab=lab, seed=1, controls=list(controls))


DOWN = control(Kind.BITES, "stays down", "naive", 0.05)
CALM = control(Kind.HOLDS, "recovers", "calm", 2)
WISE = control(Kind.HOLDS, "recovers", "wise", 3)


def rows(*controls: Control) -> list[FoldedRow]:
    return folded(result(*controls))


def test_one_claim_about_several_variants_is_one_row() -> None:
    """Each has its value in the row, with the unit once, and the verb is that of several."""
    broken, fixed = rows(DOWN, CALM, WISE)
    assert (broken.part, broken.subject, broken.values("sim")) == (
        Part.BREAKS,
        "naive stays down",
        "5 %",
    )
    assert (fixed.part, fixed.subject, fixed.values("sim")) == (
        Part.HOLDS,
        "calm, wise recover",
        "2, 3 s",
    )
    assert fixed.margin == 1


def test_one_measure_of_one_variant_is_one_row_under_the_nearer_bound() -> None:
    """A claim and a prediction of one figure do not fill two rows; the stricter one counts."""
    (row,) = rows(CALM, control(Kind.PREDICTION, "in theory", "calm", 2))
    assert (row.subject, row.words.bound(row.bound)) == ("calm recovers", "2 ± 1 s")
    late = control(Kind.PREDICTION, "in theory", "calm", 3.5)
    (row,) = rows(replace(CALM, value=3.5), late)
    assert (row.part, row.verdict) == (Part.MISSED, Verdict.FAIL)


def test_what_was_missed_comes_first() -> None:
    """Then what must break, then what must hold, whatever the order of the controls."""
    missed = replace(WISE, value=9)
    assert [row.part for row in rows(CALM, DOWN, missed)] == [
        Part.MISSED,
        Part.BREAKS,
        Part.HOLDS,
    ]


def test_what_set_the_experiment_up_has_a_row_only_when_it_failed() -> None:
    """Or when everything is asked for, in a part of its own."""
    well = control(Kind.BASELINE, "healthy before the fault", "calm", 1)
    assert rows(CALM, well) == rows(CALM)
    assert folded(result(CALM, well), everything=True)[-1].part is Part.SET_UP
    (unknown, _) = rows(CALM, replace(well, value=math.nan, missing="no request was due"))
    assert (unknown.part, unknown.missing) == (Part.UNKNOWN, "no request was due")
    assert unknown.subject == "calm is healthy before the fault"


def test_the_sentence_tells_broken_variants_first_and_merges_what_is_alike() -> None:
    """One predicate of several variants is said once, with their values in turn."""
    assert sentence(result(WISE, CALM, DOWN)) == (
        "After a freeze, naive stayed down. wise and calm recovered in 3 s and 2 s."
    )
    same = replace(WISE, value=2.0)
    assert sentence(result(CALM, same)) == "After a freeze, calm and wise recovered in 2 s."


def test_the_sentence_says_what_was_seen_where_a_claim_does_not_hold() -> None:
    """Never what the lab hoped for; a time without end is said in words."""
    up = replace(DOWN, value=0.8)
    never = replace(CALM, value=math.inf)
    assert sentence(result(up, never, replace(WISE, value=9.0))) == (
        "After a freeze, naive gave 80 %. calm never came back; wise took 9 s."
    )


def test_the_sentence_has_both_engines_values() -> None:
    """What was measured stands in brackets; a claim that one engine refutes is not told as held."""
    measured = replace(CALM, engine="compose", value=3.0)
    assert sentence(result(CALM, measured)) == (
        "After a freeze, calm recovered in 2 s (measured: 3 s)."
    )
    late = replace(measured, value=5.0)
    assert "calm took 2 s (measured: 5 s)" in sentence(result(CALM, late))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.TIMING, "your computer was too busy to keep the schedule"),
        (Kind.BASELINE, "the system was not healthy before the fault"),
        (Kind.READ_BACK, "a fault was not applied, or not removed"),
    ],
)
def test_without_a_proof_there_is_no_answer(kind: Kind, reason: str) -> None:
    """An experiment that slipped says why, and nothing of what it would have shown."""
    slipped = control(kind, "x", "calm", 9)
    assert sentence(result(DOWN, CALM, slipped)) == f"No answer this time: {reason}."


def test_a_lab_without_words_is_told_by_its_claims() -> None:
    """As `./lab new` writes one; braces in a claim are only text."""
    lab = replace(LAB, reading=Reading())
    assert sentence(result(DOWN, CALM, lab=lab)) == "naive stays down. calm recovers."
    odd = replace(CALM, claim="re{co}vers")
    assert sentence(result(odd, lab=lab)) == "calm re{co}vers."


def recorded(variant: str, *seconds: float, engine: str = "sim") -> Recording:
    """Record one good answer at each of some moments."""
    requests = [
        Request(number, "/", at_s, at_s, at_s, "200") for number, at_s in enumerate(seconds)
    ]
    return Recording(
        lab="small", variant=variant, seed=1, engine=engine, duration_s=5, requests=requests
    )


def made(*recordings: Recording, calm: tuple[Recording, ...] = (), lab: Lab = LAB) -> Result:
    return Result(slug="small", lab=lab, seed=1, recordings=list(recordings), calm=list(calm))


def test_a_line_shows_good_answers_where_a_lab_says_nothing_else() -> None:
    """Each run has a line, under the rate of the load, with what came in its last second."""
    lines = drawn(made(recorded("naive", 0.5, 0.6), calm=(recorded("naive", 4.5),)))
    assert [(line.name, line.marks, line.end) for line in lines] == [
        ("naive", "▂____", "0 good/s at the end"),
        ("naive, no fault", "____▁", "1 good/s at the end"),
    ]
    assert [second for second in range(5) if lines[0].is_faulty(second)] == [1, 2]
    assert not any(lines[1].is_faulty(second) for second in range(5))
    assert caption(LAB) == "good answers each second (higher is better)"


def test_a_measured_line_stands_below_its_simulated_one() -> None:
    """Variant by variant, so that the engines can be compared."""
    runs = [
        recorded(name, engine=engine) for engine in ("sim", "compose") for name in ("naive", "calm")
    ]
    assert [line.name for line in drawn(made(*runs))] == [
        "naive",
        "  measured",
        "calm",
        "  measured",
    ]


def test_runs_without_a_fault_that_look_alike_are_one_line() -> None:
    """Those that differ stay apart."""
    lab = replace(LAB, variants=(Broken("naive"), Broken("async"), Fixed("calm")))
    runs = (recorded("naive"), recorded("async"))
    lines = drawn(made(*runs, calm=runs, lab=lab))
    assert [line.name for line in lines] == ["naive", "async", "both, no fault"]
    apart = drawn(made(*runs, calm=(recorded("naive"), recorded("async", 4.5)), lab=lab))
    assert len(apart) == 4


def test_figures_at_the_ends_stand_in_columns_and_have_names() -> None:
    """A run without a figure has none, rather than a sign that must be explained."""
    found = {"naive": 190.0, "calm": 3.0, "wise": math.nan}
    lost = Measure(name="lost", compute=lambda run: found[run.variant])
    line = Line(caption="writes lost", ends=(End(said="{value} lost", measure=lost),))
    lab = replace(LAB, reading=Reading(line=line))
    lines = drawn(made(*map(recorded, found), lab=lab))
    assert [one.end for one in lines] == ["190 lost", "  3 lost", ""]
    assert caption(lab) == "writes lost"


def test_a_fault_of_each_replica_is_one_window() -> None:
    """Named for the service, from the first beginning to the last end."""
    assert list(windows(LAB)) == [(" ▼▼  ", "back frozen, 1-3 s")]
    alone = replace(LAB, faults=LAB.faults[:1])
    assert list(windows(alone)) == [(" ▼   ", "back-1 frozen, 1-2 s")]


def test_a_fault_that_a_variant_brings_is_named_in_its_words_too() -> None:
    """What is said in the same words of several hosts at one time is named over a plot once."""
    hosts = ("front", "back")
    frozen = tuple(during(1, 3, Pause(host), said="all frozen") for host in hosts)
    services = tuple(Service(host, app="services.worker") for host in hosts)
    lab = replace(LAB, services=services, faults=(), variants=(Fixed("own", faults=frozen),))
    records = [
        FaultRecord(name=one.fault.name, target=one.fault.target, start_s=1, end_s=3)
        for one in frozen
    ]
    assert [one.name for one in captions(lab, records)] == ["all frozen"]
    assert list(windows(replace(lab, faults=frozen))) == [(" ▼▼  ", "all frozen, 1-3 s")]
