"""`./lab clean`: takes away what interrupted runs left, and shows what it took."""

import shutil

import click

from harness import store
from harness.engines.compose.client import why_not
from harness.engines.compose.janitor import sweep


@click.command()
@click.option("--runs", is_flag=True, help="Also remove every recording under runs/.")
def command(runs: bool) -> None:  # noqa: FBT001
    """Remove what runs that died left behind."""
    missing = why_not()
    removed = [] if missing else sweep()
    removed += [f"half of a run, {path.parent.name}/{path.name}" for path in store.sweep()]
    for name in removed:
        click.echo(f"removed {name}")
    if missing:
        click.echo(f"containers not looked at: {missing}")
    removed_runs = _remove_runs() if runs else 0
    if runs:
        click.echo(f"removed {removed_runs} recorded runs")
    if not removed and not missing:
        click.echo("nothing was left behind")


def _remove_runs() -> int:
    runs = list(store.RUNS.glob("*/*/"))
    for path in runs:
        shutil.rmtree(path)
    return len(runs)
