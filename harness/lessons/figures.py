"""A lesson's figures in words: a value that was seen, what was expected of it, a lab's setting."""

import math
import re
from dataclasses import dataclass

from harness.errors import LabError
from harness.lessons.evidence import Evidence
from harness.model.expect import Bound
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.numbers import short, with_unit
from harness.report.text import UNKNOWN

LOAD = "load"
REFERENCE = re.compile(r"(?P<variants>[\w, -]+): (?P<measure>.+?)(?: \((?P<form>%|all)\))?")
SETTING = re.compile(r"(?P<owner>[\w-]+)\.(?P<name>\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Variants, a measure by its name, and the form of the figure: "", `%` or `all`.

    `%` shows a share as per cent, `all` says "all" and "none" for 1 and 0.
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


def said(value: float, unit: str, form: str) -> str:
    """Say a value in a form."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "never" if unit == "s" else "∞"
    if form == "all" and value in {0, 1}:
        return "all" if value else "none"
    return with_unit(short(100 * value), "%") if form else with_unit(short(value), unit)


def seen(evidence: Evidence, engine: str, reference: Reference, unit: str) -> str:
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
            close = nearest(variant, list(half.seen))
            raise LabError(f"no variant {variant!r}{close}")
        there = half.seen[variant].values
        if reference.measure not in there:
            raise LabError(
                f"no measure {reference.measure!r}{nearest(reference.measure, list(there))}"
            )
        values.append(said(there[reference.measure], unit, reference.form))
    return ", ".join(values if len(set(values)) > 1 else values[:1])


def unit_of(lab: Lab, measure: str) -> str:
    """Give the unit of a measure of the lab; "" for one that only the lesson has."""
    units = {item.measure.name: item.measure.unit for item in lab.expect}
    units |= {item.measure.name: item.measure.unit for item in lab.predict}
    return units.get(measure, "")


def expected(lab: Lab, reference: Reference) -> str:
    """Say what the lab predicts, or else demands, of a figure; "" when it does neither."""
    unit = unit_of(lab, reference.measure)
    for item in lab.predict:
        if item.on in reference.variants and item.measure.name == reference.measure:
            return _around(item.bound, unit, reference.form)
    found = [
        item.bound
        for item in lab.expect
        if set(reference.variants) & set(item.variants) and item.measure.name == reference.measure
    ]
    return ", ".join(dict.fromkeys(_edge(bound, unit, reference.form) for bound in found))


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


def _around(bound: Bound, unit: str, form: str) -> str:
    """Say a prediction with the two parts of its tolerance."""
    figure = bound.equals if bound.equals is not None else math.nan
    parts = [said(figure, unit, form)]
    if bound.model:
        share = short(100 * bound.model / abs(figure)) if figure else short(bound.model)
        parts.append(f"± {share} % model")
    if bound.chance:
        slack = (
            with_unit(short(100 * bound.chance), "points") if form else said(bound.chance, unit, "")
        )
        parts.append(f"± {slack} chance")
    return ", ".join(parts)


def _edge(bound: Bound, unit: str, form: str) -> str:
    edges = (("at least", bound.at_least), ("at most", bound.at_most))
    shown = [f"{word} {said(edge, unit, form)}" for word, edge in edges if math.isfinite(edge)]
    return " and ".join(shown)
