"""aiohttp's client on the simulated network."""

from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.tracing import Trace


class SimConnector(aiohttp.BaseConnector):
    """A connector without sockets; its pool has no limit and its connections do not age."""

    def __init__(self) -> None:
        # aiohttp ages pooled connections by the real clock, which must not decide anything here.
        super().__init__(limit=0, keepalive_timeout=None)

    def __del__(self, _warnings: object = None) -> None:
        """Do nothing: what is not closed at a run's end holds nothing of this machine."""

    async def _create_connection(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> ResponseHandler:
        del traces, timeout
        host, port = req.url.raw_host, req.url.port
        assert host and port  # noqa: PT018, S101 - links are absolute URLs
        try:
            _, protocol = await self._loop.create_connection(
                lambda: ResponseHandler(loop=self._loop), host, port
            )
        except OSError as error:
            raise aiohttp.ClientConnectorError(req.connection_key, error) from error
        return protocol
