"""The words of a lab: what is refused before it runs, and what stands in for words that miss."""

from dataclasses import replace

import pytest

from harness.measures import recovery_s, success_ratio
from harness.measures.plots import calls_to
from harness.model import (
    Broken,
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Fixed,
    Kill,
    Lab,
    MemoryLimit,
    Paced,
    Partition,
    Pause,
    RefuseNew,
    Service,
    Stop,
    Unanswered,
    baseline,
    during,
    on,
)
from harness.model.fault import Fault
from harness.model.reading import (
    UNREAD,
    End,
    Line,
    Phrase,
    Question,
    Reading,
    choice,
)
from harness.model.toxic import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)
from harness.model.validate import problems

LATE = success_ratio(3, 5)
PLOT = calls_to("back", title="Calls")
LAB = Lab(
    title="A lab",
    question="Does it hold?",
    services=(
        Service("front", app="services.relay", calls=("back",)),
        Service("back", app="services.worker"),
    ),
    load=Paced(rate_rps=10, to="front"),
    duration_s=5,
    faults=(during(1, 2, Pause("back")),),
    variants=(Broken("naive"), Fixed("calm")),
    expect=(
        baseline(success_ratio(0, 1), at_least=0.9),
        on("naive", claim="stays down", measure=LATE, at_most=0.1),
        on("calm", claim="recovers", measure=recovery_s(), at_most=2),
    ),
    plots=(PLOT,),
)
UP = choice("yes", LATE, at_least=0.9)
DOWN = choice("no", LATE, at_most=0.1, claim="stays down")


def wrong(reading: Reading) -> list[str]:
    return list(problems(replace(LAB, reading=reading)))


def asked(*choices: object, on: str = "naive") -> Reading:
    return Reading(questions=(Question(on=on, asks="answers", choices=choices),))  # type: ignore[arg-type]


def test_a_lab_without_words_is_a_lab() -> None:
    """Nothing is missing, and a claim then speaks for itself."""
    assert wrong(UNREAD) == []
    assert UNREAD.phrase("stays down") == Phrase(row="stays down")
    assert UNREAD.question(["naive"]) is None


def test_words_about_what_is_there_are_taken() -> None:
    """Phrases, a line over the lab's own plot, and a question whose answer a claim gives."""
    reading = Reading(
        opening="After a freeze",
        variants={"naive": "four tries"},
        phrases={"stays down": Phrase(row="stays down", told="stayed down", missed="gave {value}")},
        line=Line(caption="calls", plot=PLOT, ends=(End(said="{value} good", measure=LATE),)),
        questions=asked(UP, DOWN).questions,
    )
    assert wrong(reading) == []
    question = reading.question(["calm", "naive"])
    assert question is not None
    assert question.right == DOWN
    assert reading.question(["calm"]) is None


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(variants={"naiv": "x"}), "variant 'naiv' is not one of naive; calm (did you mean"),
        (Reading(phrases={"stay down": Phrase(row="x")}), "(did you mean stays down?)"),
        (Reading(phrases={"recovers": Phrase(row="")}), "row is empty"),
        (Reading(phrases={"recovers": Phrase(row="x", told="did")}), "told= and no missed="),
        (
            Reading(phrases={"recovers": Phrase(row="x", told="{time}", missed="x")}),
            "{time} stands for nothing; only {value} is filled in",
        ),
        (Reading(phrases={"recovers": Phrase(row="x", never="{")}), "'{': "),
        (
            Reading(line=Line(caption="x", plot=calls_to("back", title="Other"), ends=())),
            "the plot 'Other' is not one of the lab's; add it to plots=",
        ),
        (Reading(line=Line(caption="x", curves=("a",), ends=())), "names curves of no plot"),
        (
            Reading(line=Line(caption="x", ends=(End(said="{v} lost", measure=LATE),))),
            "{v} stands for nothing",
        ),
        (
            Reading(line=Line(caption="x", ends=(End(said="x", measure=success_ratio(3, 9)),))),
            "3-9 s is not within the run",
        ),
        (asked(UP, DOWN, on="nobody"), "question: variant 'nobody' is not one of"),
        (asked(DOWN), "has 1 choices; give 2 to 5"),
        (asked(UP, replace(DOWN, claim="")), "has 0 right choices; name a claim about naive"),
        (asked(replace(UP, claim="stays down"), DOWN), "has 2 right choices"),
        (
            asked(UP, replace(DOWN, claim="recovers")),
            "'recovers' is no claim about naive; its claims are stays down",
        ),
        (
            asked(UP, replace(DOWN, claim="healthy before the fault")),
            "'healthy before the fault' is no claim about naive",
        ),
    ],
)
def test_words_about_what_is_not_there_are_refused(reading: Reading, said: str) -> None:
    """One line says what is wrong: a misspelt name, an open place, a question without an answer."""
    (problem, *_) = wrong(reading)
    assert said in problem


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Pause("db"), "db frozen"),
        (Kill("db"), "db crashed"),
        (Stop("db", grace_s=1), "db stopped"),
        (ClockSkew("db-2", skew_s=-2), "db-2: clock \N{MINUS SIGN}2 s"),
        (ClockSkew("db", skew_s=2, drift_ppm=50), "db: clock +2 s, +50 ppm"),
        (CpuSlow("db", factor=4), "db 4 x slower"),
        (MemoryLimit("db", limit_mib=64), "db: 64 MiB only"),
        (DiskFull("db"), "db: disk full"),
        (Configure("db", size=4, mode="x"), "db: size 4, mode x"),
        (Partition(("a", "b"), ("c",)), "c cut off from a, b"),
        (RefuseNew("a->b"), "a->b refuses new callers"),
        (Unanswered("a->b"), "a->b ignores new callers"),
        (Down("a->b"), "a->b down"),
        (Latency("a->b", latency_ms=1500), "a->b 1.5 s late"),
        (Bandwidth("a->b", rate_kbps=1000), "a->b at 1,000 kB/s"),
        (SlowClose("a->b", delay_ms=500), "a->b 0.5 s slow to close"),
        (Timeout("a->b"), "a->b silent"),
        (ResetPeer("a->b"), "a->b reset"),
        (Slicer("a->b", average_bytes=9), "a->b in small pieces"),
        (LimitData("a->b", limit_bytes=5000), "a->b closed after 5,000 bytes"),
    ],
)
def test_a_fault_says_in_words_what_it_does(fault: Fault, said: str) -> None:
    """Each kind has words of its own, without brackets; a lab may choose others."""
    assert during(1, 2, fault).said == said
    assert during(1, 2, fault, said="it breaks").said == "it breaks"
