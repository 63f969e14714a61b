"""A scenario: a system, what is asked of it and when, and what breaks meanwhile; all as values."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from harness.engines.protocol import Plan
from harness.engines.sim.order import Permutation
from harness.model.fault import Timed
from harness.model.lab import Lab, Redis, Service
from harness.model.load import Flow
from harness.model.send import Arrival
from harness.model.variant import Broken

VARIANT = "swarm"
PATIENCE_MS = 4000.0
"""How long a client waits: longer than an act may take, so that none is cut off by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: when, of which service, and by which path."""

    at_s: float
    to: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Flow):
    """Requests at given times, each with a service and a path of its own."""

    asks: tuple[Ask, ...] = ()

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Give the times in their order, in seconds."""
        del rng
        yield from (ask.at_s for ask in self.asks if ask.at_s < duration_s)

    def arrivals(self, seed: int, duration_s: float) -> Iterator[Arrival]:
        """Give the requests in their order."""
        del seed
        due = (ask for ask in self.asks if ask.at_s < duration_s)
        for number, ask in enumerate(due):
            yield Arrival(number, ask.at_s, ask.path, "GET", ask.to, self.timeout_ms, 0)

    def targets(self) -> tuple[str, ...]:
        """Name the services that are asked."""
        return tuple(dict.fromkeys(ask.to for ask in self.asks)) or (self.to,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """In which order happens what is simultaneous: drawn anew, at all instants or at some."""

    seed: int
    only: tuple[int, ...] | None = None

    def permutation(self) -> Permutation:
        """Make what draws the order of one run."""
        return Permutation(self.seed, self.only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One system under one storm; without an `order`, as the simulator has it by itself."""

    seed: int
    lab: Lab
    order: Order | None = None

    @property
    def asks(self) -> tuple[Ask, ...]:
        """The requests of its load."""
        return scripted(self.lab).asks

    def plan(self) -> Plan:
        """Give what an engine runs."""
        variant = self.lab.variant(VARIANT)
        return Plan(slug="swarm", lab=self.lab, variant=variant, seed=self.seed)

    def size(self) -> str:
        """Say how large it is."""
        hosts, faults, asks = len(self.lab.hosts()), len(self.lab.faults), len(self.asks)
        size = f"{_count(hosts, 'host')}, {_count(faults, 'fault')}, {_count(asks, 'request')}"
        return f"{size}, {self.lab.duration_s:g} s"


def scripted(lab: Lab) -> Scripted:
    """Give the load of a scenario's lab.

    Raises:
        TypeError: it is another lab's.

    """
    if not isinstance(lab.load, Scripted):
        raise TypeError(f"a scenario has a Scripted load, not {lab.load!r}")
    return lab.load


def lab_of(
    services: tuple[Service, ...],
    stores: tuple[Redis, ...],
    asks: tuple[Ask, ...],
    faults: tuple[Timed, ...],
    duration_s: float,
) -> Lab:
    """Make a lab that claims nothing."""
    return Lab(
        title="",
        question="",
        services=services,
        stores=stores,
        load=Scripted(to=services[0].name, asks=asks, timeout_ms=PATIENCE_MS),
        duration_s=duration_s,
        faults=faults,
        variants=(Broken(VARIANT),),
        expect=(),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
