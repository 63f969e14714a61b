"""The runner: takes a lab's variants through an engine and judges what was recorded."""

from collections.abc import Callable, Sequence

from harness.catalogue import Entry
from harness.checks.agreement import agreement
from harness.checks.verdict import judge, judge_without_fault
from harness.conductor import conductor
from harness.engines.protocol import Engine, Observer, Plan
from harness.model.lab import Broken, Lab, Variant
from harness.recording import Recording
from harness.result import Result

Watch = Callable[[Engine, Variant, Lab], Observer]
"""Makes the observer of one run, from its engine, its variant, and the lab as it is run."""


NOTES_SHOWN = 3
"""How many of a recording's notes a person sees at once; all are in its folder."""


def run(
    entry: Entry, variants: Sequence[Variant], seed: int, engines: Sequence[Engine], watch: Watch
) -> Result:
    """Run variants on engines, one after the other, and judge each; broken ones also unbroken.

    The negative control, a broken variant without its fault, is run on the first engine alone:
    on containers it would take as long again.
    """
    result = Result(slug=entry.slug, lab=entry.lab, seed=seed)
    for engine in engines:
        for variant in variants:
            measure(result, engine, variant, watch)
        if engine is engines[0]:
            for variant in variants:
                if isinstance(variant, Broken):
                    prove_healthy(result, engine, variant, watch)
    return result


def measure(result: Result, engine: Engine, variant: Variant, watch: Watch) -> None:
    """Run one variant with its faults, and hold it against the lab and the other engine."""
    recording = record(result, result.lab, engine, variant, watch)
    before = [other for other in result.recordings if other.variant == variant.name]
    result.recordings.append(recording)
    where = f"{variant.name}, {engine.name}"
    result.notes += [f"{where}: {note}" for note in recording.notes[:NOTES_SHOWN]]
    if len(recording.notes) > NOTES_SHOWN:
        result.notes.append(f"{where}: {len(recording.notes) - NOTES_SHOWN} more such lines")
    result.controls += judge(result.lab, recording)
    for other in before:
        result.controls += agreement(result.lab, other, recording)


def prove_healthy(result: Result, engine: Engine, variant: Variant, watch: Watch) -> None:
    """Run a broken variant without its faults: it must stay healthy."""
    lab = result.lab.without_faults()
    result.controls += judge_without_fault(lab, record(result, lab, engine, variant, watch))


def record(result: Result, lab: Lab, engine: Engine, variant: Variant, watch: Watch) -> Recording:
    """Run one variant of a lab as it is given, and give its recording."""
    plan = Plan(slug=result.slug, lab=lab, variant=variant, seed=result.seed)
    conduct = conductor(lab.faults, lab.duration_s)
    return engine.run(plan, conduct, watch(engine, variant, lab))
