"""`./lab ci`: a ready file for a CI service."""

from pathlib import Path

import click

FILES = Path(__file__).parent / "templates" / "ci"
SERVICES = sorted(path.stem for path in FILES.glob("*.yml"))


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
def command(service: str) -> None:
    """Print a ready file for a CI service.

    It checks your labs, shared out over machines; change what stands at its top.

    \b
    ./lab ci github > .github/workflows/chaoslab.yml
    """  # noqa: D301 - \b is click's
    click.echo((FILES / f"{service}.yml").read_text(), nl=False)
