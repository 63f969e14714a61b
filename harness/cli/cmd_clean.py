"""`./lab clean`: takes away what interrupted runs left, and shows what it took."""

import shutil

import click

from harness import store
from harness.engines.containers import engine, part, sweep, unreachable

MB = 1_000_000


@click.command()
@click.option("--runs", is_flag=True, help="Also remove every recording under runs/.")
@click.option("--images", is_flag=True, help="Also remove images that are not this tree's.")
def command(runs: bool, images: bool) -> None:  # noqa: FBT001
    """Remove what crashed runs left: containers, networks, folders."""
    missing = unreachable()
    removed = [] if missing else sweep()
    removed += [f"half of a run, {path.parent.name}/{path.name}" for path in store.sweep()]
    for name in removed:
        click.echo(f"removed {name}")
    if missing:
        click.echo(f"containers not looked at: {missing}")
    removed_runs = _remove_runs() if runs else 0
    if runs:
        click.echo(f"removed {removed_runs} recorded runs")
    if images:
        _remove_images()
    if not removed and not missing:
        click.echo("nothing was left behind")


def _remove_runs() -> int:
    runs = list(store.RUNS.glob("*/*/"))
    for path in runs:
        shutil.rmtree(path)
    return len(runs)


def _remove_images() -> None:
    inventory = part("inventory")
    with engine() as client:
        removed, freed_bytes = inventory.remove_others(client)
        kept = inventory.others(client)
        cached_bytes = sum(one["Size"] for one in client.df()["BuildCache"] or ())
    for name in removed:
        click.echo(f"removed image {name}")
    click.echo(f"removed {len(removed)} images, {freed_bytes / MB:.0f} MB freed")
    if kept:
        click.echo(f"left {len(kept)} images that containers use")
    if cached_bytes > MB:
        click.echo(f"the engine's build cache has {cached_bytes / MB:.0f} MB: docker builder prune")
