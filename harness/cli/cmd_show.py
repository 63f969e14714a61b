"""`./lab show`: a lab before it runs."""

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from harness import catalogue
from harness.model.expect import Bound, Measure
from harness.model.lab import Broken, Lab, Variant
from harness.report.text import timeline, topology, wanted

INDENTED = (0, 0, 0, 2)


@click.command()
@click.argument("name")
def command(name: str) -> None:
    """Show a lab: question, topology, variants, faults in time."""
    entry = catalogue.find(name)
    lab = entry.lab
    console = Console(highlight=False)
    console.print(Text(lab.title, style="bold"))
    console.print(Text(f"{lab.question}\n"))
    console.print(Text(topology(lab)), no_wrap=True, soft_wrap=True)
    console.print(Text("\nVariants", style="bold"))
    for variant in lab.variants:
        console.print(_variant(variant))
    console.print(Text("\nFaults", style="bold"))
    console.print(Text(timeline(lab, min(console.width, 100))), no_wrap=True, soft_wrap=True)
    _claims(console, lab)
    lesson = catalogue.shown(entry.folder / "README.md")
    console.print(f"\nlesson   {lesson}\nrun      ./lab run {entry.slug}", soft_wrap=True)


def _variant(variant: Variant) -> Text:
    broken = isinstance(variant, Broken)
    line = Text(f"  {variant.name:<16}", style="red" if broken else "green")
    line.append("must break   " if broken else "must hold    ", "dim")
    settings = ", ".join(f"{name} = {value}" for name, value in variant.settings.items())
    line.append(settings or "as above", "default")
    return line


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
    return f"{measure.name} {wanted(bound, measure.unit)}"
