"""The runner: takes a lab's variants through an engine and judges what was recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.catalogue import Entry
from harness.checks.across import across
from harness.checks.agreement import agreement
from harness.checks.contrast import WITHOUT, Runs, contrast
from harness.checks.timing import timing
from harness.checks.verdict import judge, judge_without_fault
from harness.conductor import conducted
from harness.engines.protocol import Engine, Observer, Plan, Unwatched
from harness.model.expect import Value
from harness.model.lab import Lab
from harness.model.variant import Broken, Variant
from harness.recording import Recording
from harness.result import Result

Watch = Callable[[Engine, Variant, Lab], Observer]
"""Makes the observer of one run, from its engine, its variant, and the lab as it is run."""


def unwatched(engine: Engine, variant: Variant, lab: Lab) -> Observer:
    """Have nobody watch."""
    del engine, variant, lab
    return Unwatched()


NOTES_SHOWN = 3
"""How many of a recording's notes a person sees at first; all are in its folder."""
SEED_STEP = 1_000_000
"""How far the seeds of one prediction's mean are apart, so that those of a check do not overlap."""


@dataclass(slots=True, kw_only=True)
class _Recorded:
    """What one engine has recorded: with the faults, without them, and values of further seeds."""

    faulty: dict[str, Recording] = field(default_factory=dict)
    calm: dict[str, Recording] = field(default_factory=dict)
    more: dict[str, list[Value]] = field(default_factory=dict)
    averages: bool
    real_time: bool

    def runs(self) -> Runs:
        """Give what claims are told apart by."""
        return Runs(faulty=self.faulty, calm=self.calm, averages=self.averages)


def run(  # noqa: PLR0913 - what is run, and how
    entry: Entry,
    variants: Sequence[Variant],
    seed: int,
    engines: Sequence[Engine],
    watch: Watch,
    *,
    averages: bool = False,
) -> Result:
    """Run variants on engines, one after the other, and judge each; broken ones also unbroken.

    The negative control, a broken variant without its fault, is run on the first engine alone:
    on containers it would take as long again. With `averages`, predictions about a mean of several
    seeds are held against such a mean, where time is virtual; else against what one run may show.
    """
    names = [variant.name for variant in variants]
    left_out = tuple(one.name for one in entry.lab.variants if one.name not in names)
    result = Result(slug=entry.slug, lab=entry.lab, seed=seed, left_out=left_out)
    recorded: list[_Recorded] = []
    for engine in engines:
        made = _Recorded(averages=averages and not engine.real_time, real_time=engine.real_time)
        recorded.append(made)
        _record_all(result, made, engine, variants, watch, is_first=len(recorded) == 1)
        _judge(result, made, recorded[:-1])
    compared = [across(entry.lab, made.faulty) for made in recorded]
    for told in (contrast(entry.lab, [made.runs() for made in recorded]), *compared):
        result.controls += told.controls
        result.unproven += [line for line in told.unproven if line not in result.unproven]
    return result


def _record_all(  # noqa: PLR0913 - what is run, on what, and where it goes
    result: Result,
    made: _Recorded,
    engine: Engine,
    variants: Sequence[Variant],
    watch: Watch,
    *,
    is_first: bool,
) -> None:
    for variant in variants:
        recording = record(result, result.lab.facing(variant, result.seed), engine, variant, watch)
        made.faulty[variant.name] = recording
        result.recordings.append(recording)
        _note(result, recording)
    if is_first:
        for variant in variants:
            if isinstance(variant, Broken):
                calm = result.lab.facing(variant, result.seed).without_trigger()
                recording = record(result, calm, engine, variant, watch)
                made.calm[variant.name] = recording
                result.calm.append(recording)
    if made.averages:
        for variant in variants:
            _average(result, made, engine, variant, watch)


def _average(
    result: Result, made: _Recorded, engine: Engine, variant: Variant, watch: Watch
) -> None:
    """Run a variant under further seeds, as many as a prediction about it is the mean of."""
    wanted = [item for item in result.lab.predict if item.on == variant.name]
    for number in range(1, max((item.seeds for item in wanted), default=1)):
        seed = result.seed + number * SEED_STEP
        recording = record(result, result.lab.facing(variant, seed), engine, variant, watch, seed)
        for item in wanted:
            if number < item.seeds:
                made.more.setdefault(item.name, []).append(item.measure.read(recording))


def _judge(result: Result, made: _Recorded, before: Sequence[_Recorded]) -> None:
    """Hold each run against the lab, the clock where time is real, and the engines before."""
    for name, recording in made.faulty.items():
        result.controls += judge(result.lab, recording, made.more)
        if made.real_time:
            result.controls += timing(recording)
        for other in before:
            own = result.lab.facing(result.lab.variant(name), result.seed)
            result.controls += agreement(own, other.faulty[name], recording)
    for recording in made.calm.values():
        result.controls += judge_without_fault(result.lab, recording)
        if made.real_time:
            result.controls += timing(recording, WITHOUT)


def _note(result: Result, recording: Recording) -> None:
    where = f"{recording.variant}, {recording.engine}"
    result.notes += [f"{where}: {note}" for note in recording.notes[:NOTES_SHOWN]]
    if len(recording.notes) > NOTES_SHOWN:
        result.notes.append(f"{where}: {len(recording.notes) - NOTES_SHOWN} more such lines")


def record(  # noqa: PLR0913 - a plan, and who makes it happen
    result: Result,
    lab: Lab,
    engine: Engine,
    variant: Variant,
    watch: Watch,
    seed: int | None = None,
) -> Recording:
    """Run one variant of a lab as it is given, under the result's seed or another; record it."""
    plan = Plan(
        slug=result.slug, lab=lab, variant=variant, seed=result.seed if seed is None else seed
    )
    return engine.run(plan, conducted(lab), watch(engine, variant, lab))
