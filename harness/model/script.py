"""Scripts: operations with their times, as one value; a lab's own faults can be written as one."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.changes import Change
from harness.errors import LabError
from harness.model.change import Configure
from harness.model.fault import Fault, Timed, moments
from harness.model.operations import (
    Heal,
    HealAll,
    Inject,
    Operation,
    Pace,
    Set,
    operation_from_json,
)
from harness.model.plain_values import short, typed

AT = "at_s"
MOST_ACTS = 10_000
"""How many operations a script may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An operation, and the moment at whose end it is done, in seconds of the run."""

    at_s: float
    operation: Operation

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object, the time first."""
        return {AT: self.at_s, **self.operation.to_json()}


Script = tuple[Act, ...]
"""What is done in a run, in the order of its times; those of one instant in their order here."""


def script_to_json(script: Script) -> list[dict[str, Any]]:
    """Give a JSON list from which `script_from_json` makes the same script."""
    return [act.to_json() for act in script]


def script_from_json(document: object, what: str = "script") -> Script:
    """Make a script of a JSON list of objects, each with `at_s` and `do`.

    Raises:
        LabError: an entry is none, or comes before the one in front of it; it is named.

    """
    if not isinstance(document, list):
        raise LabError(f"{what}: expected a list of operations, got {short(document)}")
    if len(document) > MOST_ACTS:
        raise LabError(f"{what} has {len(document)} entries; at most {MOST_ACTS} are taken")
    acts: list[Act] = []
    for number, entry in enumerate(document, 1):
        act = _act(entry, f"{what}, entry {number}")
        if acts and act.at_s < acts[-1].at_s:
            raise LabError(
                f"{what}, entry {number}: {AT} is {act.at_s:g}, before the {acts[-1].at_s:g} of "
                "the entry in front of it; put the entries in the order of their times"
            )
        acts.append(act)
    return tuple(acts)


def _act(entry: object, what: str) -> Act:
    if not isinstance(entry, dict):
        raise LabError(f"{what}: expected an object, got {short(entry)}")
    values = dict(entry)
    if AT not in values:
        raise LabError(f"{what}: {AT} is missing; give the second at which it is done")
    at_s = typed(float, values.pop(AT), f"{what}: {AT}")
    if at_s < 0:
        raise LabError(f"{what}: {AT} is {at_s:g}; it must be 0 or more")
    return Act(at_s=at_s, operation=operation_from_json(values, what))


def script_of(faults: Sequence[Timed]) -> Script:
    """Write a lab's faults and steps as a script; a step of a setting is a `Set`.

    Raises:
        LabError: a step is of another kind, which no operation leaves for good.

    """
    acts: list[Act] = []
    numbers: dict[int, int] = {}
    for at_s, timed, begins in moments(tuple(faults)):
        if at_s == math.inf:
            continue
        if timed.stays:
            acts += [Act(at_s=at_s, operation=one) for one in _sets(timed.fault)]
        elif begins:
            numbers[id(timed)] = len(numbers) + 1
            acts.append(Act(at_s=at_s, operation=Inject(timed.fault)))
        else:
            acts.append(Act(at_s=at_s, operation=Heal(numbers[id(timed)])))
    return tuple(acts)


def _sets(step: Fault) -> Iterator[Set]:
    if not isinstance(step, Configure):
        raise LabError(f"{step.name}: a script can set settings for good, and nothing else")
    for name, value in step.values.items():
        yield Set(f"{step.target}.{name}", value)


def windows(script: Script, ends_s: float) -> Iterator[Change]:
    """Name what a script breaks and changes, each with its window, as it is planned."""
    there: dict[int, tuple[float, Fault]] = {}
    count = 0
    pace: tuple[float, Pace] | None = None
    done: list[Change] = []
    for act in script:
        match act.operation:
            case Inject(fault=fault):
                count += 1
                there[count] = act.at_s, fault
            case Heal(fault=number):
                if number in there:
                    done.append(_window(*there.pop(number), act.at_s))
            case HealAll():
                done += [_window(*one, act.at_s) for one in there.values()]
                there.clear()
            case Pace():
                done += [_paced(*pace, act.at_s)] if pace else []
                pace = None if act.operation.times == 1 else (act.at_s, act.operation)
            case _:
                pass
    done += [_window(*one, ends_s) for one in there.values()]
    done += [_paced(*pace, ends_s)] if pace else []
    yield from sorted(done, key=lambda change: change.start_s)


def _window(start_s: float, fault: Fault, end_s: float) -> Change:
    return Change(fault.said, start_s, end_s)


def _paced(start_s: float, pace: Pace, end_s: float) -> Change:
    return Change(f"load x {pace.times:g}", start_s, end_s)
