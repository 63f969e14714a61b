"""Calls of one service to another: spans, outcomes, what goes over the wire."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from harness.engines.sim.engine import DELAY_S
from harness.model import Service
from harness.model.lab import Lab
from harness.recording import Recording, SeriesKey, number_of, root_context
from services.context import Context
from services.server import serve
from services.tracing import CURRENT, HEADER, Span, SpanContext
from tests.support import CLOSE, At, NoSettings, World, application, lab, probe, run


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


@dataclass(slots=True)
class Scripted:
    """A callee that answers each call by the next act of a script, and then 200 for ever."""

    acts: list[str]
    asked_s: list[float] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    def app(self, ctx: Context[Any]) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            self.asked_s.append(ctx.now())
            self.headers.append(request.headers.get(HEADER, ""))
            act = self.acts.pop(0) if self.acts else "200"
            if act == "hang":
                await asyncio.sleep(1000)
            if act == "drop":
                assert request.transport is not None
                request.transport.abort()
                await asyncio.sleep(0)
                act = "200"
            return web.Response(status=int(act), text=act)

        return application(handle)


def relayed(callee: Scripted, *times_s: float, **settings: float) -> Lab:
    """Make a lab in which `front` relays what it is asked to a scripted callee."""
    return lab(
        Service("front", app="services.relay", calls=("back",), settings=settings),
        Service("back", app=probe("scripted", callee.app)),
        load=At(to="front", times_s=times_s or (1.0,), timeout_ms=60_000),
    )


def clients(recording: Recording) -> list[Span]:
    return [span for span in recording.spans if span.kind == "client"]


def servers(recording: Recording, host: str) -> list[Span]:
    return [span for span in recording.spans if span.kind == "server" and span.callee == host]


def test_each_attempt_writes_a_span_with_its_number() -> None:
    """Two failures and a success: three client spans, 1, 2, 3, and a server span for each."""
    callee = Scripted(["503", "503", "200"])
    recording = run(relayed(callee, tries=5))
    spans = clients(recording)
    assert [span.attempt for span in spans] == [1, 2, 3]
    assert [(span.caller, span.callee) for span in spans] == [("front", "back")] * 3
    assert [span.parent for span in servers(recording, "back")] == [span.span for span in spans]


def test_spans_form_a_tree_under_the_load() -> None:
    """Load's request, then its server span, then the attempts, then the work that they caused."""
    recording = run(relayed(Scripted([])), seed=5)
    root = root_context(5, 0)
    (front,) = servers(recording, "front")
    (call,) = clients(recording)
    (back,) = servers(recording, "back")
    assert front.parent == root.span
    assert call.parent == front.span
    assert back.parent == call.span
    assert {span.trace for span in recording.spans} == {root.trace}
    assert front.start_s < call.start_s + CLOSE
    assert call.start_s < back.start_s <= back.end_s < call.end_s <= front.end_s


def test_a_trace_is_named_after_its_request() -> None:
    """So that spans of both engines can be put to the requests of the log."""
    recording = run(relayed(Scripted([]), 1.0, 2.0, 3.0), seed=5)
    traces = [number_of(span.trace) for span in servers(recording, "front")]
    assert traces == [one.number for one in recording.requests] == [0, 1, 2]


def test_an_attempt_that_is_given_up_is_abandoned() -> None:
    """The caller's span ends at its time limit; the callee's, when its work is done."""
    recording = run(
        lab(
            Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 100}),
            Service("back", app="services.worker", settings={"service_ms": 400}),
            load=At(to="front", times_s=(1.0,)),
        )
    )
    (call,) = clients(recording)
    (work,) = servers(recording, "back")
    assert call.status == "abandoned"
    assert call.end_s - call.start_s == close_to(0.1)
    assert work.status == "200"
    assert work.end_s - work.start_s == close_to(0.4)
    assert [one.status for one in recording.requests] == ["504"]


def test_an_error_of_the_callee_is_its_status() -> None:
    """An answer was had, whatever the caller then makes of it."""
    recording = run(relayed(Scripted(["503", "200"]), tries=2))
    assert [span.status for span in clients(recording)] == ["503", "200"]
    assert [span.status for span in servers(recording, "back")] == ["503", "200"]


def test_a_connection_that_is_dropped_is_one_attempt_and_not_two() -> None:
    """No client retries behind the policy's back, not even an idempotent request."""
    callee = Scripted(["drop", "200", "drop", "drop"])
    recording = run(relayed(callee, 1.0, 2.0, 3.0, tries=1))
    assert [one.status for one in recording.requests] == ["502", "200", "502"]
    assert [span.status for span in clients(recording)] == ["closed", "200", "closed"]
    assert len(callee.asked_s) == 3


def test_the_load_does_not_retry_either() -> None:
    """A request of the load that meets a closed connection has failed."""
    callee = Scripted(["drop", "200"])
    recording = run(
        lab(
            Service("back", app=probe("scripted", callee.app)),
            load=At(to="back", times_s=(1.0,)),
        )
    )
    assert [one.status for one in recording.requests] == ["closed"]
    assert len(callee.asked_s) == 1


