"""A check in parts for several machines: each lab in exactly one, and all about as much work."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from harness import catalogue
from harness.errors import ChaoslabError, LabError
from harness.model.lab import Lab
from harness.model.variant import Broken

WRITTEN = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Part `number` of `count`, from 1 on."""

    number: int
    count: int

    def __str__(self) -> str:
        """Give it as it is typed."""
        return f"{self.number}/{self.count}"


def read(text: str) -> Shard:
    """Read `i/n`.

    Raises:
        LabError: it is no such part.

    """
    found = WRITTEN.fullmatch(text)
    if not found or int(found[1]) > int(found[2]):
        raise LabError(f"--shard {text}: write it as i/n with i from 1 to n, such as 1/4")
    return Shard(number=int(found[1]), count=int(found[2]))


def split(costs: Mapping[str, float], count: int) -> list[list[str]]:
    """Share labs out: the heaviest first, each to the part that has least.

    The same labs and costs give the same parts, in whatever order they are named. No part is
    heavier than the mean and the heaviest lab together (Graham 1969).
    """
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for slug in sorted(costs, key=lambda slug: (-costs[slug], slug)):
        lightest = min(range(count), key=lambda place: (loads[place], len(parts[place]), place))
        parts[lightest].append(slug)
        loads[lightest] += costs[slug]
    return parts


def chosen(slugs: Sequence[str], shard: Shard) -> list[str]:
    """Give the labs of one part, in their order."""
    parts = split(_costs(slugs), shard.count)
    return [slug for slug in slugs if slug in parts[shard.number - 1]]


def runs(lab: Lab) -> int:
    """Count the runs of a check: one of each variant, and of a broken one another without fault."""
    return len(lab.variants) + sum(isinstance(one, Broken) for one in lab.variants)


def cost(lab: Lab) -> float:
    """Estimate what a check of a lab takes: the requests that its simulations send.

    Broken variants run twice, and predictions about a mean are not counted, for only every n-th
    seed has them.
    """
    return runs(lab) * sum(1 for _ in lab.load.arrivals(1, lab.duration_s))


def _costs(slugs: Sequence[str]) -> dict[str, float]:
    """Estimate all labs; one that cannot be loaded counts as one in the middle."""
    known = {}
    for slug in slugs:
        try:
            known[slug] = cost(catalogue.find(slug).lab)
        except ChaoslabError:
            continue
    middle = median(known.values()) if known else 1.0
    return {slug: known.get(slug, middle) for slug in slugs}
