"""`./lab lesson`: write the figures of the last runs into lessons."""

from collections.abc import Sequence

import click
from rich.console import Console

from harness import catalogue
from harness.cli import options
from harness.lessons import evidence, last_runs, pictures, rewrite
from harness.report.panels import called


@click.command()
@click.argument("names", nargs=-1)
def command(names: Sequence[str]) -> None:
    """Write the figures of the last runs into lessons.

    Sparklines, tables, figures in sentences, and the picture: of all labs, or of those named. Only
    runs of the lab as it is count, with seed 1, of all variants, that PASS. What was measured and
    is kept in evidence.json beside the lesson stays until there is a newer run, or until the lab
    changes.
    """
    console = Console(highlight=False)
    for slug in options.labs(names):
        entry = catalogue.find(slug)
        made, remarks = last_runs.evidence_of(entry)
        lesson = entry.folder / evidence.LESSON
        text = rewrite.rewritten(lesson.read_text(), entry, made)
        lesson.write_text(text)
        (entry.folder / evidence.FILE).write_text(evidence.written(made))
        pictures.draw(entry, made)
        days = ", ".join(f"{called(engine)} {half.day}" for engine, half in made.items())
        console.print(f"{slug:<24}{days}", soft_wrap=True)
        for remark in remarks:
            console.print(f"{'':<24}{remark}", soft_wrap=True)
