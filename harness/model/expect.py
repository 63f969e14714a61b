"""What a run must show: expectations and predictions, and the plots that tell of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A named pure function of a recording; `unit` is "" for ratios and counts.

    `of` gives NaN when the recording does not hold what it needs, which no bound accepts; `over`
    gives the same measure over another window, from a start to an end in seconds.
    """

    name: str
    unit: str = ""
    of: Callable[["Recording"], float]
    over: "Callable[[float, float], Measure] | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Curves over a run's seconds, of a lab for which goodput is not the point.

    `of` gives one value for each second, by the name of the curve; NaN leaves a gap.
    """

    title: str
    unit: str = ""
    of: Callable[["Recording"], Mapping[str, Sequence[float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a value is held against: at least, at most, or equal within a relative tolerance."""

    at_least: float = -math.inf
    at_most: float = math.inf
    equals: float | None = None

    @classmethod
    def around(cls, value: float, within: float) -> "Bound":
        """Accept a value to within a share of itself."""
        slack = abs(value) * within
        return cls(at_least=value - slack, at_most=value + slack, equals=value)

    def holds(self, value: float) -> bool:
        """Say whether a value lies inside; NaN never does."""
        return self.at_least <= value <= self.at_most

    def margin(self, value: float) -> float:
        """Give the distance to the nearer edge, negative outside, in the value's own unit."""
        return min(value - self.at_least, self.at_most - value)

    def __str__(self) -> str:
        if self.equals is not None:
            return f"{self.equals:.3g} ± {self.at_most - self.equals:.2g}"
        if math.isinf(self.at_most):
            return f"≥ {self.at_least:g}"
        if math.isinf(self.at_least):
            return f"≤ {self.at_most:g}"
        return f"{self.at_least:g} to {self.at_most:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A claim about some variants; a baseline is one about all, before anything breaks."""

    claim: str
    measure: Measure
    bound: Bound
    variants: tuple[str, ...]
    is_baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A figure that theory gives for a variant before anything runs, and where it is from."""

    name: str
    measure: Measure
    bound: Bound
    because: str
    source: str
    on: str


def baseline(
    measure: Measure, *, at_least: float = -math.inf, at_most: float = math.inf
) -> Expectation:
    """Demand that every variant is healthy before the fault; if not, nothing is proven."""
    return Expectation(
        claim="healthy before the fault",
        measure=measure,
        bound=Bound(at_least=at_least, at_most=at_most),
        variants=(),
        is_baseline=True,
    )


def on(
    *variants: str,
    claim: str,
    measure: Measure,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Expectation:
    """Claim something about one or more variants."""
    return Expectation(
        claim=claim,
        measure=measure,
        bound=Bound(at_least=at_least, at_most=at_most),
        variants=variants,
    )


def predict(  # noqa: PLR0913 - a prediction names all of this or is not one
    name: str,
    measure: Measure,
    *,
    on: str,
    equals: float,
    within: float,
    because: str,
    source: str,
) -> Prediction:
    """Predict a figure for one variant, to within a share of itself."""
    return Prediction(
        name=name,
        measure=measure,
        bound=Bound.around(equals, within),
        because=because,
        source=source,
        on=on,
    )
