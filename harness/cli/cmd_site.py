"""`./lab site`: labs, lessons and the console as a static folder."""

from pathlib import Path

import click

from harness.errors import ExitCode
from harness.site.build import build


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--no-play", is_flag=True, help="The pages alone, without Node and npm.")
def command(out: Path, *, no_play: bool) -> ExitCode:
    """Write lessons and labs as a static site.

    The folder OUT gets every question, every lesson, and the labs themselves: they run in the
    visitor's browser. Any server of static files will do, and nothing is fetched from elsewhere;
    after the first visit it works offline.
    """
    build(out, playable=not no_play)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"{out}: {size / 1e6:.1f} MB. Look at it: python3 -m http.server -d {out}")
    return ExitCode.AS_EXPECTED
