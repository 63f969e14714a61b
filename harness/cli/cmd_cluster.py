"""`./lab cluster`: how to start the scheduler and the workers that `--on` sends work to."""

import shlex
import socket
import sys
from collections.abc import Iterator

import click

from harness.catalogue import ROOT
from harness.cli import program
from harness.cli.late import refuse_without
from harness.cli.workers import cores
from harness.cluster.address import Address, parsed
from harness.errors import LabError

HERE = "tcp://127.0.0.1:8786"
WORKER = "harness.cluster.worker.LabWorker"
FILES = ("--tls-ca-file ca.pem", "--tls-cert cert.pem", "--tls-key key.pem")
VARIABLES = ("CA_FILE=ca.pem", "CLIENT__CERT=cert.pem", "CLIENT__KEY=key.pem")
ANY = ("0.0.0.0", "::")  # noqa: S104 - to refuse them


@click.command()
@click.argument("address", default=HERE)
def command(address: str) -> None:
    """Print how to start a Dask scheduler and workers.

    ADDRESS is tcp://HOST:PORT, where the scheduler listens. Without it, all is on this machine. On
    a machine other than the scheduler's, only the command of its workers is printed.
    """
    refuse_without("distributed")
    for line in _lines(parsed(address)):
        click.echo(line)


def _lines(address: Address) -> Iterator[str]:
    own = _own_address(address)
    yield "A scheduler gives out jobs, and workers do them. Start each command in a terminal of its"
    yield "own, and leave it running; Ctrl-C ends it."
    if _is_here(address):
        yield "\nThe scheduler:\n"
        yield _dask("scheduler", address, own, (f"--port {address.port}",))
    count = cores()
    yield f"\nThe workers of this machine, which do {count} jobs at a time, one for each core:\n"
    more = (f"--nthreads {count}", f"--worker-class {WORKER}")
    yield _dask(f"worker {shlex.quote(address.text)}", address, own, more)
    yield "\nThen send work there:\n"
    if address.is_tls:
        yield from (f"  export DASK_DISTRIBUTED__COMM__TLS__{one}" for one in VARIABLES)
    for words in (
        ("check", "--seeds", "200"),
        ("sweep", "retry-storm"),
        ("swarm", "--plans", "2000"),
    ):
        yield f"  {program.command(*words, '--on', address.text)}"
    yield from _rules(address, own)


def _dask(command: str, address: Address, host: str, more: tuple[str, ...]) -> str:
    """Write a command of Dask's, a few words a line.

    Without an address of its own, the page on Dask's state would be open to the whole network.
    """
    words = (
        f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -P -m dask {command}",
        f"--host {host} {' '.join(more)}",
        f"--no-dashboard --dashboard-address {host}:0",
        *((" ".join(FILES),) if address.is_tls else ()),
    )
    return "  " + " \\\n      ".join(words)


def _rules(address: Address, own: str) -> Iterator[str]:
    scheme = "tls" if address.is_tls else "tcp"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield "\nOther machines: each has this repository in the same state, and the same minor version"
    yield f"of Python (here {python}). A worker whose harness/, services/ or labs/ differ gets no"
    yield "work, and --on names it."
    if own.startswith("127."):
        yield "Let the scheduler listen where they reach it, and get each machine's commands by"
        yield f"typing this there: {program.name()} cluster {scheme}://ADDRESS:{address.port}"
    else:
        yield f"Type this there: {program.command('cluster', address.text)}"
    yield ""
    if address.is_tls:
        yield "Whoever has a certificate of the same authority may run any program as you there."
    else:
        yield "Whoever reaches the scheduler's or a worker's port may run any program as you: Dask"
        yield "asks for no password. Stay on 127.0.0.1, or use TLS with certificates of your own:"
        yield f"{program.name()} cluster tls://ADDRESS:{address.port} prints the commands."


def _is_here(address: Address) -> bool:
    """Say whether the address is one of this machine's own."""
    try:
        with socket.create_server((address.host, 0)):
            return True
    except OSError:
        return False


def _own_address(address: Address) -> str:
    """Give the address by which the scheduler reaches this machine; nothing is sent to find out.

    Raises:
        LabError: the host has no address, or stands for all.

    """
    if address.host in ANY:
        raise LabError(f"{address.text}: give the address by which others reach the scheduler")
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except OSError as error:
        why = str(error.strerror or error).lower()
        raise LabError(f"{address.text}: this machine has no way there ({why})") from error
