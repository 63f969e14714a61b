"""Distance: how far apart hosts are all along, which is no fault and breaks nothing.

The same toxics as a latency fault's make it, under names of their own, so that a fault may come on
top. Light in fibre needs about 5 ms for 1,000 km, one way.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from harness.model.fault import ToxicSpec

DIRECTIONS = ("upstream", "downstream")
PREFIX = "distance_"
"""With what the names of its toxics begin, and of no others."""


def without_distances(toxics: Iterable[str]) -> tuple[str, ...]:
    """Leave out the names of toxics that make a distance: those that are left are faults."""
    return tuple(name for name in toxics if not name.startswith(PREFIX))


@dataclass(frozen=True, slots=True)
class Distance:
    """Two groups of hosts and services, such as two regions, and what lies between them.

    Each piece of data takes `one_way_ms`, give or take `jitter_ms`, in either direction, and no
    more than `rate_kbps` kilobytes (1,000 bytes) go through a connection in a second. A connect
    itself is not delayed, as both engines' proxies answer it themselves.
    """

    one: tuple[str, ...]
    other: tuple[str, ...]
    one_way_ms: int = 0
    jitter_ms: int = 0
    rate_kbps: int | None = None

    def is_between(self, callers: Collection[str], callees: Collection[str]) -> bool:
        """Say whether a call from one of these names to one of those covers the distance."""
        there = not set(self.one).isdisjoint(callers) and not set(self.other).isdisjoint(callees)
        back = not set(self.other).isdisjoint(callers) and not set(self.one).isdisjoint(callees)
        return there or back

    def toxics(self) -> Iterator[ToxicSpec]:
        """Give what makes it on one link, in both directions."""
        kinds: dict[str, dict[str, int]] = {}
        if self.one_way_ms or self.jitter_ms:
            kinds["latency"] = {"latency": self.one_way_ms, "jitter": self.jitter_ms}
        if self.rate_kbps is not None:
            kinds["bandwidth"] = {"rate": self.rate_kbps}
        for kind, attributes in kinds.items():
            for direction in DIRECTIONS:
                yield ToxicSpec(
                    name=f"{PREFIX}{kind}_{direction}",
                    type=kind,
                    stream=direction,
                    toxicity=1.0,
                    attributes=attributes,
                )

    @property
    def name(self) -> str:
        """The distance as a person would say it."""
        return f"distance {', '.join(self.one)} - {', '.join(self.other)}"

    def problems(self, names: Collection[str]) -> Iterator[str]:
        """Say what is wrong with the values, if anything; `names` are the hosts and services."""
        for name in (*self.one, *self.other):
            if name not in names:
                yield f"{name!r} is not one of {', '.join(sorted(names))}"
        for name in sorted(set(self.one) & set(self.other)):
            yield f"{name} is on both sides"
        if not 0 <= self.jitter_ms <= self.one_way_ms < math.inf:
            yield (
                f"{self.one_way_ms} ms, give or take {self.jitter_ms} ms; it must be 0 or more, "
                "and the jitter no more than that"
            )
        if self.rate_kbps is not None and self.rate_kbps < 1:
            yield f"rate_kbps is {self.rate_kbps}; it must be at least 1"
        if not list(self.toxics()):
            yield "it is no distance; give one_way_ms or rate_kbps"
