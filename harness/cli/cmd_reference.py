"""`./lab reference`: everything that a lab can say, or what has a word in its name."""

import click

from harness import reference
from harness.errors import LabError


@click.command()
@click.argument("word", required=False, default="")
@click.option("--write", is_flag=True, help="Write the page in labs/.")
def command(word: str, write: bool) -> None:  # noqa: FBT001
    """List all that a lab can say, or what has WORD in its name.

    Words, measures, services with their settings, patterns, formulas.
    """
    found = reference.sections()
    if write:
        reference.FILE.write_text(reference.markdown(found))
        click.echo(f"written to {reference.FILE.parent.name}/{reference.FILE.name}")
        return
    kept = reference.matching(found, word)
    if not kept:
        raise LabError(f"nothing has {word!r} in its name; ./lab reference lists all")
    for section in kept:
        click.secho(section.title, bold=True)
        for item in section.items:
            click.echo(f"  {item.name}({item.takes})" if item.takes else f"  {item.name}")
            click.echo(f"      {item.said}")
