"""aiohttp's client on the simulated network: how long connections are kept, how connects fail."""

import asyncio
import errno
import gc
import io
import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.connector import SimConnector
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.model import Service
from harness.model.fault import Connects
from tests.support import At, Silent, World, application, lab, probe, session

Try = Callable[[aiohttp.ClientSession], Awaitable[object]]


async def answer(request: web.Request) -> web.Response:
    del request
    return web.Response()


@pytest.mark.parametrize(("again_s", "connections"), [(11.0, 1), (17.0, 2)])
def test_the_load_keeps_an_idle_connection_for_fifteen_virtual_seconds(
    again_s: float, connections: int
) -> None:
    """As aiohttp's client does, by the clock that it is given."""
    host = Service("host", app=probe("kept", lambda _: application(answer)))
    asked = lab(host, load=At(to="host", times_s=(1.0, again_s)), duration_s=20)
    plan = Plan(slug="kept", lab=asked, variant=asked.variants[0], seed=1)
    events = io.StringIO()
    SimEngine(events=EventLog(events)).run(plan, conductor((), 20), Silent())
    told = map(json.loads, events.getvalue().splitlines())
    assert sum(event["event"] == "connect" for event in told) == connections


async def plainly(client: aiohttp.ClientSession) -> None:
    await client.get("http://b:8080/", timeout=aiohttp.ClientTimeout())


async def within_a_second(client: aiohttp.ClientSession) -> None:
    await client.get("http://b:8080/", timeout=aiohttp.ClientTimeout(sock_connect=1))


@pytest.mark.parametrize(
    ("call", "wanted", "after_s"),
    [
        (plainly, aiohttp.ClientConnectorError, 127),
        (within_a_second, aiohttp.ServerTimeoutError, 1),
    ],
)
def test_a_connect_that_nobody_answers_ends_by_the_kernel_or_by_the_callers_own_limit(
    call: Try, wanted: type[Exception], after_s: float
) -> None:
    """The first is a failed connect with the kernel's number, the second the caller's timeout."""
    world = World(("a", "b"))
    world.links["a", "b"].connects = Connects.UNANSWERED

    async def main() -> tuple[BaseException, float]:
        async def ask() -> None:
            async with session() as client:
                await call(client)

        with pytest.raises(wanted) as caught:
            await world.on("a", ask())
        return caught.value, asyncio.get_running_loop().time()

    error, took_s = world.run(main())
    assert took_s == after_s
    if isinstance(error, aiohttp.ClientConnectorError):
        assert error.os_error.errno == errno.ETIMEDOUT


def test_a_connection_that_was_not_closed_is_not_given_back_when_it_is_collected() -> None:
    """Python collects it at any time: aiohttp's own would then be free for another call."""
    world = World(("a", "b"))

    async def main() -> None:
        runner = web.AppRunner(application(answer), access_log=None)
        await world.on("b", runner.setup())
        await world.on("b", web.TCPSite(runner, None, 8080).start())

        async def ask() -> None:
            url = "http://b:8080/"
            async with aiohttp.ClientSession(connector=SimConnector(limit=1)) as client:
                connection: object = await client.connector.connect(  # type: ignore[union-attr]
                    ClientRequest("GET", URL(url), loop=world.loop), [], aiohttp.ClientTimeout()
                )
                del connection
                gc.collect()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(1):
                        await client.get(url)

        await world.on("a", ask())
        await runner.cleanup()

    world.run(main())
