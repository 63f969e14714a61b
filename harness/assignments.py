"""What a person asks of a lab: variants by name, and `service.x=value`, `load.x=`, `fault.x=`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from harness import fault_assignments
from harness.catalogue import Entry
from harness.errors import LabError
from harness.fault_assignments import FAULT
from harness.model.experiment import Experiment
from harness.model.fault import Setting
from harness.model.lab import Lab
from harness.model.load import Load
from harness.model.loads import Together
from harness.model.names import nearest
from harness.model.validate import problems
from harness.model.variant import Variant

LOAD = "load."


def chosen(entry: Entry, names: Sequence[str]) -> list[Variant]:
    """Give the variants of the names, in the lab's order; all of them when none is named.

    Raises:
        LabError: there is no variant of that name.

    """
    there = [variant.name for variant in entry.lab.variants]
    for name in names:
        if name not in there:
            close = nearest(name, there)
            raise LabError(f"no variant {name!r}{close}; {entry.slug} has {', '.join(there)}")
    return [variant for variant in entry.lab.variants if not names or variant.name in names]


def changed(entry: Entry, assignments: Sequence[str]) -> Entry:
    """Give a lab with what is written as `service.setting=value`, `load.x=value`, `fault.x=value`.

    Raises:
        LabError: it is no such assignment, or the lab does not take it.

    """
    lab = given(entry.lab, dict(_assignment(text) for text in assignments))
    for problem in problems(lab):
        raise LabError(f"--set: {problem}")
    return replace(entry, lab=lab)


def given(lab: Lab, settings: Mapping[str, Any]) -> Lab:
    """Put settings into every variant, those of the load into it, those of faults into these.

    Whether the lab is sound with them is not looked at.

    Raises:
        LabError: there is no such load or fault, or it takes no such value.

    """
    load = {name.removeprefix(LOAD): settings[name] for name in settings if name.startswith(LOAD)}
    faults = {name: settings[name] for name in settings if name.startswith(FAULT)}
    own = {name: value for name, value in settings.items() if not name.startswith((LOAD, FAULT))}
    variants = (replace(one, settings={**one.settings, **own}) for one in lab.variants)
    lab = replace(lab, variants=tuple(variants), load=reloaded(lab.load, load))
    return fault_assignments.changed(lab, faults)


def scripted(entry: Entry, experiment: Experiment) -> Entry:
    """Give a lab with what an experiment does to it by hand."""
    return replace(entry, lab=experiment.of(entry.lab)) if experiment.is_scripted else entry


def reloaded(load: Load, values: Mapping[str, Any]) -> Load:
    """Put values into a load; where several come together, by the number of one from 1 on."""
    if isinstance(load, Together):
        own: dict[int, dict[str, Any]] = {}
        for name, value in values.items():
            number, _, rest = name.partition(".")
            if number not in map(str, range(1, len(load.of) + 1)):
                one = f"load.1.{number}" if not rest else f"load.1.{rest}"
                raise LabError(f"--set: there are {len(load.of)} loads; write {one} for the first")
            own.setdefault(int(number) - 1, {})[rest] = value
        return Together(
            of=tuple(reloaded(one, own.get(place, {})) for place, one in enumerate(load.of))
        )
    there = [item.name for item in fields(load) if _is_plain(getattr(load, item.name))]
    for name, value in values.items():
        if name not in there:
            raise LabError(f"--set: the load has no {name!r}; it has {', '.join(there)}")
        kind = str if isinstance(getattr(load, name), str) else int | float
        if not _is_plain(value) or not isinstance(value, kind):
            wanted = "a word" if kind is str else "a number"
            raise LabError(f"--set load.{name}={value}: expected {wanted}.")
    return replace(load, **values)


def _is_plain(value: object) -> bool:
    """Whether a value is a word or a number; to Python, a bool is a number too."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _assignment(text: str) -> tuple[str, Setting]:
    name, equals, value = text.partition("=")
    if not equals:
        raise LabError(
            f"--set {text}: expected service.setting=value, for example checkout.tries=1. "
            "./lab show NAME lists the settings."
        )
    try:
        decoded: Setting = json.loads(value)
    except json.JSONDecodeError:
        decoded = value
    return name, decoded
