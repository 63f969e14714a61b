"""Guards around services in a run: their order, what travels, and what comes of a refusal."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.errors import LabError
from harness.model import Configure, Paced, Poisson, Send, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.context import Context
from services.guarding import GUARDS, Guarded
from services.server import SettingError, changed_settings, live_settings, load, settings_of
from tests.support import application, lab, probe, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain(Guarded):
    """A probe with guards and nothing else."""


def asked(  # noqa: PLR0913 - what a run can be given
    caller: Mapping[str, Setting],
    callee: Mapping[str, Setting] | None = None,
    *,
    app: str = "services.worker",
    faults: tuple[Timed, ...] = (),
    rate_rps: float = 10,
    path: str = "/callee",
) -> Recording:
    """Ask a gateway in front of one callee for ten seconds."""
    value = lab(
        Service("gateway", app="services.gateway", calls=("callee",), settings=caller),
        Service("callee", app=app, settings=callee or {}),
        load=Paced(to="gateway", rate_rps=rate_rps, mix=(Send(path=path),), keep_answers=True),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def calls(recording: Recording) -> list[int]:
    return [span.attempt for span in recording.spans if span.kind == "client"]


def event(recording: Recording, side: str, guard: str, name: str) -> float:
    labels = f'side="{side}",guard="{guard}",event="{name}"'
    return sum(
        values[-1]
        for key, values in recording.series.items()
        if key.metric == "guard_events_total"
        and sorted(key.labels.split(",")) == sorted(labels.split(","))
    )


def test_every_guard_is_there_on_both_sides() -> None:
    """By the same settings, all live."""
    there = live_settings(load("services.gateway"))
    for side in ("incoming", "outgoing"):
        assert f"{side}.order" in there
        for guard in GUARDS:
            assert any(one.startswith(f"{side}.{guard}.") for one in there)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"outgoing.order": "retry,brake"}, "outgoing.order has 'brake'; guards are adaptive,"),
        ({"outgoing.order": "retry, retry"}, "outgoing.order has 'retry' twice"),
        ({"outgoing": "retry"}, "outgoing is 'retry'; set one of outgoing.order, "),
        ({"outgoing.retry": 3}, "outgoing.retry is 3; set one of outgoing.retry.tries, "),
        ({"outgoing.retry.trie": 3}, "no setting 'outgoing.retry.trie'; of outgoing.retry there"),
        ({"outgoing.retry.tries": 0}, "outgoing.retry.tries is 0; it must be at least 1"),
        ({"outgoing.retry.tries": "3"}, "outgoing.retry.tries is '3'; it must be of type int"),
        ({"slots.most": 3}, "no setting 'slots.most'; there are "),
    ],
)
def test_a_wrong_setting_says_where_it_is_wrong(values: dict[str, Setting], message: str) -> None:
    """By its whole dotted name."""
    with pytest.raises(SettingError, match=f"^{message}"):
        settings_of(load("services.gateway"), values)


def test_a_change_leaves_the_other_settings_of_a_guard() -> None:
    """One leaf is replaced, and nothing beside it."""
    values = {"outgoing.retry.tries": 5, "outgoing.retry.burst": 3}
    changed = changed_settings(load("services.gateway"), values, {"outgoing.retry.tries": 2})
    assert (changed.outgoing.retry.tries, changed.outgoing.retry.burst) == (2, 3)


def test_without_an_order_nothing_stands_around_a_call() -> None:
    """A guard's settings alone do nothing."""
    bare = asked({})
    set_only = asked({"outgoing.retry.tries": 9}, {"incoming.limiter.rate_rps": 1})
    assert list(bare.requests) == list(set_only.requests)
    assert list(bare.spans) == list(set_only.spans)


def test_the_order_is_from_the_outermost_in() -> None:
    """A limiter outside a retry counts requests, inside it tries."""
    limit = {"outgoing.limiter.rate_rps": 5, "outgoing.limiter.burst": 5}
    broken = {"error_ratio": 1.0}
    outside = asked({"outgoing.order": "limiter,retry", **limit}, broken)
    inside = asked({"outgoing.order": "retry,limiter", **limit}, broken)
    assert len(calls(outside)) == pytest.approx(3 * (5 + 5 * 10), abs=6)
    assert len(calls(inside)) == pytest.approx(5 + 5 * 10, abs=2)


def test_tries_are_numbered_in_the_spans() -> None:
    """A retry is an attempt of its own, in the gateway that knows of none."""
    recording = asked({"outgoing.order": "retry"}, {"error_ratio": 1.0})
    assert set(calls(recording)) == {1, 2, 3}
    assert {one.status for one in recording.requests} == {"502"}
    assert event(recording, "outgoing", "retry", "retry") == 2 * len(recording.requests)


