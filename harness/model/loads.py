"""The kinds of load: how arrivals come, and several loads at once."""

import heapq
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from harness.changes import Change
from harness.errors import LabError
from harness.model.load import Due, Flow, Load, named


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisson(Flow):
    """Independent users: exponential gaps with a mean of `1 / rate_rps`."""

    rate_rps: float = field()

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Draw the arrivals' times in [0, duration), ascending, in seconds."""
        # To the nanosecond: C libraries differ in a logarithm's last bit.
        at_s = round(rng.expovariate(self.rate_rps), 9)
        while at_s < duration_s:
            yield at_s
            at_s = round(at_s + rng.expovariate(self.rate_rps), 9)

    def highest_rps(self, duration_s: float) -> float:
        """Give its rate where that is highest."""
        return self.rate_rps * self.curve().highest(duration_s)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from Flow.problems(self)
        if self.rate_rps <= 0:
            yield f"rate_rps is {self.rate_rps:g}; it must be above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced(Flow):
    """A metronome: one arrival every `1 / rate_rps` seconds, the first after one gap."""

    rate_rps: float = field()

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:  # noqa: ARG002
        """Give the arrivals' times in (0, duration), ascending, in seconds."""
        number = 1
        while (at_s := number / self.rate_rps) < duration_s:
            yield at_s
            number += 1

    def highest_rps(self, duration_s: float) -> float:
        """Give its rate where that is highest."""
        return self.rate_rps * self.curve().highest(duration_s)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from Flow.problems(self)
        if self.rate_rps <= 0:
            yield f"rate_rps is {self.rate_rps:g}; it must be above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Together(Load):
    """Several loads at once, each with its own rate, targets, time limit and phases.

    One that begins later than the run is an addition, which a negative control takes away.
    """

    of: tuple[Load, ...]

    def flows(self) -> tuple[Flow, ...]:
        """Give those of all, in their order."""
        return tuple(flow for load in self.of for flow in load.flows())

    def dues(self, seed: str, duration_s: float) -> Iterator[Due]:
        """Draw each from a seed of its own, so that none depends on the others."""
        drawn = (one.dues(f"{seed}/{place}", duration_s) for place, one in enumerate(self.of))
        return heapq.merge(*drawn, key=attrgetter("at_s"))

    def changes(self) -> Iterator[Change]:
        """Name also what comes in addition."""
        yield from Load.changes(self)
        for flow in self.flows():
            if flow.start_s > 0:
                yield Change(f"load on {flow.to}", flow.start_s, flow.end_s)

    def calm(self) -> "Together":
        """Give what comes from the start on, at its steady rates."""
        kept = (load for load in self.of if any(not one.start_s for one in load.flows()))
        return Together(of=tuple(load.calm() for load in kept))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not any(flow.start_s == 0 for flow in self.flows()):
            yield "none of the loads begins with the run"
        for place, load in enumerate(self.of, 1):
            yield from (f"load {place}: {problem}" for problem in load.problems())

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object from which `from_json` makes the same load."""
        return named(self) | {"of": [load.to_json() for load in self.of]}

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> "Together":
        """Make the loads from theirs."""
        return cls(of=tuple(load_from_json(one) for one in values["of"]))


LOADS: dict[str, type[Load]] = {kind.__name__: kind for kind in (Poisson, Paced, Together)}
"""What a lab may send. Containers know the same, and no other."""


def load_from_json(document: Mapping[str, Any]) -> Load:
    """Make a load from what its `to_json` gave.

    Raises:
        LabError: no such kind of load.

    """
    values = dict(document)
    kind = values.pop("kind", "")
    if kind not in LOADS:
        raise LabError(f"no load of kind {kind!r}; there are {', '.join(LOADS)}")
    return LOADS[kind].of_json(values)
