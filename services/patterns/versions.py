"""Versions: which of several writes to one key stand, when copies of them meet.

*Last writer wins* keeps the write with the highest stamp: a clock that is ahead beats all later
writes of others, and one of two concurrent writes is lost without a word. *Version vectors* count
the writes of each node that a write has seen: what has been seen is replaced, and concurrent writes
stay side by side as siblings for somebody to merge. Both merges give the same whatever the order
and however often copies arrive. Sources: Parker and others, "Detection of Mutual Inconsistency in
Distributed Systems" (1983); DeCandia and others, "Dynamo" (SOSP 2007). In production: Cassandra
and ScyllaDB (last writer wins), Riak (dotted version vectors).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Stamp = tuple[int, int, str]
"""A wall clock in microseconds, a counter, and the host that has stamped: no two are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A value, when it was written by its writer's clock, and how many writes it has seen."""

    value: str
    stamp: Stamp
    seen: Mapping[str, int]

    def descends_from(self, other: "Write") -> bool:
        """Say whether the other write had been seen when this one was made, or is this one."""
        return all(self.seen.get(node, 0) >= number for node, number in other.seen.items())

    def plain(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {"value": self.value, "stamp": list(self.stamp), "seen": dict(self.seen)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Write":
        """Make it from JSON."""
        time_us, counter, host = plain["stamp"]
        return cls(value=plain["value"], stamp=(time_us, counter, host), seen=plain["seen"])


class Conflict(StrEnum):
    """What stands of concurrent writes: the one with the highest stamp, or all of them."""

    LAST_WINS = "last-wins"
    SIBLINGS = "siblings"

    def merge(self, writes: Iterable[Write]) -> tuple[Write, ...]:
        """Give the writes that stand, in the order of their stamps."""
        ordered = sorted({write.stamp: write for write in writes}.values(), key=_stamp)
        if self is Conflict.LAST_WINS:
            return tuple(ordered[-1:])
        return tuple(
            write
            for write in ordered
            if not any(other.descends_from(write) for other in ordered if other is not write)
        )


def seen_of(writes: Iterable[Write]) -> dict[str, int]:
    """Give what is seen by somebody who has read some writes: of each node, the highest number."""
    seen: dict[str, int] = {}
    for write in writes:
        for node, number in write.seen.items():
            seen[node] = max(number, seen.get(node, 0))
    return seen


def _stamp(write: Write) -> Stamp:
    return write.stamp
