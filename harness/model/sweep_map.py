"""The maps of a lab: which settings are swept, what is looked at, and what theory says of it.

The first stands in `maps.py` beside the lab as `MAP = SweepMap(...)`, others there by their names,
as `MAPS = {"trigger-size": SweepMap(...)}`. They are no part of the lab: its claims and its
evidence do not depend on them.
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
    that is `decisive` is the one across which the map changes; of two that are, it changes between
    them.
    """

    name: str
    of: Callable[[float, Numbers], float]
    source: str
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What theory expects of the measure of a map with one axis, for each of the axis's values.

    `of` gets the value and all numbers of the swept variant, `--set` included, and gives what is
    expected in the measure's unit; NaN where theory says nothing. `source` as a boundary's.
    """

    name: str
    of: Callable[[float, Numbers], float]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMap:
    """What `./lab sweep NAME` draws without options, or with `--map`.

    `vary` are one or two axes as `--vary` takes them, `until` a bound as `--until` takes it: what
    meets it is said to hold, which `holds` and `fails` put into words.
    """

    title: str
    variant: str
    vary: tuple[str, ...]
    settings: tuple[str, ...] = ()
    """What is otherwise than in the lab, as `--set` takes it, such as a fault that comes sooner."""
    measure: Measure
    until: str
    holds: str
    fails: str
    seeds: int = 1
    boundaries: tuple[Boundary, ...] = ()
    """Of a map with two axes."""
    curves: tuple[Curve, ...] = ()
    """Of a map with one axis."""
