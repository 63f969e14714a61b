"""Small systems of the services that no lab runs on containers yet: for tests on either engine.

Each has few hosts, and requests far enough apart that the answer to each is the same on both.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain

from harness.model import Lab, Measured, Paced, Redis, Send, Service, Together
from harness.model.fault import Setting

START_S = 5
"""From when on answers are alike, whichever service was up first.

A member that asked in vain has its lease after a second: it waits for an answer for half of one,
and for half of one before it asks again. Two seconds later no monitor looks at before, and has said
so half a second after that: 3.5 s. The rest is for a machine that is slow.
"""
DURATION_S = START_S + 6
SEED = 3
ONE_COPY: Mapping[str, Setting] = {"copies": 1, "write_quorum": 1, "read_quorum": 1}
QUICK: Mapping[str, Setting] = {"workers": 4, "service_ms": 20}


def asks(to: str, *paths: str, keys: int = 5) -> Paced:
    """Ask ten times a second; `PUT` or `POST` before a path is its method, else it is read."""
    mix = []
    for path in paths:
        method, _, rest = path.rpartition(" ")
        mix.append(Send(path=rest, method=method or "GET"))
    return Paced(to=to, rate_rps=10, mix=tuple(mix), keys=keys, keep_answers=True)


def scene(*services: Service, load: tuple[Paced, ...], stores: tuple[Redis, ...] = ()) -> Lab:
    """Make a lab of some services that claims nothing."""
    return Lab(
        title="Parts",
        question="Do they answer alike?",
        services=services,
        stores=stores,
        load=Together(of=load) if len(load) > 1 else load[0],
        duration_s=DURATION_S,
        faults=(),
        variants=(Measured("only"),),
        expect=(),
    )


def worker(name: str, *calls: str, **settings: Setting) -> Service:
    return Service(name, app="services.worker", calls=calls, settings={**QUICK, **settings})


PEERS = ("node-1", "node-2", "node-3")
SCENES: Mapping[str, Lab] = {
    "page": scene(
        Service("people", app="services.crowd", calls=("page",),
                settings={"people": 5, "think_ms": 500}),
        Service("page", app="services.page", calls=("desk", "fleet")),
        Service("desk", app="services.queueing", settings=QUICK),
        Service("fleet", app="services.fleet", settings={"service_ms": 20}),
        load=(asks("page", "/"),),
    ),
    "rows": scene(
        Service("cache", app="services.cache", calls=("table", "store"),
                settings={"store": "store", "ttl_ms": 60_000,
                          "outgoing.order": "retry,breaker,timeout"}),
        # What is restored is what is there, so that it does not matter when a copy was made.
        Service("table", app="services.table",
                settings={"rows": 20, "isolation": "read-committed"}),
        Service("backup", app="services.backup", calls=("table",), settings={"every_ms": 300}),
        stores=(Redis("store"),),
        load=(asks("cache", "/rows/{key}"), asks("table", "POST /rows/7/0", "/rows/7"),
              asks("backup", "POST /restore/0")),
    ),
    "keys": scene(
        *(Service(name, app="services.kv", calls=tuple(one for one in PEERS if one != name),
                  settings={"copies": 3}) for name in PEERS),
        load=(asks("node-1", "PUT /keys/{key}/{number}", "/keys/{key}"),),
    ),
    "ring": scene(
        Service("ring", app="services.ring", calls=("left", "right")),
        Service("left", app="services.kv", settings=ONE_COPY),
        Service("right", app="services.kv", settings=ONE_COPY),
        load=(asks("ring", "PUT /keys/{key}/{number}", "/keys/{key}"),),
    ),
    "stream": scene(
        Service("stream", app="services.stream", settings={"partitions": 1}),
        Service("reader", app="services.reader", calls=("stream", "effects"),
                settings={"stream": "stream"}),
        Service("effects", app="services.effects"),
        load=(replace(asks("stream", "POST /messages/k/{number}"), end_s=START_S + 2),
              replace(asks("effects", "/effects"), start_s=START_S + 4)),
    ),
    "cells": scene(
        Service("router", app="services.cells", calls=("one", "two", "three")),
        *(worker(name) for name in ("one", "two", "three")),
        load=(asks("router", "/?client={key}"),),
    ),
    "names": scene(
        Service("named", app="services.named", calls=("resolver", "web"),
                settings={"resolver": "resolver", "name": "shop"}),
        Service("resolver", app="services.resolver", settings={"names": "shop=web"}),
        worker("web"),
        load=(asks("named", "/"),),
    ),
    "members": scene(
        Service("front", app="services.health", calls=("one", "other")),
        Service("monitor", app="services.monitor", calls=("front",)),
        Service("plane", app="services.control_plane"),
        Service("one", app="services.member", calls=("plane",)),
        Service("other", app="services.member", calls=("plane",)),
        load=(asks("front", "/"), asks("monitor", "/")),
    ),
    "release": scene(
        Service("door", app="services.door", calls=("auth", "router"), settings={"auth": "auth"}),
        Service("auth", app="services.auth"),
        Service("router", app="services.rollout", calls=("old", "new"),
                settings={"old": "old", "new": "new", "release": True, "waves": "0.5",
                          "shadow": 1}),
        worker("old"),
        worker("new"),
        load=(asks("door", "/as/{key}"), asks("router", "/?user={key}", keys=20)),
    ),
    "tied": scene(
        Service("gateway", app="services.gateway", calls=("one", "other"),
                settings={"outgoing.order": "tied", "outgoing.tied.among": "one, other"}),
        worker("one", "other", **{"incoming.order": "tied,shed"}),
        worker("other", "one", **{"incoming.order": "tied,shed"}),
        load=(asks("gateway", "/one"),),
    ),
}  # fmt: skip


def beside(names: Collection[str]) -> Lab:
    """Put scenes side by side: one lab of all their hosts, each under its own load."""
    found = [SCENES[name] for name in names]
    loads = [one.load.of if isinstance(one.load, Together) else (one.load,) for one in found]
    return replace(
        found[0],
        services=tuple(service for one in found for service in one.services),
        stores=tuple(store for one in found for store in one.stores),
        load=Together(of=tuple(chain.from_iterable(loads))),
    )
