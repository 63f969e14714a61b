"""`./lab play`: a lab in the browser, to be broken by hand."""

import asyncio
import errno
import signal
from urllib.parse import urlencode

import click

from harness import catalogue
from harness.errors import EnvironmentNotReadyError, ExitCode
from harness.live.child import started
from harness.live.server import HOST, Console, serving

DEFAULT = "retry-storm"


@click.command()
@click.argument("name", default=DEFAULT)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    help="The port on this machine.",
)
def command(name: str, port: int) -> ExitCode:
    """Break a simulated lab by hand, in the browser.

    Prints an address of this machine that holds a token: whoever has it can use the console, and
    nobody on the network can reach it. Ctrl-C ends it.
    """
    slug = catalogue.find(name).slug
    asyncio.run(_served(slug, port))
    return ExitCode.AS_EXPECTED


async def _served(slug: str, port: int) -> None:
    console = Console(started)
    try:
        runner = await serving(console, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise EnvironmentNotReadyError(
            f"port {port} of {HOST} is taken; leave --port out, and a free one is found"
        ) from error
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        click.echo(f"{console.address()}#{urlencode({'lab': slug})}")
        click.echo("Open this address in a browser on this machine. Ctrl-C ends the console.")
        await stop.wait()
    finally:
        await runner.cleanup()
