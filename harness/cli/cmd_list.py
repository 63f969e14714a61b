"""`./lab list`: the labs, by track, and how much of the series they serve."""

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import catalogue, labs_folder
from harness.cli.lab_imports import looked_at


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are still to be written.")
def command(everything: bool) -> None:  # noqa: FBT001
    """List the labs and how many episodes of the series they serve."""
    console = Console(highlight=False)
    written = catalogue.slugs()
    rows = {row.slug: row for row in catalogue.planned()}
    # The catalogue has the words of all others, so that nobody's code is run for them.
    others = {one.slug: one for one in looked_at([slug for slug in written if slug not in rows])}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("lab", "track", "level", "question"):
        table.add_column(heading, no_wrap=heading == "lab")
    for slug in [*rows, *(slug for slug in written if slug not in rows)]:
        if slug not in written and not everything:
            continue
        style = "" if slug in written else "dim"
        row = rows.get(slug)
        if row:
            table.add_row(slug, row.track, "●" * row.level, Text(row.question), style=style)
        elif slug in others:
            looked = others[slug]
            wrong = Text(f"cannot be used: {looked.problem}", style="yellow")
            question = wrong if looked.problem else Text(looked.question)
            table.add_row(slug, looked.track, "", question)
    console.print(table)
    if labs_folder.chosen():
        return
    console.print("level: ● first steps, ●● basics, ●●● advanced, ●●●● expert", style="dim")
    episodes = catalogue.episodes()
    served = [episode for episode in episodes if {episode.lab, *episode.also} & set(written)]
    answered = [episode for episode in episodes if episode.lab in written]
    console.print(
        f"\n{len(written)} of {len(rows)} labs are written; {len(answered)} of {len(episodes)} "
        f"episodes are answered by one, {len(served)} are touched by one."
    )
