"""The proof of a lab: all that can be done to it, each item as it comes."""

from collections.abc import Iterator

from harness.proof import lesson, sabotage, tampering, words
from harness.proof.bench import Bench
from harness.proof.item import Item

PARTS = (
    tampering.without_trigger,
    tampering.half_fixed,
    tampering.cheated,
    tampering.alike,
    words.items,
    sabotage.items,
    lesson.items,
)


def proof(bench: Bench) -> Iterator[Item]:
    """Break a bench's lab in every way."""
    for items in PARTS:
        yield from items(bench)
