"""Every lab proves its claim on the simulator, and fails when it is broken on purpose."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from harness import catalogue, runner
from harness.checks.verdict import Kind, Verdict, failures, judge, verdict_of
from harness.cli import tables, whither
from harness.due import due_to_prove
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.invariants import checking
from harness.lessons import evidence, rewrite
from harness.model.lab import Lab
from harness.model.reading import Question
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.proof.bench import Bench
from harness.proof.item import Listed, Way
from harness.proof.proof import proof as in_every_way
from harness.proof.replacing import watched
from harness.recording import Recording
from harness.report.folded_rows import folded
from harness.report.sentence import sentence
from harness.result import Result
from tests.support import Silent

SEED = 1
LONGEST = 60
"""Lines of a lab.py, at most."""
SCREEN = 60
"""Lines of what a run says, at most."""

TEMPLATE = Path(runner.__file__).parent / "cli" / "templates" / "README.md.jinja"


every_lab = pytest.mark.parametrize("slug", catalogue.slugs())
"""One worker has all tests of a lab: tests/one_worker.py."""
PROVEN = os.environ.get("CHAOSLAB_PROVE", "")
"""`all` at night, and otherwise the day on which this run of the tests began."""
TO_PROVE = (
    catalogue.slugs()
    if PROVEN == "all"
    else due_to_prove(catalogue.slugs(), date.fromisoformat(PROVEN))
)
COUNTED = {"poison-message"}
"""Labs whose figures follow from their own numbers by counting alone."""


@dataclass
class Remembering:
    """The simulator, which remembers what it recorded with the faults and without."""

    name: str = SimEngine.name
    real_time: bool = False
    broken: dict[str, Recording] = field(default_factory=dict)
    unbroken: dict[str, Recording] = field(default_factory=dict)
    called: dict[str, Sequence[Listed]] = field(default_factory=dict)

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        if plan.seed != SEED:  # the dear checks are made on each lab as it is
            with checking(dear=False):
                return SimEngine().run(plan, conduct, observer)
        with watched() as called:
            made = SimEngine().run(plan, conduct, observer)
        self.called.setdefault(plan.variant.name, list(called))
        kept = self.unbroken if plan.lab.is_control else self.broken
        kept[plan.variant.name] = made
        return made


def _watch(engine: object, variant: Variant, lab: Lab) -> Observer:
    del engine, variant, lab
    return Silent()


@cache
def proof(slug: str) -> tuple[Result, Remembering]:
    """Run a lab once for all tests."""
    engine = Remembering()
    entry = catalogue.find(slug)
    result = runner.run(entry, entry.lab.variants, SEED, [engine], _watch, averages=True)
    return result, engine


@every_lab
def test_a_lab_passes_all_its_controls(slug: str) -> None:
    """It breaks unprotected, holds protected, and stays well without the fault."""
    result, _ = proof(slug)
    assert failures(result.controls) == []
    assert result.verdict is Verdict.PASS


@every_lab
def test_a_lab_has_every_kind_of_control(slug: str) -> None:
    """A broken variant has its cascade and its negative, a fixed one its claim.

    Both have a baseline, unless the load itself is what breaks the lab. Of one that is measured
    there is a claim, a prediction or a comparison.
    """
    result, _ = proof(slug)
    compared = {name for item in result.lab.across for name in item.variants}
    for variant in result.lab.variants:
        kinds = {control.kind for control in result.controls if control.variant == variant.name}
        assert Kind.READ_BACK not in kinds
        if isinstance(variant, Measured):
            assert kinds & {Kind.SHOWN, Kind.PREDICTION} or variant.name in compared
            continue
        assert Kind.BASELINE in kinds or result.lab.calm
        proven = {Kind.BITES, Kind.NEGATIVE} if isinstance(variant, Broken) else {Kind.HOLDS}
        assert proven <= kinds


@every_lab
def test_every_claim_tells_apart(slug: str) -> None:
    """No claim is true of what it must be false of, and none lacks what it would take to see it."""
    result, _ = proof(slug)
    apart = [control for control in result.controls if control.kind is Kind.TELLS_APART]
    assert failures(apart) == []
    claims = {item.claim for item in result.lab.expect if not (item.is_baseline or item.noted)}
    # Variants that are alike have no boundary at all.
    claims |= {
        item.claim
        for item in result.lab.across
        if not math.isnan(item.of_alike([1.0] * len(item.variants)))
    }
    assert claims <= {control.claim for control in apart}
    assert (result.unproven, result.left_out) == ([], ())


@pytest.mark.parametrize("slug", TO_PROVE)
def test_what_is_broken_on_purpose_is_noticed(slug: str) -> None:
    """What it falls by, each setting of its fixes, its patterns; and its lesson does what it says.

    All labs that have changed since their proof was kept, and a few of the others in turn.
    A lab has a test file of its own only for what none of these ways can break.
    """
    result, engine = proof(slug)
    bench = Bench(catalogue.find(slug), SEED, engine.broken, engine.unbroken, engine.called)
    with checking(dear=False):
        items = list(in_every_way(bench))
    assert [(item.way, item.what, item.missing) for item in items if not item.holds] == []
    ways = {item.way for item in items}
    kinds = {type(variant) for variant in result.lab.variants}
    assert {Way.LESSON, Way.ALIKE} <= ways
    assert (Broken in kinds) == (Way.TRIGGER in ways)
    assert bool(kinds & {Fixed, Measured}) == (Way.CHEAT in ways)


@every_lab
def test_a_lab_predicts_from_theory(slug: str) -> None:
    """At least one figure comes from a formula and not from counting."""
    predicted = catalogue.find(slug).lab.predict
    assert predicted
    if slug not in COUNTED:
        assert any(item.source.startswith("theory:") for item in predicted)


@every_lab
def test_the_right_answer_is_what_the_claim_says(slug: str) -> None:
    """Each question's right choice is true of exactly the runs of which its claim is true.

    So it is right of the variant that is asked about, and of no run, faulty or not, that would
    refute the claim; and no other choice is right of that variant.
    """
    result, engine = proof(slug)
    assert result.lab.reading.questions
    for question in result.lab.reading.questions:
        asked = engine.broken[question.on]
        accepted = [one for one in question.choices if one.bound.holds(one.measure.of(asked))]
        assert accepted == [question.right], question.asks
        for recording in (*engine.broken.values(), *engine.unbroken.values()):
            said = question.right.bound.holds(question.right.measure.of(recording))
            assert said is _claim_holds(result.lab, question, recording), recording.variant


def _claim_holds(lab: Lab, question: Question, recording: Recording) -> bool:
    claims = [(item.claim, item.variants, item.measure, item.bound) for item in lab.expect]
    claims += [(item.name, (item.on,), item.measure, item.bound) for item in lab.predict]
    (held,) = (
        bound.holds(measure.of(recording))
        for name, variants, measure, bound in claims
        if name == question.right.claim and question.on in variants
    )
    return held


@every_lab
def test_a_lab_has_words_for_all_that_it_claims(slug: str) -> None:
    """Each variant and each claim but baselines has a phrase, and the sentence a beginning."""
    lab = catalogue.find(slug).lab
    words = lab.reading
    assert words.opening
    assert set(words.variants) == {variant.name for variant in lab.variants}
    claims = {item.claim for item in lab.expect if not item.is_baseline}
    claims |= {item.name for item in lab.predict} | {item.claim for item in lab.across}
    assert set(words.phrases) == claims
    for variant in lab.variants:
        about = [item.claim for item in lab.expect if variant.name in item.variants]
        about += [item.name for item in lab.predict if item.on == variant.name]
        assert any(words.phrase(claim).told for claim in about), variant.name


@every_lab
@pytest.mark.parametrize("width", [80, 120])
def test_a_run_is_read_on_one_screen(slug: str, width: int) -> None:
    """At most 60 lines with what comes after them, none too long, and no row without its claim."""
    result, _ = proof(slug)
    said = StringIO()
    console = Console(file=said, width=width, highlight=False)
    tables.show_head(console, result.lab, [one.name for one in result.lab.variants])
    tables.show(console, result, reply="You guessed 1; it was 2: something else.")
    lines = said.getvalue().splitlines()
    entry = catalogue.find(slug)
    steps = list(whither.steps(entry, result, whither.Asked((), (), SEED), entry.folder, ()))
    lines += whither.lines(steps, width)
    guess = 3
    assert len(lines) + guess <= SCREEN
    assert [line for line in lines if len(line) > width] == []
    text = " ".join(" ".join(lines).split())
    assert [row.subject for row in folded(result) if row.subject not in text] == []
    assert all(timed.said in text for timed in result.lab.faults)
    assert sentence(result) in text
    assert "PASS  " in said.getvalue()
    assert {what for what, _ in steps} >= {"why", "trace", "break it", "next lab"}


@every_lab
def test_without_its_trigger_a_lab_does_not_pass(slug: str) -> None:
    """What is said to break does not break when nothing breaks it."""
    result, engine = proof(slug)
    for variant in result.lab.variants:
        if isinstance(variant, Broken):
            lab = result.lab.facing(variant, SEED).without_trigger()
            controls = judge(lab, engine.unbroken[variant.name])
            assert verdict_of(controls) is not Verdict.PASS, variant.name


@every_lab
def test_without_its_mend_a_lab_does_not_pass(slug: str) -> None:
    """A fixed variant with a broken one's settings fails: the settings are what mends it.

    Under one seed such a run is the broken variant's own, under another name.
    """
    result, engine = proof(slug)
    broken = [variant for variant in result.lab.variants if isinstance(variant, Broken)]
    fixed = [variant for variant in result.lab.variants if isinstance(variant, Fixed)]
    for mend in fixed:
        for without in broken:
            recording = replace(engine.broken[without.name], variant=mend.name)
            controls = judge(result.lab, recording)
            assert verdict_of(controls) is not Verdict.PASS, (mend.name, without.name)


@every_lab
def test_a_lab_stays_within_its_budget(slug: str) -> None:
    """A classroom's laptop can run it: at most 40 seconds, 300 requests a second."""
    lab = catalogue.find(slug).lab
    assert lab.duration_s <= 40
    for variant in lab.variants:
        load = lab.facing(variant, SEED).load
        assert sum(1 for _ in load.arrivals(SEED, lab.duration_s)) <= 300 * lab.duration_s