def answering(status: int) -> str:
    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            return web.Response(status=status)

        return application(handle)

    return probe(f"answering_{status}_always", app)


@pytest.mark.parametrize(("status", "tries"), [(200, 1), (404, 1), (429, 3), (500, 3), (503, 3)])
def test_a_fault_of_the_caller_is_no_failure(status: int, tries: int) -> None:
    """It would be the same again; what the gateway answers is as without guards."""
    app = answering(status)
    bare = asked({}, app=app)
    guarded = asked({"outgoing.order": "retry"}, app=app)
    assert len(calls(guarded)) == tries * len(guarded.requests)
    told = [{(one.status, one.answer) for one in found.requests} for found in (bare, guarded)]
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["balancer", "relay"])
def test_a_failure_that_is_passed_on_is_one(name: str) -> None:
    """A service that passes a 500 on has it retried first, and passes the last one on."""
    value = lab(
        Service(
            "front",
            app=f"services.{name}",
            calls=("callee",),
            settings={"outgoing.order": "retry"},
        ),
        Service("callee", app=answering(500)),
        load=Paced(to="front", rate_rps=1),
    )
    recording = run(value)
    assert len(calls(recording)) == 3 * len(recording.requests)
    assert {one.status for one in recording.requests} == {"500" if name == "balancer" else "502"}


def test_an_unknown_path_stays_a_404_inside_guards() -> None:
    """What aiohttp raises itself is an answer too."""
    recording = asked({"incoming.order": "retry,shed"}, path="/elsewhere")
    assert {one.status for one in recording.requests} == {"404"}


def test_settings_are_live() -> None:
    """Guards and their order come and go while a service runs."""
    change = Configure("gateway", {"outgoing.order": "fallback", "outgoing.fallback.text": "sorry"})
    recording = asked({}, {"error_ratio": 1.0}, faults=(during(3, 6, change),))
    told = {int(one.intended_s): one.answer for one in recording.requests}
    assert (told[4], told[5]) == ("sorry", "sorry")
    assert "sorry" not in (told[2], told[8])


def test_a_refusal_on_arrival_is_the_answer() -> None:
    """429 from the limiter, and when to come again as whole seconds."""
    limited: dict[str, Setting] = {
        "incoming.order": "limiter",
        "incoming.limiter.rate_rps": 2,
        "incoming.limiter.burst": 2,
    }
    recording = asked(limited)
    statuses = [one.status for one in recording.requests]
    assert statuses.count("200") == pytest.approx(2 + 2 * 10, abs=2)
    assert statuses.count("429") == len(statuses) - statuses.count("200")


def hanging(ctx: Context[Any]) -> web.Application:
    async def handle(_: web.Request) -> web.Response:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            ENDED.append(ctx.now())
            raise
        return web.Response()

    return application(handle)


ENDED: list[float] = []


def test_a_deadline_travels_and_frees_the_callee() -> None:
    """The callee ends its work at the gateway's deadline; with a time limit alone it goes on."""
    app = probe("hanging", hanging, Plain)
    inner: dict[str, Setting] = {"incoming.order": "deadline"}
    ENDED.clear()
    limited = asked(
        {"outgoing.order": "timeout", "outgoing.timeout.ms": 200, "timeout_ms": 9000},
        inner,
        app=app,
        rate_rps=1,
    )
    assert ENDED == []
    assert {one.status for one in limited.requests} == {"504"}
    told = asked(
        {"incoming.order": "deadline", "incoming.deadline.budget_ms": 200, "timeout_ms": 9000},
        inner,
        app=app,
        rate_rps=1,
    )
    assert len(ENDED) == len(told.requests) > 0
    assert told.notes == []
    sent_s = sorted(one.intended_s for one in told.requests)
    late_s = [ended_s - at_s for ended_s, at_s in zip(ENDED, sent_s, strict=True)]
    assert max(late_s) < 0.25
    assert {one.status for one in told.requests} == {"504"}


PATIENT: dict[str, Setting] = {
    "incoming.order": "deadline",
    "incoming.deadline.budget_ms": 400,
}
SHEDDING: dict[str, Setting] = {"incoming.order": "deadline,shed", "incoming.shed.slots": 1}


def test_a_deadline_frees_a_worker_that_hangs() -> None:
    """Slow for two seconds, it is well again after them; without one it works that off first."""
    slow = during(1, 3, Configure("callee", service_ms=10_000))
    quick: dict[str, Setting] = {"workers": 1, "service_ms": 50}
    bare = asked(PATIENT, quick, rate_rps=6, faults=(slow,))
    freed = asked(PATIENT, {**quick, **SHEDDING}, rate_rps=6, faults=(slow,))
    late = [[one.status for one in found.between(4, 10)] for found in (bare, freed)]
    assert set(late[0]) == {"504"}
    assert set(late[1]) == {"200"}


