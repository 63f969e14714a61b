"""The map of a lab: which settings are swept, what is looked at, and where theory draws the line.

It stands in `maps.py` beside the lab, as `MAP = SweepMap(...)`, and is no part of the lab: a lab's
claims and its evidence do not depend on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.model.expect import Measure

Numbers = Mapping[str, float]
"""A lab's own numbers, under the names that `--set` gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A line of theory over a map: for a value of the first setting, one of the second.

    `of` gets the first setting's value and all numbers of the swept variant, `--set` included; NaN
    where there is no line. `source` names the row of `labs/theory.tsv`, or is `counted`. A boundary
    that is `decisive` is the one across which the map changes.
    """

    name: str
    of: Callable[[float, Numbers], float]
    source: str
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMap:
    """What `./lab sweep NAME` draws without options.

    `vary` are one or two axes as `--vary` takes them, `until` a bound as `--until` takes it: what
    meets it is said to hold, which `holds` and `fails` put into words.
    """

    title: str
    variant: str
    vary: tuple[str, ...]
    measure: Measure
    until: str
    holds: str
    fails: str
    seeds: int = 1
    boundaries: tuple[Boundary, ...] = ()
