"""`./lab ci`: a ready file for a CI service."""

from pathlib import Path

import click

FILES = Path(__file__).parent / "templates" / "ci"
SERVICES = sorted(path.stem for path in FILES.glob("*.yml"))


@click.command()
@click.argument("service", type=click.Choice(SERVICES))
def command(service: str) -> None:
    """Print a ready file that checks your labs: for GitHub Actions, or GitLab CI.

    \b
    ./lab ci github > .github/workflows/chaoslab.yml
    """  # noqa: D301 - \b is click's
    click.echo((FILES / f"{service}.yml").read_text(), nl=False)
