"""What is left of connections that have ended: nothing for Python's collector of cycles to find."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator

import pytest
from aiohttp import web

from harness.engines.sim.endpoint import Endpoint
from harness.engines.sim.pipe import Pipe
from tests.support import World, application, session


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def there() -> int:
    return sum(isinstance(one, Endpoint | Pipe) for one in gc.get_objects())


async def closed_by_client() -> None:
    async with session() as client, client.get("http://b:8080/") as response:
        await response.read()


async def given_up() -> None:
    with pytest.raises(TimeoutError):
        async with session() as client, asyncio.timeout(0.5), client.get("http://b:8080/slow"):
            pass


async def closed_by_server() -> None:
    async with session() as client:
        async with client.get("http://b:8080/", headers={"Connection": "close"}) as response:
            await response.read()
        await asyncio.sleep(1)


@pytest.mark.parametrize("call", [closed_by_client, closed_by_server, given_up])
def test_a_connection_that_has_ended_is_gone(
    call: Callable[[], Coroutine[None, None, None]],
) -> None:
    """Whoever ended it: a retry storm opens thousands, and each would stay until the run's end."""

    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(2 if request.path == "/slow" else 0)
        return web.Response()

    async def main() -> tuple[int, int]:
        runner = web.AppRunner(application(handle), access_log=None)
        await world.on("b", runner.setup())
        await world.on("b", web.TCPSite(runner, None, 8080).start())
        before = there()
        await world.on("a", call())
        await asyncio.sleep(3)
        return before, there()

    world = World(("a", "b"))
    before, after = world.run(main())
    assert after == before
