"""What Toxiproxy cannot do: new connects alone, partitions; several ports on a host."""

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.link import SYN_RETRIES, SYN_RETRY_S
from harness.model import Partition, RefuseNew, Service, Unanswered, Way, during
from harness.model.fault import Connects, System
from harness.model.lab import Lab
from services.context import Context
from tests.support import CLOSE, At, World, application, conducted, lab, probe, run

PORT = 8080
LINK = "front->host"


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


def on_a_link(caller: Any) -> None:
    """Let host `a` talk to an echo on host `b`; the caller gets their link."""
    world = World(("a", "b"))

    async def main() -> None:
        await world.on("b", asyncio.start_server(echo, None, PORT))
        await world.on("a", caller(world.links[("a", "b")]))
        await asyncio.sleep(1)

    world.run(main())


async def says(text: bytes, streams: Any) -> bytes:
    reader, writer = streams
    writer.write(text)
    answer: bytes = await reader.read(100)
    return answer


def test_new_connects_are_refused_while_open_connections_go_on() -> None:
    """After one round trip; and are accepted again when the fault is over."""

    async def call(link: Any) -> None:
        before = await asyncio.open_connection("b", PORT)
        link.connects = Connects.REFUSED
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(ConnectionRefusedError, match="a->b: connection refused"):
            await asyncio.open_connection("b", PORT)
        assert asyncio.get_running_loop().time() == close_to(began_s + 2 * DELAY_S)
        assert await says(b"still here", before) == b"still here"
        link.connects = Connects.ACCEPTED
        after = await asyncio.open_connection("b", PORT)
        assert await says(b"again", after) == b"again"
        for _, writer in (before, after):
            writer.close()

    on_a_link(call)


def test_a_connect_without_an_answer_is_sent_again_like_linuxs() -> None:
    """After 1, 3, 7 ... s: the first one that is answered makes the connection."""

    async def call(link: Any) -> None:
        loop = asyncio.get_running_loop()
        before = await asyncio.open_connection("b", PORT)
        began_s = loop.time()
        link.connects = Connects.UNANSWERED
        loop.call_later(5, setattr, link, "connects", Connects.ACCEPTED)
        assert await says(b"still here", before) == b"still here"
        waiting_s = loop.time()
        late = await asyncio.open_connection("b", PORT)
        assert loop.time() == close_to(waiting_s + 7 * SYN_RETRY_S + 2 * DELAY_S)
        assert waiting_s == close_to(began_s + 2 * DELAY_S)
        assert await says(b"at last", late) == b"at last"
        for _, writer in (before, late):
            writer.close()

    on_a_link(call)


def test_a_connect_that_is_never_answered_ends_after_two_minutes() -> None:
    """With the operating system's own error; a caller's time limit comes before."""

    async def call(link: Any) -> None:
        link.connects = Connects.UNANSWERED
        loop = asyncio.get_running_loop()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.open_connection("b", PORT)
        assert loop.time() == 3
        with pytest.raises(TimeoutError, match="a->b: connect not answered"):
            await asyncio.open_connection("b", PORT)
        assert loop.time() == 3 + SYN_RETRY_S * (2 ** (SYN_RETRIES + 1) - 1)

    on_a_link(call)


def behind_front(*times_s: float, closing: bool = True) -> Lab:
    """Make a lab in which `front` asks `host` for each request, within half a second.

    Anew each time with `closing`; then `host` ends the connection behind its answer.
    """

    def app(ctx: Context[Any]) -> web.Application:
        async def ask(_: web.Request) -> web.Response:
            try:
                headers = {"Connection": "close"} if closing else {}
                async with (
                    asyncio.timeout(0.5),
                    ctx.call("host").get("/", headers=headers) as response,
                ):
                    await response.read()
            except (TimeoutError, OSError):
                return web.Response(status=502)
            return web.Response()

        return application(ask)

    return lab(
        Service("front", app=probe("anew", app), calls=("host", "other")),
        Service("host", app="services.worker", settings={"service_ms": 0}),
        Service("other", app="services.worker"),
        load=At(to="front", times_s=times_s),
    )


