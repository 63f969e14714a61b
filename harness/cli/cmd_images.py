"""`./lab images`: the images in which labs run."""

from contextlib import closing
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from harness.engines.compose import carry, inventory, sbom
from harness.engines.compose.build import build

MB = 1_000_000
A_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Build, pull, save, load or list the images in which labs run."""


@command.command("build")
@click.option("--base", default=None, help="Stand on this image of a registry ('' for Debian's).")
@click.option("--refresh", is_flag=True, help="Take today's Debian packages: security updates.")
def build_command(base: str | None, refresh: bool) -> None:  # noqa: FBT001
    """Build what is missing; needs no registry."""
    build(click.echo, base=base, refresh=refresh)


@command.command("pull")
def pull_command() -> None:
    """Take from public registries what they have (untested)."""
    carry.pull(click.echo)


@command.command("save")
@click.argument("file", type=A_FILE)
def save_command(file: Path) -> None:
    """Write all images to one file, for machines without a network."""
    carry.save(file, click.echo)


@command.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Take all images from a file that `save` wrote."""
    carry.load(file, click.echo)


@command.command("sbom")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def sbom_command(folder: Path) -> None:
    """Write into a folder what packages each image holds, as CycloneDX."""
    with closing(inventory.connect()) as client:
        for path in sbom.write(client, folder):
            click.echo(str(path))


@command.command("list")
def list_command() -> None:
    """List this tree's images, their sizes, and whether they are there."""
    with closing(inventory.connect()) as client:
        statuses, others = inventory.status(client), inventory.others(client)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("image", "state", "MB"):
        table.add_column(heading, justify="right" if heading == "MB" else "left")
    for one in statuses:
        table.add_row(one.reference, one.state, f"{one.size_bytes / MB:.0f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\n{inventory.total_bytes(statuses) / MB:.0f} MB, shared layers counted once")
    if any(one.state is inventory.State.MISSING for one in statuses):
        console.print("./lab images build makes what is missing")
    if others:
        console.print(f"{len(others)} are of other trees or versions: ./lab clean --images")
