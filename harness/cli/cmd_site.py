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
    visitor's browser. Nothing is fetched from elsewhere, and after the first visit the site works
    offline.

    To publish it, copy OUT to any server of static files, into any folder of it. Have the server
    compress .wasm and .mjs: a first visit then takes a quarter of the bytes. Many hosts do so
    by themselves. Where yours does, there is a Content-Encoding in the answer to
    curl -sI -H "Accept-Encoding: br, gzip" ADDRESS/engine/core.wasm

    Working offline needs HTTPS, or a server on the visitor's own machine.
    """
    build(out, playable=not no_play)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"{out}: {size / 1e6:.1f} MB. Look at it: python3 -m http.server -d {out}")
    return ExitCode.AS_EXPECTED