@every_lab
def test_a_lab_is_short(slug: str) -> None:
    """A lab is a value that fits on a screen."""
    text = (catalogue.find(slug).folder / "lab.py").read_text()
    assert len(text.splitlines()) <= LONGEST


@every_lab
def test_a_lesson_has_all_its_parts_in_their_order(slug: str) -> None:
    """The title is the lab's, and the headings are those of the template."""
    entry = catalogue.find(slug)
    title, *parts = _headings((entry.folder / "README.md").read_text())
    assert title == f"# {entry.lab.title}"
    assert parts == _headings(TEMPLATE.read_text())[1:]


def _headings(text: str) -> list[str]:
    """Give the lines that begin with one or two `#`, outside of code."""
    shown = "".join(text.split("```")[::2])
    return [line for line in shown.splitlines() if line.startswith(("# ", "## "))]


@every_lab
def test_a_lesson_shows_only_pictures_that_are_there(slug: str) -> None:
    """A link to a file of the repository leads to one."""
    folder = catalogue.find(slug).folder
    text = (folder / "README.md").read_text()
    targets = [part.partition(")")[0] for part in text.split("](")[1:]]
    local = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [target for target in local if not (folder / target).exists()] == []


@every_lab
def test_a_lesson_shows_what_is_simulated_today(slug: str) -> None:
    """Its figures, sparklines, texts and curves are those of a run of this tree, to the digit."""
    _, engine = proof(slug)
    entry = catalogue.find(slug)
    kept = evidence.load(entry)["sim"]
    texts = rewrite.texts((entry.folder / evidence.LESSON).read_text())
    made = evidence.gathered(entry, kept.day, list(engine.broken.values()), texts)
    again = evidence.written({"sim": made})
    assert again == evidence.written({"sim": kept}), f"./lab run {slug} && ./lab lesson {slug}"


@every_lab
def test_a_lab_is_in_the_catalogue_and_answers_an_episode(slug: str) -> None:
    """Nobody writes a lab that no topic of the series touches, or in another track."""
    rows = {row.slug: row for row in catalogue.planned()}
    assert rows[slug].track == catalogue.find(slug).track
    assert any(slug in (episode.lab, *episode.also) for episode in catalogue.episodes())


@every_lab
def test_a_lab_asks_what_the_catalogue_promises(slug: str) -> None:
    """The title is the catalogue's, so that a learner finds what the list has shown."""
    rows = {row.slug: row for row in catalogue.planned()}
    assert catalogue.find(slug).lab.title == rows[slug].title