def test_work_that_cannot_be_done_in_time_is_not_begun() -> None:
    """Under overload that is the difference: cut-off work is as lost as late work."""
    slow: dict[str, Setting] = {"workers": 1, "service_ms": 300}
    needs: dict[str, Setting] = {"incoming.shed.needs_ms": 300}
    cut_off = asked(PATIENT, {**slow, **SHEDDING}, rate_rps=6)
    left_out = asked(PATIENT, {**slow, **SHEDDING, **needs}, rate_rps=6)
    well = [sum(one.status == "200" for one in found.requests) for found in (cut_off, left_out)]
    assert well[0] < 0.2 * 10 / 0.3
    assert well[1] > 0.8 * 10 / 0.3


def test_a_priority_and_a_client_travel_through_services() -> None:
    """From the request's path to the callee's guards."""
    seen: list[tuple[str, str]] = []

    def noting(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(request: web.Request) -> web.Response:
            seen.append((request.headers["client"], request.headers["priority"]))
            return web.Response()

        return application(handle)

    asked({}, app=probe("noting", noting, Plain), path="/callee?client=mobile&priority=2")
    assert set(seen) == {("mobile", "2")}


def test_an_incoming_answer_goes_through_whole() -> None:
    """Status, text and type are those of the service."""

    def typed(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            return web.json_response({"a": 1}, status=203)

        return application(handle)

    app = probe("typed", typed, Plain)
    order: dict[str, Setting] = {"incoming.order": "timeout,shed"}
    value = lab(
        Service("typed", app=app, settings=order),
        load=Paced(to="typed", rate_rps=1, keep_answers=True),
    )
    assert {(one.status, one.answer) for one in run(value).requests} == {("203", '{"a": 1}')}
    assert app in sys.modules


def tied(*callers: tuple[str, ...], order: str = "tied,shed") -> Recording:
    """Send copies to two servers that are busy for seven tenths, and call those that are named."""
    incoming: dict[str, Setting] = {"incoming.order": order, "incoming.shed.slots": 1}
    servers = (
        Service(host, app="services.worker", calls=calls, settings={"workers": 1, **incoming})
        for host, calls in zip(("web-1", "web-2"), callers, strict=True)
    )
    value = lab(
        Service(
            "gateway",
            app="services.gateway",
            calls=("web-1", "web-2"),
            settings={"slots": 100, "outgoing.order": "tied", "outgoing.tied.among": "web-1,web-2"},
        ),
        *servers,
        load=Poisson(to="gateway", rate_rps=35, mix=(Send(path="/web-1"),)),
    )
    return run(value)


def test_tied_copies_are_worked_on_once() -> None:
    """The other one is dropped by a word from server to server; without it both would be done."""
    recording = tied(("web-2",), ("web-1",))
    assert {one.status for one in recording.requests} == {"200"}
    worked = event(recording, "incoming", "tied", "begun")
    assert worked == pytest.approx(len(recording.requests), rel=0.05)
    assert event(recording, "incoming", "tied", "dropped") > 0.3 * len(recording.requests)


def test_servers_of_ties_name_each_other() -> None:
    """Else nobody can be told, which is an error of the lab and not of the network."""
    assert any("add it to calls=" in note for note in tied((), ()).notes)


@pytest.mark.parametrize(
    ("guards", "message"),
    [
        ({"order": "tied", "tied.among": "web-1, web-9"}, "outgoing.tied.among has 'web-9'; add"),
        ({"order": "tied"}, "tied.among is ''; name two hosts or more"),
        ({"order": "limiter", "limiter.store": "redis"}, "outgoing.limiter.store has 'redis'; add"),
    ],
)
def test_a_guard_names_what_its_service_calls(guards: dict[str, Setting], message: str) -> None:
    """Or it does not start; a guard that stands nowhere may name anything."""
    settings = {f"outgoing.{name}": value for name, value in guards.items()}
    value = lab(
        Service("gateway", app="services.gateway", calls=("web-1",), settings=settings),
        Service("web-1", app="services.worker"),
        load=Paced(to="gateway", rate_rps=1),
        duration_s=1,
    )
    with pytest.raises(LabError, match=f"gateway does not start: {message}"):
        run(value)
    gateway = replace(value.services[0], settings={**settings, "outgoing.order": ""})
    assert run(replace(value, services=(gateway, *value.services[1:]))).notes == []
