"""`./lab compose`: the Compose file of a variant, to read or to run by hand."""

import click

from harness import assignments, catalogue
from harness.cli import options
from harness.engines.compose.render import compose_yaml
from harness.engines.protocol import Plan


@click.command()
@click.argument("name")
@click.option("--variant", default=None, help="The lab's first when not given.")
@options.seed()
def command(name: str, variant: str | None, seed: int) -> None:
    """Print a variant's Compose file, to read or to run by hand.

    `docker compose -f - up` runs it, without the fault.
    """
    entry = catalogue.find(name)
    chosen = assignments.chosen(entry, [variant] if variant else [])[0]
    plan = Plan(slug=entry.slug, lab=entry.lab, variant=chosen, seed=seed)
    click.echo(compose_yaml(plan), nl=False)
