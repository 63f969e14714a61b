"""`--on tcp://HOST:PORT`: the same work on the workers of a Dask scheduler."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from harness import labs_folder
from harness.cli.late import imported
from harness.cli.workers import Elsewhere
from harness.errors import LabError

CLIENT = "harness.cluster.client"
"""Imported when it is asked for: it brings Dask, which the first start does not install."""


def option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--on tcp://HOST:PORT`."""
    return click.option(
        "--on",
        metavar="tcp://HOST:PORT",
        help="On the workers of a Dask scheduler: ./lab cluster says how to start one.",
    )


@contextmanager
def opened(address: str | None, jobs: int | None) -> Iterator[Elsewhere | None]:
    """Give the cluster of an address while the block lasts, or None without an address.

    Raises:
        LabError: the address is none, or the command line asks for what a cluster cannot do.
        EnvironmentNotReadyError: no scheduler answers there, or no worker has this tree.

    """
    if address is None:
        yield None
        return
    if jobs:
        raise LabError("--jobs is of this machine; with --on the workers say how many run at once")
    if labs_folder.chosen():
        raise LabError("--on: workers have no copy of the labs that --labs names; leave --on out")
    with imported(CLIENT).opened(address, _say) as cluster:
        yield cluster


def _say(line: str) -> None:
    click.echo(f"chaoslab: {line}", err=True)
