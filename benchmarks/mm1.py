"""The same M/M/1 work on an event loop of choice, in a process of its own: one line of JSON.

One aiohttp server that serves one request at a time, by computed finish times, and one open-loop
aiohttp client; no spans, no metrics, no log. Run as `python -m benchmarks.mm1 LOOP REQUESTS`.
"""

import asyncio
import json
import math
import random
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from aiohttp import web

from harness.engines.sim.connector import SimConnector
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.network import Network
from harness.engines.sim.process import Process

RATE_RPS = 20.0
SERVICE_S = 0.04
SERVER, PORT = "server", 8080

Work = Coroutine[Any, Any, list[float]]


async def serve(seed: int) -> None:
    """Listen; each answer takes an exponential time, one after the other."""
    loop = asyncio.get_running_loop()
    rng = random.Random(f"{seed}/service")
    free_s = 0.0

    async def handle(_: web.Request) -> web.Response:
        nonlocal free_s
        free_s = max(free_s, loop.time()) + rng.expovariate(1 / SERVICE_S)
        await asyncio.sleep(free_s - loop.time())
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, SERVER, PORT).start()


async def load(
    seed: int, requests: int, connector: Callable[[], aiohttp.BaseConnector] = SimConnector
) -> list[float]:
    """Send Poisson arrivals, whatever has been answered, and give the latencies in seconds."""
    loop = asyncio.get_running_loop()
    rng = random.Random(f"{seed}/arrivals")
    latencies_s: list[float] = []

    async def send(at_s: float) -> None:
        async with session.get(f"http://{SERVER}:{PORT}/") as response:
            await response.read()
        latencies_s.append(loop.time() - at_s)

    at_s = loop.time()
    async with (
        aiohttp.ClientSession(
            connector=connector(), cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(requests):
            at_s += rng.expovariate(RATE_RPS)
            await asyncio.sleep(at_s - loop.time())
            group.create_task(send(at_s))
    return latencies_s


async def both(seed: int, requests: int) -> list[float]:
    """Serve and load on one loop."""
    await serve(seed)
    return await load(seed, requests)


def on_ours(seed: int, requests: int) -> tuple[asyncio.AbstractEventLoop, Work]:
    """Give this project's loop and network, with a link that delays nothing."""
    loop = VirtualLoop()
    client, server = Process("client", 0), Process(SERVER, 0)
    network = Network(loop, [SimLink("client", SERVER, 0.0, random.Random(seed))])
    network.processes[SERVER] = server

    async def work() -> list[float]:
        await loop.create_task(serve(seed), context=server.context())
        return await loop.create_task(load(seed, requests), context=client.context())

    return loop, work()


def on_solipsism(seed: int, requests: int) -> tuple[asyncio.AbstractEventLoop, Work]:
    """Give async-solipsism's loop, which has a network of its own."""
    import async_solipsism  # noqa: PLC0415 - installed for the benchmark alone

    return async_solipsism.EventLoop(), both(seed, requests)


def on_simloop(seed: int, requests: int) -> tuple[asyncio.AbstractEventLoop, Work]:
    """Give simloop's loop, whose hosts aiohttp reaches by its own connector."""
    import simloop  # noqa: PLC0415 - installed for the benchmark alone

    loop = simloop.SimLoop(seed=seed)
    loop.net.set_defaults(latency=(0.0, 0.0))

    async def work() -> list[float]:
        await loop.net.host(SERVER).create_task(serve(seed))
        sent = load(seed, requests, aiohttp.TCPConnector)
        latencies_s: list[float] = await loop.net.host("client").create_task(sent)
        return latencies_s

    return loop, work()


LOOPS = {"ours": on_ours, "solipsism": on_solipsism, "simloop": on_simloop}


def measure(name: str, requests: int, seed: int = 1) -> dict[str, float]:
    """Run the work once; CPU time in microseconds for each request, mean latency in seconds."""
    loop, work = LOOPS[name](seed, requests)
    start_s = time.process_time()
    latencies_s = loop.run_until_complete(work)
    cpu_s = time.process_time() - start_s
    return {
        "cpu_us": cpu_s / requests * 1e6,
        "latency_s": math.fsum(latencies_s) / requests,
        "requests": len(latencies_s),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1], int(sys.argv[2]))) + "\n")
