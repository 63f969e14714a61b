"""Load is a value: arrivals drawn from a seed, the same in the simulation and in Locust."""

import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, NamedTuple

from harness.errors import LabError

METHODS = ("GET", "POST", "PUT", "DELETE")
PLACE = re.compile(r"{(?!number}|key})[^}]*}?")
"""A place in a path that nothing fills."""


class Arrival(NamedTuple):
    """One request that is due: its number, its time in seconds, and what is asked of whom."""

    number: int
    at_s: float
    path: str
    method: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One kind of request in a mix.

    `{number}` in its path stands for the request's own number and `{key}` for one of the load's
    `keys`, drawn evenly from 0 on. `share` is its weight among the kinds; `to` the service that is
    asked where that is not the load's own.
    """

    path: str = "/"
    method: str = "GET"
    share: float = 1
    to: str = ""

    def filled(self, number: int, key: int) -> str:
        """Give the path with its places filled."""
        return self.path.replace("{number}", str(number)).replace("{key}", str(key))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.path.startswith("/"):
            yield "a path must begin with /"
        for place in PLACE.findall(self.path):
            yield f"nothing fills {place!r}; a path may hold {{number}} and {{key}}"
        if self.method not in METHODS:
            yield f"the method may be {', '.join(METHODS)}"
        if not 0 < self.share < math.inf:
            yield f"its share is {self.share:g}; it must be above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """An open loop: arrivals do not wait for answers.

    Each arrival is a GET of `path`, or one of the `mix` by their shares. `timeout_ms` is the
    client's own patience; a request not answered by then has failed. With `keep_answers` the
    recording has each answer's text, so that the request log is a history of operations.
    """

    to: str
    path: str = "/"
    mix: tuple[Send, ...] = ()
    keys: int = 1
    timeout_ms: float = 10_000
    keep_answers: bool = False

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
        mixing = random.Random(f"{seed}/load/mix")
        kinds = self.sends()
        shares = [kind.share for kind in kinds]
        for number, at_s in enumerate(self.times(rng, duration_s)):
            (kind,) = mixing.choices(kinds, shares)
            path = kind.filled(number, mixing.randrange(self.keys))
            yield Arrival(number, at_s, path, kind.method, kind.to or self.to)

    def peak_rps(self, duration_s: float) -> float:
        """Give how many arrive in its busiest second: counted, where a kind does not know it."""
        seconds = Counter(map(int, self.times(random.Random(0), duration_s)))
        return max(seconds.values(), default=0)

    def targets(self) -> tuple[str, ...]:
        """Name the services that it asks, its own first."""
        return tuple(dict.fromkeys(kind.to or self.to for kind in self.sends()))

    def sends(self) -> tuple[Send, ...]:
        """Give the kinds of requests that are sent."""
        return self.mix or (Send(path=self.path),)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if self.timeout_ms <= 0:
            yield f"timeout_ms is {self.timeout_ms:g}; it must be above 0"
        if self.keys < 1:
            yield f"keys is {self.keys}; it must be at least 1"
        for kind in self.sends():
            yield from (f"{kind.method} {kind.path}: {problem}" for problem in kind.problems())

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
        mix = tuple(Send(**sent) for sent in values.pop("mix"))
        return Load.kinds[kind](mix=mix, **values)


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

    def peak_rps(self, duration_s: float) -> float:  # noqa: ARG002 - the same at all times
        """Give its rate."""
        return self.rate_rps

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

    def peak_rps(self, duration_s: float) -> float:  # noqa: ARG002 - the same at all times
        """Give its rate."""
        return self.rate_rps

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from Load.problems(self)
        if self.rate_rps <= 0:
            yield f"rate_rps is {self.rate_rps:g}; it must be above 0"
