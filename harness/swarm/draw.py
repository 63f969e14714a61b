"""Draws a scenario from a seed: who there is and calls whom, what is asked, and the storm.

Each scenario has some kinds of acts and faults alone, so that there are many of the same, which
meet each other: of all kinds at once, each would be too rare (Groce and others, "Swarm Testing",
2012).
"""

import random
from dataclasses import replace

from harness.model.fault import Pause
from harness.model.lab import Lab, Redis, Service
from harness.swarm.acts import ACTS
from harness.swarm.scenario import Ask, Order, Scenario, lab_of, scripted
from harness.swarm.storms import STEP_S, some, storm

MEMBER = "harness.swarm.member"
NAMES = "abcdefgh"
STORE = "redis"

HOSTS = 8
"""How many hosts a system has at most, its Redis included."""

SETTLE_S = 4.0
"""After which time a system is as if nothing had ever been broken: the kernel's second try of a
connect comes three seconds after the first."""

TAIL_S = SETTLE_S + 1.0
"""How long the run goes on after the storm; the probes come when it has settled."""


def drawn(seed: int) -> Scenario:
    """Draw the scenario of a seed."""
    rng = random.Random(f"{seed}/swarm")
    stores = (Redis(STORE, persistent=rng.random() < 0.5),) if rng.random() < 0.3 else ()  # noqa: PLR2004
    services = _services(rng, stores)
    storm_s = STEP_S * rng.randrange(6, 25)
    lab = lab_of(services, stores, _asks(rng, services, storm_s), (), storm_s + TAIL_S)
    lab = storm(lab, rng, rng.choice((0, 1, 2, 4, 8, 16)), storm_s)
    order = Order(seed=rng.randrange(1000)) if rng.random() < 0.5 else None  # noqa: PLR2004
    return Scenario(seed=seed, lab=_spared(lab), order=order)


def _services(rng: random.Random, stores: tuple[Redis, ...]) -> tuple[Service, ...]:
    left = rng.randrange(1, HOSTS + 1 - len(stores))
    counts = []
    while left:
        counts.append(rng.choice([count for count in (1, 1, 1, 2, 3) if count <= left]))
        left -= counts[-1]
    names = NAMES[: len(counts)]
    persistent = any(store.persistent for store in stores)
    return tuple(
        Service(
            name,
            app=MEMBER,
            calls=_calls(rng, name, count, names, stores),
            replicas=count,
            restart_after_s=rng.choice((None, STEP_S, 2 * STEP_S)),
            settings={
                "persistent": persistent,
                "backlog": rng.choice((1, 100)),
                "work_ms": rng.choice((1.0, 10.0, 100.0)),
            },
        )
        for name, count in zip(names, counts, strict=True)
    )


def _calls(
    rng: random.Random, name: str, replicas: int, names: str, stores: tuple[Redis, ...]
) -> tuple[str, ...]:
    """Draw whom a service calls: up to three others, perhaps its own replicas, and the Redis."""
    others = [other for other in names if other != name]
    called = rng.sample(others, rng.randrange(min(3, len(others)) + 1))
    if replicas > 1 and rng.random() < 0.3:  # noqa: PLR2004
        called += [f"{name}-{number + 1}" for number in range(replicas)]
    if stores and rng.random() < 0.7:  # noqa: PLR2004
        called.append(STORE)
    return tuple(called)


def _asks(rng: random.Random, services: tuple[Service, ...], storm_s: float) -> tuple[Ask, ...]:
    """Draw the acts during the storm, and a probe of each host when all has settled."""
    kinds = some(rng, list(ACTS))
    asks = []
    for _ in range(rng.choice((5, 20, 40))):
        service, kind = rng.choice(services), rng.choice(kinds)
        if kind == "exit" and service.restart_after_s is None:
            kind = "work"
        # On the grid of the faults, or anywhere.
        at_s = rng.choice(
            (STEP_S * rng.randrange(1, int(storm_s / STEP_S)), rng.uniform(0, storm_s))
        )
        path = f"/act/{kind}/{rng.randrange(1000)}/{rng.randrange(4)}"
        asks.append(Ask(at_s=round(at_s, 6), to=service.name, path=path))
    asks.sort(key=lambda ask: ask.at_s)
    probes = (Ask(at_s=storm_s + SETTLE_S, to=one.name, path="/probe") for one in services)
    return (*asks, *probes)


def _spared(lab: Lab) -> Lab:
    """Leave out pauses of what may be down at their times: they could not be applied."""
    ending = {ask.to for ask in scripted(lab).asks if ask.path.startswith("/act/exit")}
    hosts = {host for service in lab.services if service.name in ending for host in service.hosts()}
    kept = tuple(
        timed
        for timed in lab.faults
        if not (isinstance(timed.fault, Pause) and timed.fault.target in hosts)
    )
    return replace(lab, faults=kept)
