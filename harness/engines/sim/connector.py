"""aiohttp's client on the simulated network."""

import random
from types import FunctionType, MethodType
from typing import TYPE_CHECKING

import aiohttp
import aiohttp.connector
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import ceil_timeout

from harness.errors import LabError

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace

IDLE_S = 15.0
"""How long a pooled connection may rest: what aiohttp's own connector says."""


class SimConnector(aiohttp.BaseConnector):
    """A connector without sockets; its pool has no limit unless it is given one."""

    def __init__(
        self, *, limit: int = 0, limit_per_host: int = 0, keepalive_timeout: float = IDLE_S
    ) -> None:
        super().__init__(
            limit=limit, limit_per_host=limit_per_host, keepalive_timeout=keepalive_timeout
        )
        # The pool ages by the machine's clock and wakes waiters by the global dice, which must
        # not decide anything here, and its connections complain when they are collected: it gets
        # copies of these methods that see other globals.
        names = {
            **vars(aiohttp.connector),
            "monotonic": self._loop.time,
            "random": random.Random(0),
            "Connection": _Uncollected,
        }
        for name in ("connect", "_get", "_release", "_release_waiter", "_cleanup"):
            method = FunctionType(getattr(aiohttp.BaseConnector, name).__code__, names)
            method.__kwdefaults__ = getattr(aiohttp.BaseConnector, name).__kwdefaults__
            setattr(self, name, MethodType(method, self))

    def __del__(self, _warnings: object = None) -> None:
        """Do nothing: what is not closed at a run's end holds nothing of this machine."""

    async def _create_connection(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        del traces
        if req.proxy:
            raise LabError(
                f"{req.url.raw_host} is asked for through a proxy=: a simulated host has none "
                "but the link's; leave proxy= out and call the callee by its name"
            )
        host, port = req.url.raw_host, req.url.port
        assert host and port  # noqa: PT018 - links are absolute URLs
        try:
            async with ceil_timeout(timeout.sock_connect, timeout.ceil_threshold):
                _, protocol = await self._loop.create_connection(
                    lambda: ResponseHandler(loop=self._loop), host, port, ssl=req.is_ssl() or None
                )
        except OSError as error:
            if isinstance(error, TimeoutError) and error.errno is None:
                raise  # the caller's own limit, not the kernel's
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        return protocol


class _Uncollected(aiohttp.connector.Connection):
    def __del__(self, _warnings: object = None) -> None:
        """Do nothing: a call that is under way at a run's end is not a leak."""