@pytest.mark.parametrize(
    ("fault", "word", "takes_s"),
    [(RefuseNew(LINK), "refused", 2 * DELAY_S), (Unanswered(LINK), "abandoned", 0.5)],
)
def test_a_fault_of_new_connects_is_applied_seen_and_removed(
    fault: RefuseNew, word: str, takes_s: float
) -> None:
    """The call's own record says how it ended, and when."""
    recording = run(behind_front(1.0, 3.0, 5.0), conductor((during(2, 4, fault),), 10))
    assert [one.status for one in recording.requests] == ["200", "502", "200"]
    (failed,) = [span for span in recording.spans if span.status == word]
    assert failed.end_s - failed.start_s == close_to(takes_s)


@pytest.mark.parametrize(
    ("way", "served"), [(Way.BOTH, [1, 5]), (Way.FORTH, [1, 5]), (Way.BACK, [1, 3, 5])]
)
def test_a_partition_is_silence_one_way_or_both(way: Way, served: list[float]) -> None:
    """Calls go nowhere, or are served and their answers lost; nobody is told."""
    split = Partition(("client", "front"), ("host",), way=way)
    asked = behind_front(1.0, 3.0, 5.0, closing=False)
    recording = run(asked, conductor((during(2, 4, split),), 10))
    assert [one.status for one in recording.requests] == ["200", "502", "200"]
    assert recording.requests[1].latency_s == close_to(0.5 + 2 * DELAY_S)
    spans = [span for span in recording.spans if (span.kind, span.callee) == ("server", "host")]
    assert [math.floor(span.start_s) for span in spans] == served


def test_a_partition_touches_only_links_between_its_groups() -> None:
    """And takes all its toxics away."""
    seen: dict[str, list[str]] = {}

    async def act(system: System) -> None:
        split = Partition(("host", "other"), ("front",), way=Way.FORTH)
        assert await split.gone(system)
        await split.apply(system)
        assert await split.there(system)
        for link in await system.links():
            seen[link] = list(await system.toxics(link))
        await split.remove(system)
        assert await split.gone(system)

    run(behind_front(), conducted(act))
    assert seen == {
        "client->front": [],
        LINK: ["partition_downstream"],
        "front->other": ["partition_downstream"],
    }


def test_a_host_serves_several_ports() -> None:
    """Each with a server of its own, over one link."""

    def app(_: Context[Any]) -> web.Application:
        async def second(_: web.Application) -> AsyncIterator[None]:
            async def admin(_: web.Request) -> web.Response:
                return web.Response(text="admin")

            runner = web.AppRunner(application(admin))
            await runner.setup()
            await web.TCPSite(runner, port=9090).start()
            yield
            await runner.cleanup()

        async def plain(_: web.Request) -> web.Response:
            return web.Response(text="plain")

        made = application(plain)
        made.cleanup_ctx.append(second)
        return made

    def asks(ctx: Context[Any]) -> web.Application:
        async def ask(_: web.Request) -> web.Response:
            said = []
            for port in (8080, 9090):
                async with ctx.session.get(f"http://host:{port}/") as response:
                    said.append(await response.text())
            answers.append(said)
            return web.Response()

        return application(ask)

    answers: list[list[str]] = []
    run(
        lab(
            Service("front", app=probe("asks", asks), calls=("host",)),
            Service("host", app=probe("ports", app)),
            load=At(to="front", times_s=(1.0,)),
        )
    )
    assert answers == [["plain", "admin"]]


def test_a_server_without_a_port_is_given_one() -> None:
    """A free one, another each time."""
    world = World(("a", "b"))

    async def main() -> list[int]:
        for _ in range(2):
            await world.on("b", world.loop.create_server(asyncio.Protocol, None, 0))
        return list(world.processes["b"].listeners)

    ports = world.run(main())
    assert len(set(ports)) == 2
    assert 0 not in ports
