"""Relay: what it answers when its callees answer, fail or are silent."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.sim.engine import DELAY_S
from harness.model import Kill, Pause, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.context import Context
from tests.support import CLOSE, At, application, lab, probe, run


def answering(status: int, *, after_s: float = 0) -> str:
    """Make a callee that gives one answer, always."""

    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            await asyncio.sleep(after_s)
            return web.Response(status=status)

        return application(handle)

    return probe(f"answering_{status}", app)


def asked(*callees: str, faults: tuple[Timed, ...] = (), **settings: float | str) -> Recording:
    """Ask a relay once, at second 2."""
    names = [f"callee-{number}" for number in range(len(callees))]
    value = lab(
        Service("front", app="services.relay", calls=tuple(names), settings=settings),
        *(Service(name, app=app) for name, app in zip(names, callees, strict=True)),
        load=At(to="front", times_s=(2.0,), timeout_ms=60_000),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def calls(recording: Recording) -> list[tuple[str, int, str]]:
    return [
        (span.callee, span.attempt, span.status)
        for span in recording.spans
        if span.kind == "client"
    ]


@pytest.mark.parametrize(
    ("callee", "status"), [(200, "200"), (204, "200"), (404, "200"), (500, "502"), (503, "502")]
)
def test_it_passes_on_whether_the_callee_answered(callee: int, status: str) -> None:
    """200 for whatever is not the callee's own failure, 502 for that."""
    assert [one.status for one in asked(answering(callee)).requests] == [status]


def test_silence_is_a_gateway_timeout() -> None:
    """504, when the last try has run into its time limit, and not before."""
    recording = asked(answering(200, after_s=100), timeout_ms=300, tries=3)
    (request,) = recording.requests
    assert request.status == "504"
    assert request.answered_s == pytest.approx(2 + 3 * 0.3 + 4 * DELAY_S, abs=CLOSE)
    assert calls(recording) == [("callee-0", number, "abandoned") for number in (1, 2, 3)]


def test_a_callee_that_is_down_is_a_bad_gateway() -> None:
    """502: the proxy closes the connection with the request unread."""
    recording = asked("services.worker", faults=(during(1, 4, Kill("callee-0")),), tries=2)
    assert [one.status for one in recording.requests] == ["502"]
    assert calls(recording) == [("callee-0", 1, "reset"), ("callee-0", 2, "reset")]


def test_a_frozen_callee_is_a_gateway_timeout() -> None:
    """Its kernel accepts, so that only the time limit tells."""
    recording = asked("services.worker", faults=(during(1, 4, Pause("callee-0")),), timeout_ms=500)
    assert [one.status for one in recording.requests] == ["504"]


def test_without_a_time_limit_it_waits_as_long_as_it_takes() -> None:
    """0 means none."""
    recording = asked(answering(200, after_s=50), timeout_ms=0)
    assert [one.status for one in recording.requests] == ["200"]


def test_it_asks_its_callees_in_turn_and_stops_at_the_first_failure() -> None:
    """The second is not asked when the first has failed."""
    assert [callee for callee, _, _ in calls(asked(answering(200), answering(200)))] == [
        "callee-0",
        "callee-1",
    ]
    failed = asked(answering(500), answering(200), tries=2)
    assert calls(failed) == [("callee-0", 1, "500"), ("callee-0", 2, "500")]


def test_it_waits_between_its_tries() -> None:
    """100, then 200 ms, without jitter."""
    recording = asked(answering(500), tries=3, backoff_ms=100, jitter="none")
    starts_s = [span.start_s for span in recording.spans if span.kind == "client"]
    gaps_s = [second - first for first, second in pairwise(starts_s)]
    assert gaps_s == [
        pytest.approx(0.1 + 4 * DELAY_S, abs=CLOSE),
        pytest.approx(0.2 + 2 * DELAY_S, abs=CLOSE),
    ]


def test_a_budget_holds_its_retries_back() -> None:
    """Under total failure: a burst of ten, then a tenth of the requests, whoever else is well."""
    value = lab(
        Service(
            "front",
            app="services.relay",
            calls=("fine", "back"),
            settings={"tries": 4, "retry_budget": 0.1},
        ),
        Service("fine", app=answering(200)),
        Service("back", app=answering(500)),
        load=At(to="front", times_s=tuple(number / 50 for number in range(400))),
    )
    recording = run(value)
    assert len(calls(recording)) - 2 * 400 == pytest.approx(10 + 40, abs=1)
