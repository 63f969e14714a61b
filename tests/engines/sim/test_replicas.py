"""Replicas in virtual time: one name, several hosts, and a proxy that dials them in turn."""

from collections import Counter
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.measures import success_ratio, wasted_ratio
from harness.model import Kill, Lab, Paced, Pause, Service, during
from harness.model.fault import Fault
from harness.model.toxic import Down
from harness.recording import Recording
from services.context import Context
from tests.replicated import AFTER_THE_KILL, REPLICATED, served
from tests.support import NoSettings, application, lab, probe, run


def closing(ctx: Context[NoSettings]) -> web.Application:
    """Answer after all callees have, and end the connection, so that each call is dialled anew."""

    async def handle(_: web.Request) -> web.Response:
        for callee in ctx.callees:
            async with ctx.call(callee).get("/") as answer:
                answer.raise_for_status()
        response = web.Response(text=ctx.host)
        response.force_close()
        return response

    return application(handle)


CLOSING = probe("closing", closing)
THREE = Service("app", app=CLOSING, replicas=3)
LOAD = Paced(rate_rps=30, to="app", timeout_ms=500)


def broken(value: Lab, *faults: Fault) -> Recording:
    """Run a lab whose faults last from second 3 to second 6."""
    faulty = replace(value, faults=tuple(during(3, 6, fault) for fault in faults))
    return run(faulty, conductor(faulty.faults, faulty.duration_s))


def shares(recording: Recording, start_s: float = 0, end_s: float = 10) -> dict[str, int]:
    """Count the requests that each host has served."""
    return Counter(
        span.callee
        for span in recording.spans
        if span.kind == "server" and start_s <= span.start_s < end_s
    )


def test_connections_go_to_the_replicas_in_turn() -> None:
    """The first one first, and to each the same number, of 299 in all."""
    recording = run(lab(THREE, load=LOAD))
    assert shares(recording) == {"app-1": 100, "app-2": 100, "app-3": 99}
    assert [span.callee for span in recording.spans[:4]] == ["app-1", "app-2", "app-3", "app-1"]
    assert {key.host for key in recording.series} == {"app-1", "app-2", "app-3"}


def test_a_dead_replica_is_passed_over_and_the_others_share_alike() -> None:
    """And it has its turn again when it is back."""
    recording = broken(lab(THREE, load=LOAD), Kill("app-2"))
    assert success_ratio(0, 10).of(recording) == 1
    assert shares(recording, 3, 6) == {"app-1": 45, "app-3": 45}
    assert shares(recording, 6.1)["app-2"] == pytest.approx(39, abs=1)


def test_a_name_with_no_replica_alive_is_a_callee_that_is_down() -> None:
    """Its callers see the same as of a single host that is dead."""
    hosts = THREE.hosts()
    recording = broken(lab(THREE, load=LOAD), *(Kill(host) for host in hosts))
    alone = broken(lab(replace(THREE, replicas=1), load=LOAD), Kill("app"))
    assert [one.status for one in recording.requests] == [one.status for one in alone.requests]
    assert success_ratio(3, 6).of(recording) == 0


def test_a_paused_replica_keeps_its_turn_and_its_share_suffers() -> None:
    """Its kernel accepts, so every third request waits in vain."""
    recording = broken(lab(THREE, load=LOAD), Pause("app-2"))
    assert success_ratio(3, 5.5).of(recording) == pytest.approx(2 / 3, abs=0.02)
    assert success_ratio(6, 10).of(recording) == 1


def test_pooled_connections_to_a_dead_replica_are_replaced() -> None:
    """Who calls again is never without an answer; who does not loses what was under way."""
    conduct = conductor(REPLICATED.faults, REPLICATED.duration_s)
    again = run(REPLICATED, conduct, variant="again")
    once = run(REPLICATED, conduct, variant="once")
    assert success_ratio(0, 6).of(again) == 1
    assert 0.9 < success_ratio(1, 6).of(once) < 1
    assert AFTER_THE_KILL.of(once) == 1
    for host in ("app-1", "app-3"):
        counts = served(again, host)
        assert counts[5] > counts[3] > counts[2] > 0


def test_a_caller_may_name_the_replicas_and_balance_by_itself() -> None:
    """A replica's own name is that host alone, for the load too."""
    front = Service("front", app=CLOSING, calls=("app-2", "app-3"))
    recording = run(lab(front, THREE, load=replace(LOAD, to="front")))
    assert shares(recording) == {"front": 299, "app-2": 299, "app-3": 299}
    assert shares(run(lab(THREE, load=replace(LOAD, to="app-3")))) == {"app-3": 299}


def test_each_replica_of_a_caller_has_a_link_of_its_own() -> None:
    """A fault on one link is felt by that replica alone."""
    app = replace(THREE, replicas=2, calls=("back",))
    value = lab(app, Service("back", app=CLOSING), load=LOAD)
    recording = broken(value, Down("app-1->back"))
    assert success_ratio(3, 6).of(recording) == pytest.approx(0.5, abs=0.02)
    failed = {span.caller for span in recording.spans if span.status == "refused"}
    assert failed == {"app-1"}


def test_wasted_work_is_that_of_all_replicas() -> None:
    """A call names the service, the work for it is done on any host."""
    front = Service("front", app="services.relay", calls=("app",), settings={"timeout_ms": 50})
    slow = Service("app", app="services.worker", replicas=2, settings={"service_ms": 100})
    recording = run(lab(front, slow, load=Paced(rate_rps=10, to="front")))
    assert wasted_ratio("app", 0, 10).of(recording) == 1
    assert wasted_ratio("app-1", 0, 10).of(recording) == 1


def test_a_replica_that_has_not_begun_to_start_refuses() -> None:
    """Replicas may ask each other while they start; the first finds nobody."""
    met: list[tuple[str, str]] = []

    def asking(ctx: Context[NoSettings]) -> web.Application:
        async def ask(_: web.Application) -> None:
            try:
                async with ctx.call("app-2").get("/healthz") as response:
                    met.append((ctx.host, str(response.status)))
            except aiohttp.ClientError as error:
                met.append((ctx.host, type(error).__name__))

        application = closing(ctx)
        if "app-2" in ctx.callees:  # It does not call itself.
            application.on_startup.append(ask)
        return application

    value = Service("app", app=probe("asking", asking), calls=("app-2",), replicas=3)
    run(lab(value, load=replace(LOAD, to="app-3"), duration_s=0.1))
    assert met == [("app-1", "ClientOSError"), ("app-3", "200")]


def test_the_same_seed_gives_the_same_run() -> None:
    """To the last series and span."""
    conduct = conductor(REPLICATED.faults, REPLICATED.duration_s)
    assert run(REPLICATED, conduct, seed=3).digest() == run(REPLICATED, conduct, seed=3).digest()
