"""Ring: which node a key belongs to, so that few keys move when a node comes or goes.

Nodes and keys are hashed onto a circle, and a key belongs to the next node on it. A node that
leaves hands its part to the next one alone; as a hundred virtual nodes it hands it to all, and all
parts are about as large. By the remainder of a division nearly all keys move instead, and by ranges
neighbours stay together, as do those that all ask for. Sources: Karger and others, "Consistent
Hashing and Random Trees" (STOC 1997); DeCandia and others, "Dynamo" (SOSP 2007) for virtual nodes.
In production: ketama in memcached's clients, Envoy's ring hash, Cassandra's tokens; uhashring.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import StrEnum

Owner = Callable[[str], str]
"""Gives the node that a key belongs to."""


class Scheme(StrEnum):
    """How keys are given to nodes: on a ring, by the remainder, or by ranges of keys."""

    RING = "ring"
    MODULO = "modulo"
    RANGE = "range"


def ring(nodes: Sequence[str], virtual: int) -> Owner:
    """Place each node so many times on a circle."""
    points = sorted(
        (_hash(f"{node}/{number}"), node) for node in nodes for number in range(virtual)
    )
    places = [place for place, _ in points]
    return lambda key: points[bisect_right(places, _hash(key)) % len(points)][1]


def modulo(nodes: Sequence[str]) -> Owner:
    """Give a key to the node whose number is its hash's remainder."""
    ordered = sorted(nodes)
    return lambda key: ordered[_hash(key) % len(ordered)]


def ranges(nodes: Sequence[str], bounds: Sequence[str]) -> Owner:
    """Give the first node what is below the first bound, the next what is below the next.

    Bounds are in order, one fewer than nodes; keys and bounds that are numbers compare as such.
    """
    starts = [_in_order(bound) for bound in bounds]
    return lambda key: nodes[bisect_right(starts, _in_order(key))]


def _in_order(key: str) -> tuple[int, int, str]:
    return (0, int(key), "") if key.isdecimal() else (1, 0, key)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
