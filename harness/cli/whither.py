"""The lines under a run: why, the report, a trace, an experiment of the lesson, the next lab."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from harness.catalogue import Entry
from harness.checks.verdict import Kind, Verdict
from harness.cli import learner, program
from harness.cli.experiments import as_experiment, next_experiment, next_lab, shown
from harness.cli.tables import width_of
from harness.lessons.experiments import lesson
from harness.result import Result

Step = tuple[str, str]
"""What a line is about, and what to open or to type."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked for, beside its lab."""

    variants: Sequence[str]
    settings: Sequence[str]
    seed: int


def show(console: Console, entry: Entry, result: Result, asked: Asked, final: Path) -> None:
    """Print the steps, and remember which experiment this run was."""
    command = as_experiment(entry.slug, asked.variants, asked.settings, asked.seed)
    done = learner.tried(entry.slug)
    if asked.settings and command not in done:
        done = [*done, command]
        learner.remember(learner.TRIED, entry.slug, done)
    console.print()
    told = [
        (what, program.proposed(step)) for what, step in steps(entry, result, asked, final, done)
    ]
    for line in lines(told, width_of(console)):
        console.print(Text(line), soft_wrap=True)


def lines(steps: Iterable[Step], width: int) -> Iterator[str]:
    """Write steps in lines; what is too long for one goes below, for commands are copied whole."""
    for what, step in steps:
        line = f"{what:<9} {step}"
        if len(line) <= width:
            yield line
        else:
            yield from (what, f"  {step}")


def steps(
    entry: Entry, result: Result, asked: Asked, final: Path, done: Sequence[str]
) -> Iterator[Step]:
    """Give what to do after a run, by what came of it."""
    if result.verdict is Verdict.INCONCLUSIVE:
        yield from _remedies(entry, result, asked)
    part = "Break the fix" if asked.settings else "Why"
    if lesson(entry).exists():
        yield "why", f"{shown(lesson(entry))}, under {part}"
    report = final / "report.html"
    if report.exists():
        yield "report", shown(report)
    chosen = "".join(f" --variant {name}" for name in asked.variants[:1])
    yield "trace", f"./lab show-trace {entry.slug}{chosen}"
    if asked.settings and result.verdict is not Verdict.PASS:
        yield "again", "the same command; the same seed gives the same simulated run"
    if asked.settings or asked.variants:
        yield "the whole", f"./lab run {entry.slug}   (as the lab has it)"
    further = next_experiment(entry, done)
    if further:
        yield "break it", further
    if not asked.settings and result.verdict is Verdict.PASS:
        yield "next lab", next_lab(entry.slug)


def _remedies(entry: Entry, result: Result, asked: Asked) -> Iterator[Step]:
    """Say what can be done about a run that shows nothing."""
    kinds = {one.kind for one in result.controls if one.verdict is Verdict.INCONCLUSIVE}
    if Kind.TIMING in kinds:
        yield "do this", "close other programs, or wait, and run the same command again"
        yield "or this", f"./lab run {entry.slug} --engine sim   (virtual time: never late)"
    elif asked.settings:
        yield "do this", f"choose other settings, as listed by ./lab show {entry.slug}"
    elif Kind.READ_BACK in kinds:
        yield "do this", "run the same command again; ./lab doctor looks at the engine"
    else:
        yield "do this", f"see what requests met: ./lab show-trace {entry.slug}"
