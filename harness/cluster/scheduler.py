"""Whether a Dask scheduler of this release answers at an address, found out before a client is."""

import asyncio
import socket
import sys
from typing import Any

import distributed

from harness.cluster.address import Address, parsed
from harness.errors import EnvironmentNotReadyError

CONNECT_S = 8.0
"""How long a scheduler may take to answer."""
DASK: Any = distributed
"""Half of it has no types."""
OURS = f"Dask {DASK.__version__} on Python {sys.version_info.major}.{sys.version_info.minor}"
TLS = "distributed.comm.tls"


def refuse_unless_ready(address: str) -> None:
    """See that a scheduler answers.

    Raises:
        LabError: it is no address.
        EnvironmentNotReadyError: nothing answers there, or something else, or another release.

    """
    _refuse_silence(parsed(address))
    theirs = _releases(address)
    if theirs != OURS:
        raise EnvironmentNotReadyError(
            f"--on {address}: the scheduler has {theirs}, and here is {OURS}; start it by the "
            "command that ./lab cluster prints"
        )


def _refuse_silence(address: Address) -> None:
    """Refuse at once what Dask would try again and again."""
    try:
        socket.create_connection((address.host, address.port), timeout=CONNECT_S).close()
    except OSError as error:
        why = str(error.strerror or error).lower()
        raise EnvironmentNotReadyError(
            f"--on {address.text}: nothing answers there ({why}); ./lab cluster says how to "
            "start a scheduler"
        ) from error


def _releases(address: str) -> str:
    """Give the scheduler's release of Dask and its Python; it unpacks jobs, and so has ours."""
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
    python = ".".join(map(str, told["host"]["python"].split(".")[:2]))
    return f"Dask {told['packages']['distributed']} on Python {python}"