def test_attempts_are_counted_by_how_they_ended() -> None:
    """The counter that Prometheus scrapes says the same as the spans."""
    recording = run(relayed(Scripted(["503", "hang", "200"]), tries=3, timeout_ms=200))
    totals = {
        key.labels: values[-1]
        for key, values in recording.series.items()
        if key.metric == "attempts_total"
    }
    assert totals == {
        'callee="back",outcome="503"': 1,
        'callee="back",outcome="abandoned"': 1,
        'callee="back",outcome="200"': 1,
    }


def test_the_header_names_the_attempt() -> None:
    """Each attempt sends its own span as the parent of the work that it causes."""
    callee = Scripted(["503", "200"])
    recording = run(relayed(callee, tries=2))
    assert callee.headers == [
        SpanContext(span.trace, span.span).header() for span in clients(recording)
    ]


@pytest.mark.parametrize(
    "header", [None, "nonsense", f"00-{'g' * 32}-{'1' * 16}-01", f"00-{'0' * 32}-{'0' * 16}-00"]
)
def test_a_request_without_a_sound_trace_is_served_without_a_span(header: str | None) -> None:
    """A health check or a stranger is answered, and is not part of any request's story."""
    world = World(("a", "back"))
    spans: list[Span] = []

    async def ask() -> int:
        context = Context(world.platform("a"), NoSettings())
        headers = {} if header is None else {HEADER: header}
        try:
            async with context.session.get("http://back:8080/", headers=headers) as response:
                return response.status
        finally:
            await context.close()

    async def main() -> int:
        await world.on("back", serve_probe(world, probe("scripted", Scripted([]).app), spans))
        return await world.on("a", ask())

    assert world.run(main()) == 200
    assert spans == []


async def serve_probe(world: World, module_name: str, spans: list[Span]) -> None:
    await serve(module_name, world.platform("back", spans), {})


def called(
    act: Callable[[Context[Any]], Awaitable[Any]],
    callee: Scripted,
    own: list[Span],
    theirs: list[Span],
) -> Any:
    """Let host `front` do something with a context, with a scripted callee to call."""
    world = World(("front", "back"))

    async def front() -> Any:
        context = Context(world.platform("front", own), NoSettings())
        try:
            return await act(context)
        finally:
            await context.close()

    async def main() -> Any:
        await world.on("back", serve_probe(world, probe("scripted", callee.app), theirs))
        return await world.on("front", front())

    return world.run(main())


def test_a_call_without_a_request_begins_a_trace_of_its_own() -> None:
    """What a service does by itself is traced too: its first span has no parent."""
    own: list[Span] = []
    theirs: list[Span] = []

    async def act(context: Context[Any]) -> str:
        async with context.call("back").post("/do", data=b"x") as response:
            return await response.text()

    assert called(act, Scripted([]), own, theirs) == "200"
    assert [(span.parent, span.attempt) for span in own] == [("", 1)]
    assert [(span.trace, span.parent) for span in theirs] == [(own[0].trace, own[0].span)]


def test_a_callee_that_is_not_listed_is_a_lookup_error() -> None:
    """The lab says who may call whom, and the message says where."""

    async def act(context: Context[Any]) -> None:
        context.call("elsewhere")

    with pytest.raises(LookupError, match="front may not call elsewhere: add it to calls="):
        called(act, Scripted([]), [], [])


def test_headers_of_the_caller_are_sent_and_left_as_they_were() -> None:
    """The trace is added to what is sent, not to the caller's own dictionary."""
    callee = Scripted([])
    headers = {"X-Own": "1"}

    async def act(context: Context[Any]) -> None:
        async with context.call("back").get("/", headers=headers) as response:
            await response.read()

    called(act, callee, [], [])
    assert callee.headers != [""]
    assert headers == {"X-Own": "1"}


def test_an_exchange_that_its_own_code_ends_has_the_status_it_got() -> None:
    """An exception raised inside `async with` is the caller's; the answer was a 200."""
    own: list[Span] = []

    async def act(context: Context[Any]) -> None:
        with pytest.raises(ValueError, match="mine"):
            async with context.call("back", attempt=4).get("/"):
                raise ValueError("mine")

    called(act, Scripted([]), own, [])
    assert [(span.status, span.attempt) for span in own] == [("200", 4)]


def test_requests_on_one_connection_do_not_share_a_span() -> None:
    """What a request sets for its own calls is gone when the next one comes."""
    seen: list[object] = []

    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            seen.append(CURRENT.get())
            return web.Response()

        return application(handle)

    world = World(("front", "back"))

    async def ask() -> None:
        context = Context(world.platform("front"), NoSettings())
        async with context.call("back").get("/") as response:
            await response.read()
        async with context.session.get("http://back:8080/") as response:
            await response.read()
        await context.close()

    async def main() -> None:
        await world.on("back", serve_probe(world, probe("seen", app), []))
        await world.on("front", ask())

    world.run(main())
    assert seen[0] is not None
    assert seen[1] is None


def test_a_call_takes_a_connect_and_a_round_trip() -> None:
    """Two delays for the connect, one each way; the next call saves the connect."""
    callee = Scripted([])
    recording = run(relayed(callee, 1.0, 2.0))
    assert [span.end_s - span.start_s for span in clients(recording)] == [
        close_to(4 * DELAY_S),
        close_to(2 * DELAY_S),
    ]
    key = SeriesKey("back", "requests_total", 'status="200"')
    assert recording.series[key][-1] == 2
