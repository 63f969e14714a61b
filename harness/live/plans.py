"""What comes next in a run, in words: what a script or the lab has planned, and what is due."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from harness.engines.sim.upcoming import Upcoming
from harness.model.fault import Timed, moments
from harness.model.operations import (
    Heal,
    HealAll,
    Inject,
    Operation,
    Pace,
    SendNow,
    Set,
    Unset,
)
from harness.model.script import Script

SEARCHED = 5000
"""How many timers are read in search of events that differ; a storm has thousands that do not."""


def ahead(
    planned: Sequence[Timed], script: Script, faults: Sequence[str], *, now_s: float, ends_s: float
) -> Iterator[Upcoming]:
    """Tell of what is planned from now on: the lab's own faults, a script's acts, the load's end.

    `faults` are the words for those that were injected so far, of which the script may heal some.
    """
    for at_s, timed, begins in moments(tuple(planned)):
        if now_s < at_s < ends_s:
            said = timed.said if begins else f"{timed.said}: over"
            yield Upcoming(at_s=at_s, place=timed.fault.target, said=f"fault: {said}")
    known = list(faults)
    for act in script:
        if isinstance(act.operation, Inject):
            known.append(act.operation.fault.said)
        place, said = _said(act.operation, known)
        yield Upcoming(at_s=max(act.at_s, now_s), place=place, said=said)
    if now_s < ends_s:
        yield Upcoming(at_s=ends_s, place="", said="the load ends")


def next_of(plan: Iterable[Upcoming], due: Iterable[Upcoming], most: int) -> list[Upcoming]:
    """Give the first events of both, in order; those of one kind once, the first with a count."""
    found: dict[tuple[str, str, bool], Upcoming] = {}
    for event in islice(due, SEARCHED):
        key = event.place, event.said, event.held
        if key in found:
            # Each has waited for its own time.
            found[key] = replace(found[key], count=found[key].count + 1, after_s=None)
        elif len(found) < most:
            found[key] = event
    some = sorted([*islice(plan, most), *found.values()], key=lambda event: event.at_s)
    return some[:most]


def _said(operation: Operation, faults: Sequence[str]) -> tuple[str, str]:
    """Say what an operation does, and where; `faults` are all so far, by their numbers from 1."""
    place, said = "", operation.do
    match operation:
        case Inject(fault=fault):
            place, said = fault.target, f"fault: {fault.said}"
        case Heal(fault=number):
            said = f"fault: {faults[number - 1]}: over"
        case HealAll():
            said = "all faults are healed"
        case Set(name=name, value=value):
            place, said = name.partition(".")[0], f"{name} is set to {value}"
        case Unset(name=name):
            place, said = name.partition(".")[0], f"{name} is put back"
        case Pace(times=times):
            said = f"the load comes {times:g} times as fast"
        case SendNow(count=count):
            said = f"{count} more requests are sent"
    return place, said
