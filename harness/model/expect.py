"""What a run must show: expectations and predictions, and the plots that tell of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from harness.model.numbers import short, with_unit

if TYPE_CHECKING:
    from harness.recording import Recording

SIGMAS = 4
"""How many standard deviations of chance a prediction allows: one run in 16,000 lies outside."""


class NoDataError(Exception):
    """A recording holds nothing to measure; the message says what was missing."""


class Value(NamedTuple):
    """What a measure found: a value, or NaN and what was missing."""

    value: float
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What a measure or plot looks at, so that a lab can be held against it before it runs.

    `window` is a start and an end in seconds of the run; an infinite end stands for the run's own.
    `callees` are names that services of the lab call, `hosts` names whose load or work is counted,
    `paths` the beginnings of paths that the load asks for, and `metrics` counters or gauges of
    services. `answers` says that the load must keep answers.
    """

    window: tuple[float, float] | None = None
    callees: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    answers: bool = False


NOTHING = Reads()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A named pure function of a recording; `unit` is "" for ratios and counts.

    One that `is_share` lies from 0 to 1, and people read it as per cent.

    `compute` gives a number, or raises `NoDataError` where the recording does not hold what it
    needs. `over` gives the same measure over another window, from a start to an end in seconds.
    """

    name: str
    unit: str = ""
    compute: Callable[["Recording"], float]
    over: "Callable[[float, float], Measure] | None" = None
    reads: Reads = NOTHING
    is_share: bool = False

    def read(self, recording: "Recording") -> Value:
        """Measure a recording; without data the value is NaN, which no bound accepts."""
        try:
            value = self.compute(recording)
        except NoDataError as error:
            return Value(math.nan, str(error))
        return Value(value, "nothing to measure" if math.isnan(value) else "")

    def of(self, recording: "Recording") -> float:
        """Measure a recording, NaN where it holds nothing to measure."""
        return self.read(recording).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Curves over a run's seconds, of a lab for which goodput is not the point.

    `of` gives one value for each second, by the name of the curve; NaN leaves a gap.
    """

    title: str
    unit: str = ""
    of: Callable[["Recording"], Mapping[str, Sequence[float]]]
    reads: Reads = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a value is held against: at least, at most, or equal within a tolerance.

    A tolerance has two parts, both absolute: `model` is what a theory leaves out, `chance` what a
    sample of that size may differ by. With `outside`, the value must lie outside instead.
    """

    at_least: float = -math.inf
    at_most: float = math.inf
    equals: float | None = None
    model: float = 0.0
    chance: float = 0.0
    outside: bool = False

    @classmethod
    def around(cls, value: float, *, model: float = 0.0, chance: float = 0.0) -> "Bound":
        """Accept a value to within the sum of two tolerances, both in the value's own unit."""
        slack = model + chance
        return cls(
            at_least=value - slack, at_most=value + slack, equals=value, model=model, chance=chance
        )

    def complement(self) -> "Bound":
        """Accept what this bound refuses; neither accepts NaN."""
        return replace(self, outside=not self.outside)

    def holds(self, value: float) -> bool:
        """Say whether a value is accepted; NaN never is."""
        if math.isnan(value):
            return False
        return (self.at_least <= value <= self.at_most) is not self.outside

    def margin(self, value: float) -> float:
        """Give how far inside the bound a value lies, negative outside, in the value's own unit."""
        inside = min(value - self.at_least, self.at_most - value)
        return -inside if self.outside else inside

    def __str__(self) -> str:
        return self.said()

    def said(self, unit: str = "") -> str:
        """Say what is accepted, in the value's unit."""
        least, most = (with_unit(short(edge), unit) for edge in (self.at_least, self.at_most))
        if self.equals is not None:
            text = self._tolerance(self.equals, unit)
        elif math.isinf(self.at_most):
            return f"{'<' if self.outside else '≥'} {least}"
        elif math.isinf(self.at_least):
            return f"{'>' if self.outside else '≤'} {most}"
        else:
            text = f"{short(self.at_least)} to {most}"
        return f"not {text}" if self.outside else text

    def _tolerance(self, equals: float, unit: str) -> str:
        slack = self.at_most - equals
        if not (self.model and self.chance):
            text = f"{short(equals)} ± {short(slack)}" if slack else short(equals)
            return with_unit(text, unit)
        model = with_unit(short(self.model), unit)
        share = f"{short(100 * self.model / abs(equals))} %" if equals else model
        chance = with_unit(short(self.chance), unit)
        return f"{with_unit(short(equals), unit)} ± {share} model ± {chance} chance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A claim about some variants; a baseline is one about all, before anything breaks.

    `unlike` names the variants of which it must be false; empty stands for all that must be,
    which are the broken ones for a claim about fixed ones. A claim that is `noted` proves
    nothing: it may be true of all.
    """

    claim: str
    measure: Measure
    bound: Bound
    variants: tuple[str, ...]
    is_baseline: bool = False
    unlike: tuple[str, ...] = ()
    noted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A figure that theory gives for a variant before anything runs, and where it is from.

    `model` is the share of the figure that the theory leaves out, for the reason `leaves_out`;
    `chance` the standard deviation of one run's value, in its own unit. With `seeds` above 1 a
    check holds the mean of that many simulated runs against it, for one run says too little.
    `also` names other variants that satisfy it, each with the reason.
    """

    name: str
    measure: Measure
    equals: float
    model: float
    leaves_out: str
    chance: float
    because: str
    source: str
    on: str
    seeds: int = 1
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound(self) -> Bound:
        """What a single run's value is held against."""
        return self.bound_of(1)

    def bound_of(self, runs: int) -> Bound:
        """Give what the mean of several runs is held against: only chance shrinks."""
        return Bound.around(
            self.equals,
            model=abs(self.equals) * self.model,
            chance=SIGMAS * self.chance / math.sqrt(runs),
        )


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
    unlike: str | tuple[str, ...] = (),
) -> Expectation:
    """Claim something about one or more variants that is false of others.

    About fixed variants: false of each broken one, or of those that `unlike` names. About broken
    ones: false of the same variant without its faults, or false of every fixed variant.
    """
    return Expectation(
        claim=claim,
        measure=measure,
        bound=Bound(at_least=at_least, at_most=at_most),
        variants=variants,
        unlike=(unlike,) if isinstance(unlike, str) else unlike,
    )


def noted(
    *variants: str,
    claim: str,
    measure: Measure,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Expectation:
    """Tell what is also seen, true of other variants too. It is judged, and proves nothing."""
    return replace(
        on(*variants, claim=claim, measure=measure, at_least=at_least, at_most=at_most), noted=True
    )


def predict(  # noqa: PLR0913 - a prediction names all of this or is not one
    name: str,
    measure: Measure,
    *,
    on: str,
    equals: float,
    because: str,
    source: str,
    model: float = 0.0,
    leaves_out: str = "",
    chance: float = 0.0,
    seeds: int = 1,
    also: Mapping[str, str] | None = None,
) -> Prediction:
    """Predict a figure for one variant, to within what the theory leaves out and chance."""
    return Prediction(
        name=name,
        measure=measure,
        equals=equals,
        model=model,
        leaves_out=leaves_out,
        chance=chance,
        because=because,
        source=source,
        on=on,
        seeds=seeds,
        also=also or {},
    )
