"""`./lab lesson`: write the figures of the last runs into lessons."""

from collections.abc import Iterator, Sequence

import click
from rich.console import Console

from harness import catalogue
from harness.catalogue import Entry
from harness.cli import options
from harness.lessons import evidence, last_runs, lesson_map, pictures, rewrite
from harness.report.panels import called
from harness.sweep.measures import map_names


@click.command()
@click.argument("names", nargs=-1)
def command(names: Sequence[str]) -> None:
    """Write the figures of the last runs into lessons.

    Sparklines, tables, figures in sentences, and the picture: of all labs, or of those named. Only
    runs of the lab as it is count, with seed 1, of all variants, that PASS. What was measured and
    is kept in evidence.json beside the lesson stays until there is a newer run, or until the lab
    changes. So it is with the lab's maps, which ./lab sweep NAME makes.
    """
    console = Console(highlight=False)
    for slug in options.labs(names):
        entry = catalogue.find(slug)
        made, remarks = last_runs.evidence_of(entry)
        remarks += _maps(entry)
        lesson = entry.folder / evidence.LESSON
        text = rewrite.rewritten(lesson.read_text(), entry, made)
        lesson.write_text(text)
        (entry.folder / evidence.FILE).write_text(evidence.written(made))
        pictures.draw(entry, made)
        days = ", ".join(f"{called(engine)} {half.day}" for engine, half in made.items())
        console.print(f"{slug:<24}{days}", soft_wrap=True)
        for remark in remarks:
            console.print(f"{'':<24}{remark}", soft_wrap=True)


def _maps(entry: Entry) -> Iterator[str]:
    """Keep the maps that were swept of this tree beside the lesson, or say which are missing."""
    for name in map_names(entry):
        found = lesson_map.swept_now(entry, name)
        if found is None:
            command = lesson_map.command(entry, name)
            yield f"{command} has not been run of this tree; the map stays as it was"
            continue
        content = lesson_map.written(found)
        lesson_map.path_of(entry, name).write_text(content, encoding="utf-8")
