"""A lesson's figures in words: a value that was seen, what was expected of it, a lab's setting."""

import math
import re
from dataclasses import dataclass

from harness.catalogue import Entry
from harness.errors import LabError
from harness.lessons.evidence import Evidence, measures
from harness.model.expect import Bound, Measure
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.numbers import short, with_unit
from harness.report.text import UNKNOWN

LOAD = "load"
REFERENCE = re.compile(r"(?P<variants>[\w, -]+): (?P<measure>.+?)(?: \((?P<form>%|all)\))?")
SETTING = re.compile(r"(?P<owner>[\w-]+)\.(?P<name>\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Variants, a measure by its name, and the form of the figure.

    `%` shows as per cent what the measure does not call a share, `all` says "all" for 1 and
    "none" for 0.
    """

    variants: tuple[str, ...]
    measure: str
    form: str = ""


def parsed(words: str) -> Reference | None:
    """Read `VARIANT[, VARIANT]: MEASURE[ (%)]`; None for what is none."""
    found = REFERENCE.fullmatch(words.strip())
    if not found:
        return None
    variants = tuple(name.strip() for name in found["variants"].split(","))
    return Reference(variants=variants, measure=found["measure"], form=found["form"] or "")


def said(value: float, measure: Measure | None = None, form: str = "") -> str:
    """Say a value as its measure has it: a share as per cent, others in their unit.

    Without a measure it is the bare number. `all` says "all" and "none" for 1 and 0.
    """
    unit = measure.unit if measure else ""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "never" if unit == "s" else "∞"
    if form == "all" and value in {0, 1}:
        return "all" if value else "none"
    if form or (measure and measure.is_share):
        return with_unit(short(100 * value), "%")
    return with_unit(short(value), unit)


def seen(evidence: Evidence, engine: str, reference: Reference, measure: Measure | None) -> str:
    """Say what was seen on an engine, of each variant where they differ; a dash without runs.

    Raises:
        LabError: the evidence has no such variant or measure.

    """
    half = evidence.get(engine)
    if half is None:
        return UNKNOWN
    values = []
    for variant in reference.variants:
        if variant not in half.seen:
            raise LabError(f"no variant {variant!r}{nearest(variant, half.seen)}")
        there = half.seen[variant].values
        if reference.measure not in there:
            raise LabError(f"no measure {reference.measure!r}{nearest(reference.measure, there)}")
        values.append(said(there[reference.measure], measure, reference.form))
    return ", ".join(values if len(set(values)) > 1 else values[:1])


def found(entry: Entry, name: str) -> Measure:
    """Find a measure that the lesson may show.

    Raises:
        LabError: there is none of that name.

    """
    there = {measure.name: measure for measure in measures(entry)}
    if name not in there:
        raise LabError(f"no measure {name!r}{nearest(name, there)}")
    return there[name]


def expected(lab: Lab, reference: Reference, measure: Measure) -> str:
    """Say what the lab predicts, or else demands, of a figure; "" when it does neither."""
    for item in lab.predict:
        if item.on in reference.variants and item.measure.name == measure.name:
            return _around(item.bound, measure, reference.form)
    found = [
        item.bound
        for item in lab.expect
        if set(reference.variants) & set(item.variants) and item.measure.name == measure.name
    ]
    return ", ".join(dict.fromkeys(_edge(bound, measure, reference.form) for bound in found))


def setting(lab: Lab, words: str) -> str | None:
    """Say a setting, as `service.name` or `load.name`; None for what is none."""
    found = SETTING.fullmatch(words.strip())
    if not found:
        return None
    owner, name = found["owner"], found["name"]
    if owner == LOAD:
        value = getattr(lab.load, name, None)
    else:
        services = {service.name: service.settings for service in lab.services}
        value = services.get(owner, {}).get(name)
    if value is None:
        raise LabError(f"no setting {words!r}")
    return short(value) if isinstance(value, int | float) else str(value)


def _around(bound: Bound, measure: Measure, form: str) -> str:
    """Say a prediction with the two parts of its tolerance."""
    figure = bound.equals if bound.equals is not None else math.nan
    parts = [said(figure, measure, form)]
    if bound.model:
        share = short(100 * bound.model / abs(figure)) if figure else short(bound.model)
        parts.append(f"± {share} % model")
    if bound.chance:
        in_points = form or measure.is_share
        points = with_unit(short(100 * bound.chance), "points")
        parts.append(f"± {points if in_points else said(bound.chance, measure)} chance")
    return ", ".join(parts)


def _edge(bound: Bound, measure: Measure, form: str) -> str:
    edges = (("at least", bound.at_least), ("at most", bound.at_most))
    shown = [f"{word} {said(edge, measure, form)}" for word, edge in edges if math.isfinite(edge)]
    return " and ".join(shown)
