"""Load is a value: arrivals drawn from a seed, the same in the simulation and in Locust."""

import math
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from harness.changes import Change
from harness.model.keys import SKEWS, Keys, Skew
from harness.model.phases import PHASES, Curve, Phase
from harness.model.phases import problems as problems_of_phases
from harness.model.send import PATIENCE_MS, Arrival, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(ABC):
    """What is sent in a run, as a value: one flow of requests, or several together.

    An open loop: arrivals do not wait for answers.
    """

    @abstractmethod
    def flows(self) -> "tuple[Flow, ...]":
        """Give the flows that come at once."""

    @abstractmethod
    def dues(self, seed: str, duration_s: float) -> "Iterator[Due]":
        """Draw what is due in a run, in order."""

    @abstractmethod
    def calm(self) -> "Load":
        """Give the load without its surges, ramps and additions, for the negative control."""

    @abstractmethod
    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Give a JSON object from which `from_json` makes the same load."""

    @classmethod
    @abstractmethod
    def of_json(cls, values: dict[str, Any]) -> "Load":
        """Make a load of this kind from the values of its fields in JSON."""

    def arrivals(self, seed: int, duration_s: float) -> Iterator[Arrival]:
        """Draw the whole load of a run."""
        for number, due in enumerate(self.dues(str(seed), duration_s)):
            yield due.arrival(number)

    def changes(self) -> Iterator[Change]:
        """Name the surges, ramps and additions: what a negative control takes away."""
        for flow in self.flows():
            yield from (Change(one.told(), one.start_s, one.end_s) for one in flow.phases)

    def peak_rps(self, duration_s: float) -> float:
        """Give how many arrive in its busiest second, or somewhat more where several overlap."""
        return sum(flow.highest_rps(duration_s) for flow in self.flows())

    def longest_timeout_s(self) -> float:
        """Give how long the most patient of its clients waits."""
        return max(flow.timeout_ms for flow in self.flows()) / 1000

    def keeps_answers(self) -> bool:
        """Say whether the recording has each answer's text: of all, if one flow wants it."""
        return any(flow.keep_answers for flow in self.flows())

    def targets(self) -> tuple[str, ...]:
        """Name the services that it asks, in the order of the flows and their kinds."""
        return tuple(
            dict.fromkeys(kind.to or flow.to for flow in self.flows() for kind in flow.sends())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Load):
    """Requests of one kind of client, whose rate may change.

    Each arrival is a GET of `path`, or one of the `mix` by their shares. Keys are drawn evenly, or
    by a `skew`. `timeout_ms` is the client's own patience; a request not answered by then has
    failed. With `keep_answers` the recording has each answer's text, so that the request log is a
    history of operations.

    The rate follows `phases`, surges and ramps that come one after the other, and is 0 before
    `start_s` and from `end_s` on.
    """

    to: str
    path: str = "/"
    mix: tuple[Send, ...] = ()
    keys: int = 1
    skew: Skew | None = None
    timeout_ms: float = PATIENCE_MS
    keep_answers: bool = False
    phases: tuple[Phase, ...] = ()
    start_s: float = 0
    end_s: float = math.inf

    @abstractmethod
    def times(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Draw arrivals at the steady rate in [0, duration), ascending, in seconds.

        Phases and the window are not its business, but those of `dues`.
        """

    def highest_rps(self, duration_s: float) -> float:
        """Give how many arrive in its busiest second: counted, where a kind does not know it."""
        seconds = Counter(int(due.at_s) for due in self.dues("", duration_s))
        return max(seconds.values(), default=0)

    def flows(self) -> "tuple[Flow, ...]":
        """Give itself."""
        return (self,)

    def dues(self, seed: str, duration_s: float) -> "Iterator[Due]":
        """Draw the times first, so that another mix meets the same; then kinds and keys."""
        rng = random.Random(f"{seed}/load/arrivals")
        mixing = random.Random(f"{seed}/load/mix")
        sends, keys = self.sends(), Keys(self.keys, self.skew)
        shares = [send.share for send in sends]
        for at_s in self._phased(rng, duration_s):
            (send,) = mixing.choices(sends, shares)
            yield Due(at_s, send, keys.draw(mixing), self)

    def _phased(self, rng: random.Random, duration_s: float) -> Iterator[float]:
        """Draw the times with phases and window, which only tell a steady load's time anew."""
        curve = self.curve()
        if curve.is_steady:
            yield from self.times(rng, duration_s)
            return
        # No less than what comes at the highest level all along.
        for steady_s in self.times(rng, curve.highest(duration_s) * duration_s):
            at_s = round(curve.time_of(steady_s), 9)
            if at_s >= duration_s:
                return
            yield at_s

    def curve(self) -> Curve:
        """Give the level of its rate over time."""
        return Curve(self.phases, self.start_s, self.end_s)

    def calm(self) -> "Flow":
        """Give it at its steady rate."""
        return replace(self, phases=())

    def sends(self) -> tuple[Send, ...]:
        """Give the kinds of requests that are sent."""
        return self.mix or (Send(path=self.path),)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if self.timeout_ms <= 0:
            yield f"timeout_ms is {self.timeout_ms:g}; it must be above 0"
        if self.keys < 1:
            yield f"keys is {self.keys}; it must be at least 1"
        if not 0 <= self.start_s < self.end_s:
            yield f"start_s is {self.start_s:g}; it must be 0 or more, and before its end"
        if self.skew is not None:
            yield from self.skew.problems()
        yield from problems_of_phases(self.phases)
        for kind in self.sends():
            yield from (f"{kind.method} {kind.path}: {problem}" for problem in kind.problems())

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object from which `from_json` makes the same load; no end is null."""
        document = named(self) | asdict(self)
        document["phases"] = [named(phase) | asdict(phase) for phase in self.phases]
        if self.skew is not None:
            document["skew"] = named(self.skew) | asdict(self.skew)
        if self.end_s == math.inf:
            document["end_s"] = None
        return document

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> "Flow":
        """Make a flow of this kind from the values of its fields in JSON."""
        values["mix"] = tuple(Send(**sent) for sent in values["mix"])
        values["phases"] = tuple(_made(PHASES, phase) for phase in values["phases"])
        values["skew"] = values["skew"] and _made(SKEWS, values["skew"])
        if values["end_s"] is None:
            values["end_s"] = math.inf
        return cls(**values)


class Due(NamedTuple):
    """An arrival before it has its number: when, what, for which key, and of which flow."""

    at_s: float
    send: Send
    key: int
    flow: Flow

    @property
    def to(self) -> str:
        """The service that is asked."""
        return self.send.to or self.flow.to

    def arrival(self, number: int) -> Arrival:
        """Give the arrival of a number, the places in its path filled."""
        send = self.send
        return Arrival(
            number=number,
            at_s=self.at_s,
            path=send.filled(number, self.key),
            method=send.method,
            to=self.to,
            timeout_ms=self.flow.timeout_ms,
            body_bytes=send.body_bytes,
        )


def named(value: object) -> dict[str, Any]:
    """Begin the JSON object of a value of several kinds."""
    return {"kind": type(value).__name__}


def _made(kinds: Mapping[str, type], document: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any kind
    values = dict(document)
    return kinds[values.pop("kind")](**values)
