"""Claims across variants: what the values of several of them come to, taken together.

Each makes one figure of one measure's values, and holds it against a bound that variants which were
all alike would miss: so a claim that compares nothing is refused before anything runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.model.expect import SIGMAS, Bound, Measure
from harness.model.variant import Variant

Figure = Callable[[Sequence[float]], float]
"""Makes one figure of the variants' values, in their order; NaN where they give none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """A claim about one figure of several variants, named `what`, within a bound."""

    claim: str
    what: str
    unit: str
    measure: Measure
    variants: tuple[str, ...]
    figure: Figure
    bound: Bound
    model: float = 0.0
    leaves_out: str = ""
    least_allowed: float = math.inf
    """How far the value that theory knows best may lie from it, where there is a theory."""
    is_share: bool = False
    """Whether people read the figure as per cent, as they read the measure."""

    def of(self, values: Sequence[float]) -> float:
        """Make the figure; NaN if a value is."""
        return math.nan if any(map(math.isnan, values)) else self.figure(values)

    def of_alike(self, values: Sequence[float]) -> float:
        """Make the figure of variants that are alike: each has the mean of the values."""
        return self.of([math.fsum(values) / len(values)] * len(values))


def ratio(  # noqa: PLR0913 - as a claim about one
    one: str,
    other: str,
    *,
    claim: str,
    measure: Measure,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Across:
    """Claim how many times one variant's value is another's: "a tenth", "twice as many"."""
    return Across(
        claim=claim,
        what=f"{measure.name}: {one} / {other}",
        unit="",
        measure=measure,
        variants=(one, other),
        figure=lambda values: values[0] / values[1] if values[1] else math.nan,
        bound=Bound(at_least=at_least, at_most=at_most),
    )


def difference(  # noqa: PLR0913 - as a claim about one
    one: str,
    other: str,
    *,
    claim: str,
    measure: Measure,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Across:
    """Claim by how much one variant's value is above another's, in the measure's unit."""
    return Across(
        claim=claim,
        what=f"{measure.name}: {one} - {other}",
        unit=measure.unit,
        measure=measure,
        variants=(one, other),
        figure=lambda values: values[0] - values[1],
        bound=Bound(at_least=at_least, at_most=at_most),
        is_share=measure.is_share,
    )


def rising(*variants: str, claim: str, measure: Measure, by: float) -> Across:
    """Claim that each variant's value is above that of the one before, by so much or more."""
    return Across(
        claim=claim,
        what=f"{measure.name}: least step from {' to '.join(variants)}",
        unit=measure.unit,
        measure=measure,
        variants=variants,
        figure=lambda values: min(later - earlier for earlier, later in pairwise(values)),
        bound=Bound(at_least=by),
        is_share=measure.is_share,
    )


def fit(  # noqa: PLR0913 - as a prediction
    variants: Sequence[Variant],
    *,
    claim: str,
    measure: Measure,
    theory: Callable[[float], float],
    model: float = 0.0,
    leaves_out: str = "",
    chance: Callable[[float], float] = lambda _: 0.0,
) -> Across:
    """Claim that a family of variants follows a theory of the value that makes them differ.

    Theory may leave out a share `model` of its figure, for the reason `leaves_out`, and one run may
    differ by `SIGMAS` of `chance`, a standard deviation. The figure is the largest distance from
    theory as a share of what is so allowed. A theory that leaves out nothing, and knows no chance,
    allows nothing: give one of them.
    """
    wanted = [theory(_at(variant)) for variant in variants]
    allowed = [
        model * abs(want) + SIGMAS * chance(_at(variant))
        for want, variant in zip(wanted, variants, strict=True)
    ]
    return Across(
        claim=claim,
        what=f"{measure.name}: farthest from theory of what it allows, {_family(variants)}",
        unit="",
        measure=measure,
        variants=tuple(variant.name for variant in variants),
        figure=lambda values: max(
            abs(value - want) / slack
            for value, want, slack in zip(values, wanted, allowed, strict=True)
        ),
        bound=Bound(at_most=1),
        model=model,
        leaves_out=leaves_out,
        least_allowed=min(allowed),
    )


def boundary(  # noqa: PLR0913 - as a claim about one, and where
    variants: Sequence[Variant],
    *,
    claim: str,
    measure: Measure,
    beyond: float,
    above: float,
    at_most: float,
) -> Across:
    """Claim where a family's measure goes beyond a value, as the value that makes them differ.

    The figure is that of the first variant, in the family's order, whose measure is above `beyond`;
    it must be above one value and at most another. It is NaN where the first is beyond already, as
    the boundary was then not seen, and where none is.
    """
    places = [_at(variant) for variant in variants]

    def first(values: Sequence[float]) -> float:
        over = [value > beyond for value in values]
        return places[over.index(True)] if True in over and not over[0] else math.nan

    return Across(
        claim=claim,
        what=f"{measure.name} above {beyond:g}{measure.unit and ' '}{measure.unit}: from",
        unit="",
        measure=measure,
        variants=tuple(variant.name for variant in variants),
        figure=first,
        bound=Bound(at_least=math.nextafter(above, math.inf), at_most=at_most),
    )


def _at(variant: Variant) -> float:
    if variant.at is None:
        raise ValueError(f"variant {variant.name} is of no family, so theory says nothing of it")
    return variant.at


def _family(variants: Sequence[Variant]) -> str:
    return f"{variants[0].name} to {variants[-1].name}"
