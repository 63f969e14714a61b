"""Every service of the library and of the labs: a guard has an effect on it, or is refused."""

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

import services
from harness.errors import LabError
from harness.model import Paced, Redis, Send, Service
from harness.model.fault import Setting
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from services.tracing import Span, is_background
from tests.support import lab, run

ROOT = Path(__file__).parents[2]
SIDES = ("incoming", "outgoing")
ONE = {"rate_rps": 0.01, "burst": 1}
"""A limiter that lets one through for each key, and no more in these runs."""
WORKER = Service("callee", app="services.worker")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a service needs around it, and a request that it answers by its own work."""

    path: str = "/"
    method: str = "GET"
    to: str = "subject"
    settings: Mapping[str, Setting] | None = None
    around: tuple[Service, ...] = ()
    beside: tuple[Service, ...] = ()
    """Those that it does not call."""
    stores: tuple[Redis, ...] = ()
    background: bool = False
    """Whether it calls others by itself, and not for a request."""

    def run(self, app: str, guards: Mapping[str, Setting]) -> Recording:
        """Ask ten times a second for four seconds."""
        calls = (*(one.name for one in self.around), *(one.name for one in self.stores))
        settings = {**(self.settings or {}), **guards}
        value = lab(
            Service("subject", app=app, calls=calls, settings=settings),
            *self.around,
            *self.beside,
            load=Paced(
                to=self.to, rate_rps=10, mix=(Send(path=self.path, method=self.method),)
            ),
            duration_s=4,
        )  # fmt: skip
        return run(replace(value, stores=self.stores))


FLAKY = Service("callee", app="services.flaky")
STORE = (Redis("store"),)
NAMES: Mapping[str, Setting] = {"names": "shop=callee", "ttl_ms": 0}
STREAM = Service("stream", app="services.stream")
KEPT: Mapping[str, Setting] = {"store": "store"}
SCENES: Mapping[str, Scene] = {
    "labs.cascades.availability_math.service": Scene(
        path="/systems/shop", settings={"wait_ms": 60_000}
    ),
    "labs.cascades.feedback_oscillation.service": Scene(),
    "labs.cascades.percolation.service": Scene(settings={"links": 0}),
    "labs.cascades.thundering_herd.service_apps": Scene(
        around=(Service("gateway", app="services.effects"),),
        background=True,
    ),
    "labs.cascades.thundering_herd.service_gateway": Scene(
        path="/sessions", method="POST", around=(WORKER,)
    ),
    "labs.delivery.config_push.service": Scene(
        around=(Service("config", app="services.config", settings={"value": "0.2"}),),
        background=True,
    ),
    "labs.resilience.backpressure.service": Scene(
        around=(Service("callee", app="labs.resilience.backpressure.service"),), background=True
    ),
    "labs.resilience.distributed_decisions.service_counter": Scene(path="/taken", method="POST"),
    "labs.resilience.distributed_decisions.service_gateway": Scene(
        settings={"kind": "asked"},
        around=(Service("counter", app="labs.resilience.distributed_decisions.service_counter"),),
    ),
    "labs.resilience.idempotency.service": Scene(
        path="/orders/1",
        method="POST",
        around=(Service("effects", app="services.effects"),),
    ),
    "labs.traffic.api_gateway.service": Scene(
        path="/as/1", settings={"auth": "callee"}, around=(WORKER,)
    ),
    "labs.traffic.bandwidth_latency.service_files": Scene(),
    "labs.traffic.bandwidth_latency.service_log": Scene(),
    "labs.traffic.concurrency_models.service": Scene(path="/pay", around=(WORKER,)),
    "labs.traffic.api_styles.service_api": Scene(path="/people/1/resources/{number}"),
    "labs.traffic.api_styles.service_mobile": Scene(
        path="/new",
        settings={"resources": 1},
        around=(Service("callee", app="labs.traffic.api_styles.service_api"),),
    ),
    "labs.traffic.chatty_queries.service_database": Scene(path="/customers/1"),
    "labs.traffic.chatty_queries.service_shop": Scene(
        around=(Service("callee", app="labs.traffic.chatty_queries.service_database"),)
    ),
    "labs.traffic.connection_pools.service": Scene(),
    "labs.traffic.consistent_hashing.service": Scene(
        path="/items/{number}", around=(WORKER,)
    ),
    "labs.traffic.edge_consistency.service_core": Scene(path="/stock/1", method="POST"),
    "labs.traffic.edge_consistency.service_edge": Scene(
        path="/tickets",
        around=(Service("core", app="labs.traffic.edge_consistency.service_core"),),
    ),
    "labs.traffic.fan_out_tail.service": Scene(settings={"leaves": 1}, around=(WORKER,)),
    "labs.traffic.head_of_line.service": Scene(around=(WORKER,)),
    "labs.traffic.geo_routing.service_edge": Scene(around=(WORKER,)),
    "labs.traffic.geo_routing.service_users": Scene(
        path="/users/{number}",
        settings={"way": "anycast", "edge": "callee"},
        around=(WORKER,),
    ),
    "labs.traffic.queueing_models.service": Scene(),
    "labs.traffic.selfish_routing.service_drivers": Scene(
        path="/trips/1",
        settings={"ways": "callee"},
        around=(Service("callee", app="labs.traffic.selfish_routing.service_road"),),
    ),
    "labs.traffic.selfish_routing.service_road": Scene(),
    "labs.traffic.service_mesh.service": Scene(settings={"to": "callee"}, around=(WORKER,)),
    "labs.traffic.universal_scalability.service": Scene(),
    "services.auth": Scene(path="/keys"),
    "services.backup": Scene(
        path="/copies",
        settings={"every_ms": 200},
        around=(Service("table", app="services.table"),),
        background=True,
    ),
    "services.balancer": Scene(around=(WORKER,)),
    "services.cache": Scene(settings={**KEPT, "ttl_ms": 1}, around=(WORKER,), stores=STORE),
    "services.cells": Scene(around=(WORKER,)),
    "services.config": Scene(path="/value?host=a&runs=&served=0&failed=0"),
    "services.consumer": Scene(
        settings=KEPT,
        around=(WORKER,),
        beside=(Service("intake", app="services.intake", calls=("store",), settings=KEPT),),
        stores=STORE,
        to="intake",
        method="POST",
        path="/orders/1",
        background=True,
    ),
    "services.control_plane": Scene(path="/leases/a", method="PUT"),
    "services.coordinator": Scene(
        path="/kv/a?value=1",
        method="PUT",
        around=(Service("registers", app="services.registers"),),
    ),
    "services.door": Scene(
        path="/as/ada",
        settings={"auth": "auth"},
        around=(WORKER, Service("auth", app="services.auth")),
        background=True,
    ),
    "services.effects": Scene(path="/effects/a", method="POST"),
    "services.flaky": Scene(path="/moments/{number}", around=(FLAKY,)),
    "services.fleet": Scene(),
    "services.gateway": Scene(path="/callee", around=(WORKER,)),
    "services.health": Scene(around=(WORKER,)),
    "services.intake": Scene(path="/orders/1", method="POST", settings=KEPT, stores=STORE),
    "services.kv": Scene(
        path="/keys/a/1",
        method="PUT",
        settings={"copies": 2},
        around=(
            Service("peer", app="services.kv", calls=("subject",), settings={"copies": 2}),
        ),
    ),
    "services.member": Scene(
        around=(Service("plane", app="services.control_plane"),), background=True
    ),
    "services.monitor": Scene(settings={"every_ms": 200}, around=(WORKER,), background=True),
    "services.named": Scene(
        settings={"resolver": "resolver", "name": "shop"},
        around=(
            WORKER,
            Service("resolver", app="services.resolver", settings=NAMES),
        ),
    ),
    "services.page": Scene(around=(WORKER,)),
    "services.queueing": Scene(),
    "services.reader": Scene(
        settings={"stream": "stream"},
        around=(STREAM, Service("effects", app="services.effects")),
        to="stream",
        method="POST",
        path="/messages/a/b",
        background=True,
    ),
    "services.registers": Scene(path="/registers/a"),
    "services.relay": Scene(around=(WORKER,)),
    "services.replica": Scene(
        path="/log/a",
        method="PUT",
        around=(Service("peer", app="services.replica", calls=("subject",)),),
        background=True,
    ),
    "services.resolver": Scene(path="/names/shop", settings=NAMES),
    "services.ring": Scene(
        path="/keys/a/1",
        method="PUT",
        around=(
            Service(
                "node",
                app="services.kv",
                settings={"copies": 1, "write_quorum": 1, "read_quorum": 1},
            ),
        ),
    ),
    "services.rollout": Scene(
        settings={"old": "old", "new": "new"},
        around=tuple(Service(name, app="services.worker") for name in ("old", "new")),
    ),
    "services.stream": Scene(path="/messages/a/b", method="POST"),
    "services.table": Scene(path="/rows/1"),
    "services.worker": Scene(),
}  # fmt: skip


def every() -> list[str]:
    """Name every service that there is."""
    own = [f"services.{one.name}" for one in pkgutil.iter_modules(services.__path__)]
    of_labs = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in ROOT.glob("labs/*/*/service*.py")
    ]
    loaded = [name for name in own if {"Settings", "app"} <= vars(_module(name)).keys()]
    return sorted([*loaded, *of_labs])


def _module(name: str) -> object:
    return __import__(name, fromlist=["app"])


def takes(side: str) -> list[str]:
    """Name the services that take the guards of a side."""
    return [
        name for name in every() if side in {field.name for field in fields(load(name).Settings)}
    ]


def one_only(side: str) -> dict[str, Setting]:
    guards: dict[str, Setting] = {f"{side}.order": "limiter"}
    return guards | {f"{side}.limiter.{name}": value for name, value in ONE.items()}


def test_every_guarded_service_has_a_scene() -> None:
    """So none is left out by having none."""
    assert set(SCENES) == set(takes("incoming")) | set(takes("outgoing"))


@pytest.mark.parametrize("name", takes("incoming"))
def test_a_guard_around_its_handlers_has_an_effect(name: str) -> None:
    """A limiter lets one request through, and every one comes through without it."""
    bare, limited = (SCENES[name].run(name, guards) for guards in ({}, one_only("incoming")))
    assert "429" not in statuses(bare)
    assert limited.notes == bare.notes == []
    # A member of a group may have spent the one on another member.
    assert statuses(limited).count("429") >= len(statuses(limited)) - 1 > 30


@pytest.mark.parametrize("name", takes("outgoing"))
def test_a_guard_around_its_calls_has_an_effect(name: str) -> None:
    """To each callee and each Redis goes one call, and far more without the limiter."""
    bare, limited = (SCENES[name].run(name, guards) for guards in ({}, one_only("outgoing")))
    scene = SCENES[name]
    least = 2 if scene.background else 20
    callees = {span.callee for span in calls(bare)}
    assert callees
    for callee in callees:
        assert sum(span.callee == callee for span in calls(limited)) <= 1
        assert sum(span.callee == callee for span in calls(bare)) >= least


@pytest.mark.parametrize(
    ("name", "side"),
    [(name, side) for side in SIDES for name in every() if name not in takes(side)],
)
def test_what_would_do_nothing_is_refused(name: str, side: str) -> None:
    """In a sentence that says what to do."""
    with pytest.raises(SettingError, match=rf"^{side}.order is refused: .*(set|make) ") as refused:
        settings_of(load(name), {f"{side}.order": "limiter"})
    assert "\n" not in str(refused.value)


def test_a_lab_s_own_service_says_how_it_would_take_guards() -> None:
    """Where its settings are of a class of its own."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        pace: int = 1

    module = type("module", (), {"Settings": Settings, "app": None})
    with pytest.raises(SettingError, match="make its Settings a subclass of "):
        settings_of(module, {"incoming.order": "shed"})  # type: ignore[arg-type]


def statuses(recording: Recording) -> list[str]:
    """Give how the subject has answered what the load has asked of it."""
    return [
        span.status
        for span in recording.spans
        if (span.kind, span.callee) == ("server", "subject") and not is_background(span.trace)
    ]


def calls(recording: Recording) -> list[Span]:
    return [span for span in recording.spans if (span.kind, span.caller) == ("client", "subject")]


@pytest.mark.parametrize("name", ["services.cache", "services.consumer", "services.coordinator"])
@pytest.mark.parametrize("around", [(), (WORKER, STREAM)])
def test_who_calls_one_service_says_so(name: str, around: tuple[Service, ...]) -> None:
    """With none or with two it does not start, and says what to change."""
    there = ", ".join(one.name for one in around) or "none"
    with pytest.raises(LabError, match=f"one service beside a Redis; it names {there}$"):
        replace(SCENES[name], around=around, beside=(), to="subject").run(name, {})
