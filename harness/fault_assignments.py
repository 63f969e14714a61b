"""A lab's faults under names that `--set` and `--vary` take: `fault.payments.pause.for_s`.

    fault.FIELD                where the lab has one fault
    fault.payments.FIELD       the one that hits payments
    fault.pause.FIELD          the one of that kind: a fault's class, as in cpu_slow for CpuSlow
    fault.payments.pause.FIELD
    fault.2.FIELD              the second one, in the lab's order

FIELD is `start_s` (the fault moves, and lasts as long as before), `end_s`, `for_s` (its length), a
field of its class such as `latency_ms`, or a setting that a `Configure` changes. Steps and drawn
faults have no names here.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from harness.errors import LabError
from harness.model.change import Configure
from harness.model.fault import Fault, Setting, Timed
from harness.model.fault_json import fault_from_json, fault_to_json
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.plain_values import typed
from harness.model.variant import Variant

FAULT = "fault."
START, END, LENGTH = "start_s", "end_s", "for_s"
TIMES = (START, END, LENGTH)
LISTED = 12
"""How many names a refusal lists."""
HIT = ("target", "one", "other")
"""Fields that say what a fault hits."""
Faults = tuple[Timed, ...]


class Spot(NamedTuple):
    """A field of one fault: its place in the lab's order, from 0 on."""

    place: int
    field: str


def values(faults: Faults) -> dict[str, Setting]:
    """Give the value behind each name that means one fault alone."""
    return {
        name: _value(faults[spots[0].place], spots[0].field)
        for name, spots in _spots(faults).items()
        if len(spots) == 1
    }


def met(lab: Lab, variant: Variant) -> Faults:
    """Give the faults that a variant meets, the drawn ones left out."""
    return lab.faults if variant.faults is None else variant.faults


def changed(lab: Lab, given: Mapping[str, Any]) -> Lab:
    """Give a lab with values put into its faults, and into those that variants bring themselves.

    Raises:
        LabError: a name means no fault, or several; or a value is not of its field's type.

    """
    if not given:
        return lab
    every = [lab.faults, *(one.faults for one in lab.variants if one.faults is not None)]
    known = {name for faults in every for name in _spots(faults)}
    for name in given:
        if name not in known:
            raise LabError(_unknown(name, every))
    variants = [
        one if one.faults is None else replace(one, faults=_put(one.faults, given))
        for one in lab.variants
    ]
    return replace(lab, faults=_put(lab.faults, given), variants=tuple(variants))


def _put(faults: Faults, given: Mapping[str, Any]) -> Faults:
    spots = _spots(faults)
    by_place: dict[int, dict[str, tuple[str, Any]]] = defaultdict(dict)
    for name, value in given.items():
        if name not in spots:
            continue  # of another variant's faults
        if len(spots[name]) > 1:
            raise LabError(_ambiguous(name, faults, spots[name]))
        (spot,) = spots[name]
        own = by_place[spot.place]
        if spot.field in own:
            raise LabError(f"--set {name}: {own[spot.field][0]} means the same; leave one out")
        own[spot.field] = name, value
    return tuple(_with(one, by_place[place]) for place, one in enumerate(faults))


def _with(timed: Timed, given: Mapping[str, tuple[str, Any]]) -> Timed:
    times = {
        field: typed(float, value, f"--set {name}")
        for field, (name, value) in given.items()
        if field in TIMES
    }
    own = {field: told for field, told in given.items() if field not in TIMES}
    if len(times) == len(TIMES):
        names = ", ".join(given[field][0] for field in TIMES)
        raise LabError(f"--set {names}: two of them say the third; leave one out")
    start_s, end_s = _window(timed, times)
    if not start_s < end_s:
        names = ", ".join(given[field][0] for field in times)
        raise LabError(
            f"--set {names}: the fault would begin at {start_s:g} s and end at {end_s:g} s; let it "
            "end after it begins"
        )
    if not own:
        return replace(timed, start_s=start_s, end_s=end_s)
    # What the lab says in words of its fault is of the value that it had.
    return Timed(start_s=start_s, end_s=end_s, fault=_fault(timed.fault, own))


def _window(timed: Timed, times: Mapping[str, float]) -> tuple[float, float]:
    lasts_s = times.get(LENGTH, timed.end_s - timed.start_s)
    start_s, end_s = times.get(START, timed.start_s), times.get(END, timed.end_s)
    if LENGTH in times and END in times:
        return end_s - lasts_s, end_s
    moves = LENGTH in times or (START in times and END not in times)
    return start_s, start_s + lasts_s if moves else end_s


def _fault(fault: Fault, own: Mapping[str, tuple[str, Any]]) -> Fault:
    document = fault_to_json(fault)
    into = document["values"] if isinstance(fault, Configure) else document
    into |= {field: value for field, (_, value) in own.items()}
    return fault_from_json(document, f"--set {', '.join(name for name, _ in own.values())}")


def _spots(faults: Faults) -> dict[str, list[Spot]]:
    """Give for each name the fields that it may mean."""
    found: dict[str, list[Spot]] = defaultdict(list)
    for place, timed in enumerate(faults):
        for field in (*TIMES, *_own_fields(timed.fault)):
            for selector in dict.fromkeys(_selectors(place, timed.fault)):
                found[f"{FAULT}{selector}{field}"].append(Spot(place, field))
    return found


def _selectors(place: int, fault: Fault) -> Iterator[str]:
    """Give what may stand before a field."""
    target, kind = fault.target, _kind(fault)
    yield from ("", f"{target}.", f"{kind}.", f"{target}.{kind}.", f"{place + 1}.")


def _kind(fault: Fault) -> str:
    """Write a class as a word: `cpu_slow`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(fault).__name__).lower()


def _own_fields(fault: Fault) -> dict[str, Setting]:
    """Give the fields of a fault beside its target, those that have their default too."""
    if isinstance(fault, Configure):
        return dict(fault.values)
    names = (one.name for one in fields(fault))  # type: ignore[arg-type] # all are dataclasses
    return {name: getattr(fault, name) for name in names if name not in HIT}


def _value(timed: Timed, field: str) -> Setting:
    times = {START: timed.start_s, END: timed.end_s, LENGTH: timed.end_s - timed.start_s}
    return times[field] if field in times else _own_fields(timed.fault)[field]


def _shortest(faults: Faults) -> dict[Spot, str]:
    """Give for each field the shortest name that means no other; a shell takes > for its own."""
    found: dict[Spot, str] = {}
    every = sorted(_spots(faults).items(), key=lambda one: (">" in one[0], one[0].count(".")))
    for name, spots in every:
        if len(spots) == 1:
            found.setdefault(spots[0], name)
    return found


def _ambiguous(name: str, faults: Faults, spots: Sequence[Spot]) -> str:
    shortest = _shortest(faults)
    choices = []
    for spot in spots:
        timed = faults[spot.place]
        choices.append(f"{shortest[spot]} ({timed.said}, {timed.start_s:g}-{timed.end_s:g} s)")
    return f"--set {name}: it may mean {len(spots)} faults; write {' or '.join(choices)}"


def _unknown(name: str, every: Sequence[Faults]) -> str:
    there = list(dict.fromkeys(one for faults in every for one in _shortest(faults).values()))
    if not there:
        return f"--set {name}: the lab has no faults of its own"
    close = nearest(name, there)
    more = f" and {len(there) - LISTED} more" if len(there) > LISTED else ""
    names = ", ".join(there[:LISTED])
    return f"--set {name}: there is no such fault or field{close}; there are {names}{more}"
