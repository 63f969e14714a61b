"""`./lab show`: a lab before it runs."""

from collections.abc import Iterator

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from harness import catalogue
from harness.catalogue import Entry
from harness.cli import experiments, tables
from harness.lessons.experiments import lesson
from harness.model.expect import Bound, Measure
from harness.model.lab import Lab
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.report.text import timeline, topology
from harness.report.words import Words

INDENTED = (0, 0, 0, 2)
COLOURS = {Broken: "red", Fixed: "green", Measured: "cyan"}


@click.command()
@click.argument("name")
@click.option("--answers", is_flag=True, help="Also what a run is expected to show.")
def command(name: str, answers: bool) -> None:  # noqa: FBT001
    """Show a lab: topology, variants, faults in time."""
    entry = catalogue.find(name)
    lab = entry.lab
    console = Console(highlight=False)
    console.print(Text(lab.title, style="bold"))
    tables.paragraph(console, lab.question)
    console.print(Text(f"\n{topology(lab)}"), no_wrap=True, soft_wrap=True)
    console.print(Text("\nVariants", style="bold"))
    for variant in lab.variants:
        console.print(_variant(lab, variant, answers=answers))
    console.print(Text("\nFaults", style="bold"))
    console.print(Text(timeline(lab, min(console.width, 100))), no_wrap=True, soft_wrap=True)
    if answers:
        _claims(console, lab)
    else:
        _questions(console, lab)
    console.print()
    for what, step in _steps(entry, answers=answers):
        console.print(Text(f"{what:<9} {step}"), soft_wrap=True)


def _steps(entry: Entry, *, answers: bool) -> Iterator[tuple[str, str]]:
    if lesson(entry).exists():
        yield "lesson", experiments.shown(lesson(entry))
    yield "run", f"./lab run {entry.slug}"
    if not answers:
        yield "answers", f"./lab show {entry.slug} --answers"


def _variant(lab: Lab, variant: Variant, *, answers: bool) -> Text:
    """Say how a variant differs, and with the answers whether it must break."""
    line = Text(f"  {variant.name:<16}")
    if answers:
        line.stylize(COLOURS[type(variant)])
        line.append(f"{variant.must:<13}", "dim")
    settings = ", ".join(f"{name} = {value}" for name, value in variant.settings.items())
    line.append(settings or "as above", "default")
    words = lab.reading.variants.get(variant.name)
    return line.append(f"\n{'':<18}{words}" if words else "", "dim")


def _questions(console: Console, lab: Lab) -> None:
    """Ask what a learner may think about before the run."""
    if lab.reading.questions:
        console.print(Text("\nWhat do you expect?", style="bold"))
    for question in lab.reading.questions[:1]:
        tables.paragraph(console, f"  {question.asks}:")
        for number, choice in enumerate(question.choices, start=1):
            console.print(Text(f"    {number}  {choice.said}"), soft_wrap=True)


def _claims(console: Console, lab: Lab) -> None:
    console.print(Text("\nWhat a run must show", style="bold"))
    for item in lab.expect:
        who = ", ".join(item.variants) or "all"
        claim = f"{who}: {item.claim}; {_held(item.measure, item.bound)}"
        console.print(Padding(Text(claim), INDENTED, expand=False))
    for prediction in lab.predict:
        held = _held(prediction.measure, prediction.bound)
        claim = f"{prediction.on}: {prediction.name}; {held}; {prediction.because}"
        console.print(Padding(Text(claim), INDENTED, expand=False))


def _held(measure: Measure, bound: Bound) -> str:
    return f"{measure.name} {Words(measure.unit, measure.is_share).bound(bound)}"
