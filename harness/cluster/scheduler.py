"""Whether a Dask scheduler of this release answers at an address, found out before a client is."""

import asyncio
import re
import socket
from typing import Any

import distributed

from harness.errors import EnvironmentNotReadyError, LabError

CONNECT_S = 8.0
"""How long a scheduler may take to answer."""
DASK: Any = distributed
"""Half of it has no types."""
TLS = "distributed.comm.tls"


def refuse_unless_ready(address: str) -> None:
    """See that a scheduler answers.

    Raises:
        LabError: it is no address.
        EnvironmentNotReadyError: nothing answers there, or something else, or another release.

    """
    found = re.fullmatch(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+):(\d{1,5})", address)
    if not found or not 0 < int(found[3]) < 1 << 16:
        raise LabError(f"--on {address}: write tcp://HOST:PORT, as ./lab cluster shows it")
    _refuse_silence(address, found[2].strip("[]"), int(found[3]))
    theirs, ours = _release(address), DASK.__version__
    if theirs != ours:
        raise EnvironmentNotReadyError(
            f"--on {address}: its Dask is {theirs}, here it is {ours}; start it by the command "
            "that ./lab cluster prints"
        )


def _refuse_silence(address: str, host: str, port: int) -> None:
    """Refuse at once what Dask would try again and again."""
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        why = str(error.strerror or error).lower()
        raise EnvironmentNotReadyError(
            f"--on {address}: nothing answers there ({why}); ./lab cluster says how to start a "
            "scheduler"
        ) from error


def _release(address: str) -> str:
    """Give the scheduler's release of Dask."""
    arguments = DASK.Security().get_connection_args("client")
    if address.startswith("tls") and not arguments.get("ssl_context"):
        raise EnvironmentNotReadyError(
            f"--on {address}: Dask has no certificates here; name them in its configuration, as "
            f"{TLS}.ca-file, {TLS}.client.cert and {TLS}.client.key"
        )
    try:
        return asyncio.run(_asked(address, arguments))
    except (OSError, TimeoutError, ValueError, MemoryError) as error:
        # MemoryError: the first bytes of something else are taken for the length of a message.
        raise EnvironmentNotReadyError(
            f"--on {address}: what answers there is no Dask scheduler, or hangs; see which port it "
            "has, and for TLS that its certificates are from the same authority"
        ) from error


async def _asked(address: str, arguments: dict[str, object]) -> str:
    async with asyncio.timeout(CONNECT_S):
        async with DASK.core.rpc(
            address, timeout=CONNECT_S, connection_args=arguments
        ) as scheduler:
            told = await scheduler.versions(packages=[])
    release: str = told["packages"]["distributed"]
    return release
