"""The simulated engine as a whole: load, samples, observers, what a run leaves behind."""

import asyncio
import gc
import math
import warnings
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import DELAY_S, SimEngine
from harness.engines.sim.loop import VirtualLoop
from harness.errors import FaultNotAppliedError
from harness.model import Kill, Paced, Pause, Poisson, Send, Service, during
from harness.recording import Recording
from services.context import Context
from tests.support import CLOSE, At, application, lab, probe, run

WORKER = Service("worker", app="services.worker", settings={"workers": 1, "service_ms": 100})


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


def test_arrivals_do_not_wait_for_answers() -> None:
    """An open loop: all are sent when they are due, however long the queue."""
    recording = run(
        lab(WORKER, load=Poisson(to="worker", rate_rps=50, timeout_ms=60_000), duration_s=5)
    )
    assert [one.sent_s for one in recording.requests] == [
        close_to(one.intended_s) for one in recording.requests
    ]
    assert [one.number for one in recording.requests] == list(range(len(recording.requests)))
    assert recording.requests[-1].latency_s > 10


def test_a_run_waits_for_its_last_answers() -> None:
    """Requests due before the end are answered after it; the recording's length stays."""
    recording = run(lab(WORKER, load=At(to="worker", times_s=(9.99,) * 30, timeout_ms=60_000)))
    assert recording.duration_s == 10
    assert {one.status for one in recording.requests} == {"200"}
    assert recording.requests[-1].answered_s == close_to(9.99 + 3.0 + 4 * DELAY_S)


def test_a_client_gives_up_at_its_time_limit() -> None:
    """Its request has no answer, and a word for a status."""
    recording = run(lab(WORKER, load=At(to="worker", times_s=(1.0,) * 3, timeout_ms=250)))
    assert [one.status for one in recording.requests] == ["200", "200", "timeout"]
    assert math.isnan(recording.requests[2].answered_s)
    assert math.isnan(recording.requests[2].latency_s)


def test_the_load_asks_for_its_path() -> None:
    """With its query."""
    asked: list[str] = []

    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(request: web.Request) -> web.Response:
            asked.append(str(request.rel_url))
            return web.Response()

        return application(handle)

    run(
        lab(
            Service("a", app=probe("paths", app)),
            load=At(to="a", path="/x/y?z=1", times_s=(1.0,)),
        )
    )
    assert asked == ["/x/y?z=1"]


def test_a_mix_asks_several_services_and_keeps_their_answers() -> None:
    """The log says who was asked, how, and what it said: a history of operations."""

    def echo(ctx: Context[Any]) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            return web.Response(text=f"{ctx.host} {request.method} {request.rel_url}")

        return application(handle)

    services = [Service(name, app=probe("echo", echo)) for name in ("a", "b")]
    put = Send(path="/kv/{key}?value={number}", method="PUT", to="b")
    recording = run(
        lab(
            *services,
            load=Paced(to="a", rate_rps=10, mix=(Send(path="/x"), put), keep_answers=True),
            duration_s=2,
        )
    )
    told = {(one.to, one.method, one.path) for one in recording.requests}
    assert ("a", "GET", "/x") in told
    assert {method for to, method, _ in told if to == "b"} == {"PUT"}
    assert all(one.answer == f"{one.to} {one.method} {one.path}" for one in recording.requests)


def test_series_have_a_sample_for_each_second_of_the_run() -> None:
    """At 0, 1 ... duration; at the very instant, also when the second is not whole."""
    for duration_s, samples in ((5, 6), (4.5, 6)):
        load = Paced(to="worker", rate_rps=1)
        recording = run(lab(WORKER, load=load, duration_s=duration_s))
        assert recording.series
        assert {len(values) for values in recording.series.values()} == {samples}


class Watcher:
    """Notes what an engine tells."""

    def __init__(self) -> None:
        self.seconds: list[tuple[int, int]] = []

    def second(self, number: int, good: int) -> None:
        self.seconds.append((number, good))

    def step(self, what: str) -> None:
        del what


def test_an_observer_is_told_of_every_second() -> None:
    """With the good answers that came in it, whenever they were asked for."""
    watcher = Watcher()
    value = lab(WORKER, load=At(to="worker", times_s=(0.95,) * 15, timeout_ms=60_000), duration_s=3)
    plan = Plan(slug="test", lab=value, variant=value.variants[0], seed=0)
    SimEngine().run(plan, conductor((), 3), watcher)
    assert watcher.seconds == [(0, 0), (1, 10), (2, 5)]


def test_faults_of_the_lab_come_at_their_exact_times() -> None:
    """Applied, seen and gone in no virtual time."""
    faults = (during(2, 3, Pause("worker")), during(4, 5.5, Kill("worker")))
    value = lab(WORKER, load=Poisson(to="worker", rate_rps=5), faults=faults)
    records = run(value, conductor(faults, 10)).faults
    assert [(one.requested_s, one.seen_s, one.removed_s) for one in records] == [
        (close_to(2), close_to(2), close_to(3)),
        (close_to(4), close_to(4), close_to(5.5)),
    ]


def test_a_run_that_fails_raises_and_leaves_no_noise() -> None:
    """The error is what the caller gets; nothing warns when what is left is collected."""
    faults = (during(1, 6, Kill("worker")), during(2, 3, Pause("worker")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FaultNotAppliedError):
            run(
                lab(WORKER, load=Poisson(to="worker", rate_rps=50), faults=faults),
                conductor(faults, 10),
            )
        gc.collect()


def recorded() -> Recording:
    value = lab(
        Service("front", app="services.relay", calls=("worker",)),
        WORKER,
        load=Poisson(to="front", rate_rps=20, timeout_ms=500),
        duration_s=2,
    )
    return run(value, conductor((during(0.5, 1, Kill("worker")),), 2))


def loops() -> list[VirtualLoop]:
    while gc.collect():
        pass
    return [each for each in gc.get_objects() if isinstance(each, VirtualLoop)]


def test_a_run_leaves_no_loop_behind() -> None:
    """A sweep makes thousands of runs in one process."""
    before = loops()
    recorded()
    assert len(loops()) == len(before)


def test_a_run_starts_inside_no_other_loop() -> None:
    """It is called from plain code; the machine's own loop is as it was afterwards."""
    recorded()
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_a_variant_runs_with_its_own_settings() -> None:
    """And the lab's own stay as they are for the others."""
    value = lab(WORKER, load=At(to="worker", times_s=(1.0,)))
    fast = replace(value.variants[0], settings={"worker.service_ms": 10})
    latencies = [
        run(replace(value, variants=(variant,))).requests[0].latency_s
        for variant in (value.variants[0], fast)
    ]
    assert latencies == [close_to(0.1 + 4 * DELAY_S), close_to(0.01 + 4 * DELAY_S)]
