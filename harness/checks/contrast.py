"""Telling apart: a claim is worth what it is false of.

A claim about a fixed variant must be false of the broken ones; a claim that the fault bites must be
false of the same variant without its faults, or of every fixed variant. A prediction that another
variant satisfies predicts nothing, unless it says why. All of it is read from the recordings that a
run has made anyway. A value that is NaN shows nothing: it is neither true nor false.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from harness.checks.verdict import Control, Kind, control
from harness.model.expect import Expectation, Measure, Prediction
from harness.model.lab import Lab
from harness.model.variant import Broken, Fixed
from harness.recording import Recording

WITHOUT = "without the fault"
"""What is added to a measure that was taken of a variant without its faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The recordings of one engine by variant: with the lab's faults, and without any.

    `averages` says that predictions were held against means of as many seeds as they name.
    """

    faulty: Mapping[str, Recording] = field(default_factory=dict)
    calm: Mapping[str, Recording] = field(default_factory=dict)
    averages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What telling apart comes to: its controls, and the claims that it took more runs to prove."""

    controls: tuple[Control, ...] = ()
    unproven: tuple[str, ...] = ()


def contrast(lab: Lab, engines: Sequence[Runs]) -> Contrast:
    """Hold every claim and prediction against what it must be false of, on each engine.

    A claim is unproven when a variant that it is about did not run, or when no engine's recordings
    suffice to tell it apart.
    """
    controls: list[Control] = []
    unproven = []
    ran = {name for runs in engines for name in runs.faulty}
    for item in lab.expect:
        if not item.is_baseline and not item.noted:
            found = list(chain.from_iterable(_claim(lab, item, runs) for runs in engines))
            controls += found
            if not found or set(item.variants) - ran:
                unproven.append(f"{item.claim}: {_lacking(lab, item, ran)}")
    for figure in lab.predict:
        found = list(chain.from_iterable(_prediction(lab, figure, runs) for runs in engines))
        controls += found
        if figure.on not in ran:
            unproven.append(f"{figure.name}: {figure.on} did not run")
    return Contrast(controls=tuple(controls), unproven=tuple(unproven))


def _claim(lab: Lab, item: Expectation, runs: Runs) -> Iterator[Control]:
    about = [name for name in item.variants if name in runs.faulty]
    if not about:
        return
    if unlike := _unlike(lab, item):
        if all(name in runs.faulty for name in unlike):
            yield from (_false_of(item, runs.faulty[name]) for name in unlike)
        return
    for name in about:
        yield from _bites(lab, item, runs, name)


def _unlike(lab: Lab, item: Expectation) -> tuple[str, ...]:
    """Name the variants of which a claim must be false; none, where it is that the fault bites."""
    kind = type(lab.variant(item.variants[0]))
    if item.unlike or kind is Broken:
        return item.unlike
    if kind is Fixed:
        return _names(lab, Broken)
    return tuple(one.name for one in lab.variants if one.name not in item.variants)


def _bites(lab: Lab, item: Expectation, runs: Runs, name: str) -> Iterator[Control]:
    """Tell a cascade from the same variant without its faults, else from the fixed variants."""
    calm = runs.calm.get(name)
    of_calm = _false_of(item, calm, WITHOUT) if calm else None
    if of_calm and of_calm.bound.holds(of_calm.value):
        yield of_calm
        return
    fixed = _names(lab, Fixed)
    if all(one in runs.faulty for one in fixed):
        yield from (_false_of(item, runs.faulty[one]) for one in fixed)
    elif of_calm:
        yield of_calm


def _prediction(lab: Lab, item: Prediction, runs: Runs) -> Iterator[Control]:
    if item.on not in runs.faulty or (item.seeds > 1 and not runs.averages):
        return
    bound = item.bound_of(item.seeds).complement()
    others = [one.name for one in lab.variants if one.name not in {item.on, *item.also}]
    found = [
        control(Kind.TELLS_APART, item.name, runs.faulty[name], item.measure, bound)
        for name in others
        if name in runs.faulty
    ]
    known = [one for one in found if not math.isnan(one.value)]
    # Where another variant has no value at all, a variant that has one must show the difference.
    yield from known or found[:1]


def _false_of(item: Expectation, recording: Recording, how: str = "") -> Control:
    measure = _named(item.measure, how)
    return control(Kind.TELLS_APART, item.claim, recording, measure, item.bound.complement())


def _named(measure: Measure, how: str) -> Measure:
    return replace(measure, name=f"{measure.name}, {how}") if how else measure


def _names(lab: Lab, kind: type[Broken | Fixed]) -> tuple[str, ...]:
    return tuple(one.name for one in lab.variants if isinstance(one, kind))


def _lacking(lab: Lab, item: Expectation, ran: Collection[str]) -> str:
    """Say which variants it takes, beside those that have run, to prove a claim.

    A claim that the fault bites is told apart by the variant's own run without it.
    """
    needed = {*item.variants, *_unlike(lab, item)}
    missing = [one.name for one in lab.variants if one.name in needed and one.name not in ran]
    return f"{', '.join(missing)} did not run"
