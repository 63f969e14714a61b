"""Sabotage: the patterns that a lab uses, each of which no longer does one thing that it says.

The list stands with each pattern, as `SABOTAGES`. One that a lab never calls, or that changes
nothing in its run, says nothing about the lab; of the others of one pattern, a claim must notice
one at least, or the lab does not show what the pattern is for.
"""

from collections.abc import Iterator, Sequence

from harness.errors import ChaoslabError
from harness.model.variant import Variant
from harness.proof.bench import Bench, ended
from harness.proof.item import Item, Way
from harness.proof.replacing import applied
from services.patterns.guards import Sabotage


def items(bench: Bench) -> Iterator[Item]:
    """Sabotage every pattern that a lab uses, in every variant until it is noticed."""
    used: dict[str, list[tuple[Variant, Sabotage]]] = {}
    for variant in bench.lab.variants:
        for pattern, one in bench.calls(variant):
            used.setdefault(pattern, []).append((variant, one))
    for pattern, there in used.items():
        found = _noticed(bench, pattern, there)
        if found:
            yield found


def _noticed(bench: Bench, pattern: str, there: Sequence[tuple[Variant, Sabotage]]) -> Item | None:
    """Give the first sabotage that is noticed; None where none of them changes anything."""
    changing = []
    for variant, one in there:
        what = f"{one} of {pattern}, in {variant.name}"
        with applied(one):
            try:
                made = bench.simulated(variant)
            except ChaoslabError as error:
                return Item(way=Way.SABOTAGE, what=what, noticed=ended(error))
        if made.digest() == bench.as_it_is(variant).digest():
            continue
        changing.append(what)
        claims = bench.noticed(made)
        if claims:
            return Item(way=Way.SABOTAGE, what=what, noticed=claims)
    if not changing:
        return None
    return Item(
        way=Way.SABOTAGE,
        what="; ".join(changing),
        missing=f"it changes the run, and no claim notices: what is {pattern} there for?",
    )
