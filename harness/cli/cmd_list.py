"""`./lab list`: the labs, by track, and how much of the series they serve."""

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import catalogue, labs_folder


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are still to be written.")
def command(everything: bool) -> None:  # noqa: FBT001
    """List the labs and how many episodes of the series they serve."""
    console = Console(highlight=False)
    written = catalogue.slugs()
    rows = {row.slug: row for row in catalogue.planned()}
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
        else:
            entry = catalogue.find(slug)
            table.add_row(slug, entry.track, "", Text(entry.lab.question))
    console.print(table)
    if labs_folder.chosen():
        return
    episodes = catalogue.episodes()
    served = [episode for episode in episodes if {episode.lab, *episode.also} & set(written)]
    answered = [episode for episode in episodes if episode.lab in written]
    console.print(
        f"\n{len(written)} of {len(rows)} labs are written; {len(answered)} of {len(episodes)} "
        f"episodes are answered by one, {len(served)} are touched by one."
    )
