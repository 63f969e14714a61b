"""Load is a value: arrivals drawn from a seed, the same in the simulation and in Locust."""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, NamedTuple

from harness.errors import LabError


class Arrival(NamedTuple):
    """One request that is due: its number, its time in seconds, and what is asked."""

    number: int
    at_s: float
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """An open loop: arrivals do not wait for answers.

    `timeout_ms` is the client's own patience; a request not answered by then has failed.
    """

    to: str
    path: str = "/"
    timeout_ms: float = 10_000

    kinds: ClassVar[dict[str, type["Load"]]] = {}

    def __init_subclass__(cls) -> None:
        """Register each arrival process under its name, for the load generator."""
        Load.kinds[cls.__name__] = cls

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Draw the arrivals' times in [0, duration), ascending, in seconds."""
        raise NotImplementedError

    def arrivals(self, seed: int, duration_s: float) -> Iterator[Arrival]:
        """Draw the whole load of a run."""
        rng = random.Random(f"{seed}/load/arrivals")
        for number, at_s in enumerate(self.times(rng, duration_s)):
            yield Arrival(number, at_s, self.path)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if self.timeout_ms <= 0:
            yield f"timeout_ms is {self.timeout_ms:g}; it must be above 0"

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object from which `from_json` makes the same load."""
        return {"kind": type(self).__name__, **asdict(self)}

    @staticmethod
    def from_json(document: dict[str, Any]) -> "Load":
        """Make a load from what `to_json` gave.

        Raises:
            LabError: no such kind of load.

        """
        values = dict(document)
        kind = values.pop("kind", "")
        if kind not in Load.kinds:
            raise LabError(f"no load of kind {kind!r}; there are {', '.join(Load.kinds)}")
        return Load.kinds[kind](**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisson(Load):
    """Independent users: exponential gaps with a mean of `1 / rate_rps`."""

    rate_rps: float = field()

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Draw the arrivals' times in [0, duration), ascending, in seconds."""
        # To the nanosecond: C libraries differ in a logarithm's last bit.
        at_s = round(rng.expovariate(self.rate_rps), 9)
        while at_s < duration_s:
            yield at_s
            at_s = round(at_s + rng.expovariate(self.rate_rps), 9)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from Load.problems(self)
        if self.rate_rps <= 0:
            yield f"rate_rps is {self.rate_rps:g}; it must be above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced(Load):
    """A metronome: one arrival every `1 / rate_rps` seconds, the first after one gap."""

    rate_rps: float = field()

    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:  # noqa: ARG002
        """Give the arrivals' times in (0, duration), ascending, in seconds."""
        number = 1
        while (at_s := number / self.rate_rps) < duration_s:
            yield at_s
            number += 1

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from Load.problems(self)
        if self.rate_rps <= 0:
            yield f"rate_rps is {self.rate_rps:g}; it must be above 0"
