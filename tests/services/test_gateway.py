"""Gateway: slots that all routes share, and breakers that give them back."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.model import Down, Paced, Send, Service, during
from harness.model.fault import Timed
from harness.recording import Recording, Request
from services.context import Context
from tests.support import CLOSE, application, lab, probe, run

QUICK = Service("quick", app="services.worker", settings={"workers": 50, "service_ms": 10})


def slow(ctx: Context[Any]) -> web.Application:
    del ctx

    async def handle(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    return application(handle)


def asked(
    *sends: Send, rate_rps: float = 10, faults: tuple[Timed, ...] = (), **settings: float
) -> Recording:
    """Ask a gateway in front of a callee that is quick and one that never answers."""
    value = lab(
        Service("gateway", app="services.gateway", calls=("quick", "slow"), settings=settings),
        QUICK,
        Service("slow", app=probe("slow", slow)),
        load=Paced(to="gateway", rate_rps=rate_rps, mix=sends, keep_answers=True),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def of(recording: Recording, path: str) -> list[Request]:
    return [one for one in recording.requests if one.path == path]


def calls(recording: Recording, callee: str) -> list[float]:
    return [
        span.start_s for span in recording.spans if span.kind == "client" and span.callee == callee
    ]


def test_it_passes_on_what_the_callee_says() -> None:
    """By the path's first part."""
    recording = asked(Send(path="/quick"))
    assert {(one.status, one.answer) for one in recording.requests} == {("200", "done\n")}


def test_it_knows_no_other_routes() -> None:
    """404, and nobody is called."""
    recording = asked(Send(path="/elsewhere"))
    assert {one.status for one in recording.requests} == {"404"}
    assert calls(recording, "quick") == []


def test_a_silent_callee_is_a_504_after_the_time_limit() -> None:
    """And one that refuses is a 502."""
    recording = asked(Send(path="/slow"), timeout_ms=300)
    (first, *_) = recording.requests
    assert first.status == "504"
    assert first.latency_s == pytest.approx(0.3 + 4 * DELAY_S, abs=CLOSE)
    down = asked(Send(path="/quick"), faults=(during(2, 4, Down("gateway->quick")),))
    assert {one.status for one in down.between(2, 3.9)} == {"502"}


def test_a_silent_callee_holds_the_slots_of_all_routes() -> None:
    """Four slots, each held for a second, are too few: the healthy route waits for them."""
    mix = (Send(path="/quick"), Send(path="/slow"))
    bare = asked(*mix, rate_rps=40, slots=4, timeout_ms=1000)
    wide = asked(*mix, rate_rps=40, slots=400, timeout_ms=1000)
    assert max(one.latency_s for one in of(wide, "/quick")) < 0.1
    assert {one.status for one in of(bare, "/quick")[-20:]} == {"timeout"}


def test_a_breaker_gives_the_slots_back() -> None:
    """The silent route fails at once, but for one probe each period; the other goes on."""
    mix = (Send(path="/quick"), Send(path="/slow"))
    recording = asked(
        *mix, rate_rps=40, slots=4, timeout_ms=500, breaker=True, open_ms=2000, window=10
    )
    late = [one for one in recording.requests if one.intended_s > 5]
    assert {one.status for one in late if one.path == "/quick"} == {"200"}
    assert max(one.latency_s for one in late if one.path == "/quick") < 0.1
    quickly = [one for one in late if one.path == "/slow" and one.status == "503"]
    assert len(quickly) > 0.9 * sum(one.path == "/slow" for one in late)
    probes = [at_s for at_s in calls(recording, "slow") if at_s > 5]
    assert all(later - earlier > 2.5 for earlier, later in pairwise(probes))
    assert len(probes) in (1, 2)


def test_each_callee_has_a_breaker_of_its_own() -> None:
    """The healthy one's stays closed: no trip is counted for it."""
    mix = (Send(path="/quick"), Send(path="/slow"))
    recording = asked(*mix, rate_rps=40, slots=40, timeout_ms=500, breaker=True)
    counts = {
        key.labels: values[-1]
        for key, values in recording.series.items()
        if key.metric == "breaker_trips_total"
    }
    assert counts == {'callee="quick"': 0, 'callee="slow"': 1}


def test_a_fallback_promises() -> None:
    """200 and "later" where the breaker is open, so the client can tell."""
    recording = asked(
        Send(path="/slow"), rate_rps=40, slots=40, timeout_ms=300, breaker=True, fallback=True
    )
    late = [one for one in recording.requests if one.intended_s > 3]
    told = {(one.status, one.answer) for one in late}
    assert ("200", "later\n") in told
    assert told <= {("200", "later\n"), ("504", "slow did not answer in time\n")}
