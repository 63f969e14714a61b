"""`./lab play`: a lab in the browser, to be broken by hand."""

import asyncio
import errno
import signal
from functools import partial
from ipaddress import IPv4Address
from urllib.parse import urlencode

import click

from harness import catalogue, labs_folder
from harness.cli.options import EngineChoice
from harness.engines.containers import why_not
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.live.child import started
from harness.live.class_vote import network_address
from harness.live.server import HOST, Console, serving

DEFAULT = "retry-storm"
ON_CONTAINERS = "harness.cli.play_process"
REMOVAL_S = 60.0
"""How long a session may take to remove its containers."""


@click.command()
@click.argument("name", required=False)
@click.option(
    "--engine",
    type=click.Choice([EngineChoice.SIM.value, EngineChoice.COMPOSE.value]),
    default=EngineChoice.SIM.value,
    show_default=True,
    help="Play a simulation, or containers in real time.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    help="The port on this machine.",
)
@click.option(
    "--vote-address",
    type=IPv4Address,
    metavar="ADDRESS",
    show_default="this machine's in its network",
    help="Where a class's phones vote, once the page opens a vote for them.",
)
def command(name: str | None, engine: str, port: int, vote_address: IPv4Address | None) -> ExitCode:
    """Break a lab by hand, in the browser.

    Prints an address of this machine that holds a token: whoever has it can use the console, and
    nobody on the network can reach it. Ctrl-C ends it. The address with tools at its end lists
    the tools, such as a sandbox in which a system of your own is put together.

    On containers time is the machine's: there is no pause, no step and no way back. Play starts
    them; one run at a time, of one variant. Its recording is kept in runs/ when it ends. Nothing of
    it is left when its page is closed.

    A vote of a class is for phones of the same network, and is open only while the page shows its
    address; they can vote there, and nothing else.
    """
    if vote_address is not None and vote_address.is_unspecified:
        raise LabError(f"--vote-address {vote_address}: name one address of this machine")
    first = catalogue.slugs()[0] if labs_folder.chosen() else DEFAULT
    entry = catalogue.find(name or first)
    containers = engine == EngineChoice.COMPOSE
    if containers and (why := why_not()):
        raise EnvironmentNotReadyError(why)
    console = Console(
        partial(started, ON_CONTAINERS, REMOVAL_S) if containers else started,
        lambda: str(vote_address) if vote_address else network_address(),
    )
    asyncio.run(_served(console, entry.slug, port))
    return ExitCode.AS_EXPECTED


async def _served(console: Console, slug: str, port: int) -> None:
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
