"""Explains a failing scenario: what kind of bug it is, and where it leaves the nearest passing run.

The nearest passing scenario lacks one thing: a fault, a request, or one instant's other order. Of
those that pass, it is the one whose events are the same for longest.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from harness.swarm.scenario import Order, Scenario
from harness.swarm.shrink import with_asks
from harness.swarm.storms import undelayed
from harness.swarm.trial import Failure, Run, failure, once

SHOWN_REQUESTS = 5


class Cause(StrEnum):
    """What it takes for a scenario to fail."""

    ORDER = "a bug of order: in plain order it passes"
    DELAY = "a bug of delay: it passes where no toxic takes any time"
    PLAIN = "an ordinary bug: it fails in plain order, delays or not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What kind of bug a scenario shows, and how it differs from one that passes."""

    cause: Cause
    nearest: str
    parting: tuple[str, ...]


def cause(scenario: Scenario, seen: Failure) -> Cause:
    """Say whether it fails as it was seen to in plain order too, and where toxics take no time."""

    def passes(other: Scenario) -> bool:
        found = failure(other, like=seen)
        return found is None or found.sign != seen.sign

    plain = replace(scenario, order=None)
    if scenario.order is not None and passes(plain):
        return Cause.ORDER
    faults = tuple(replace(one, fault=undelayed(one.fault)) for one in scenario.lab.faults)
    if faults != scenario.lab.faults and passes(
        replace(plain, lab=replace(plain.lab, faults=faults))
    ):
        return Cause.DELAY
    return Cause.PLAIN


def explained(scenario: Scenario, seen: Failure) -> Explanation:
    """Explain a scenario that has been made small, and what was seen of it."""
    failing = once(scenario)
    passing = [
        (_shared(failing, run), name, run)
        for name, other in neighbours(scenario)
        if failure(other) is None
        for run in [once(other)]
    ]
    nearest, told = "none: it fails whatever is left out", tuple[str, ...]()
    if passing:
        shared, nearest, run = max(passing, key=lambda one: one[0])
        told = tuple(_parting(scenario, failing, run, shared))
    return Explanation(cause=cause(scenario, seen), nearest=nearest, parting=told)


def neighbours(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """Give the scenarios that lack one thing, each with what it lacks."""
    lab = scenario.lab
    for place, timed in enumerate(lab.faults):
        fewer = lab.faults[:place] + lab.faults[place + 1 :]
        name = f"without {timed.fault.name} ({timed.start_s:g} to {timed.end_s:g} s)"
        yield name, replace(scenario, lab=replace(lab, faults=fewer))
    for place, ask in enumerate(scenario.asks):
        others = scenario.asks[:place] + scenario.asks[place + 1 :]
        name = f"without the request {ask.path} to {ask.to} at {ask.at_s:g} s"
        yield name, with_asks(scenario, others)
    if scenario.order is not None:
        yield "in plain order", replace(scenario, order=None)
        for instant in scenario.order.only or ():
            only = tuple(one for one in scenario.order.only or () if one != instant)
            order = Order(seed=scenario.order.seed, only=only)
            yield f"in plain order at instant {instant}", replace(scenario, order=order)


def _events(run: Run) -> tuple[str, ...]:
    """Leave out the first, which tells of the scenario and not of the run."""
    return run.events[1:]


def _shared(one: Run, other: Run) -> int:
    pairs = zip(_events(one), _events(other), strict=False)
    return next(
        (number for number, (left, right) in enumerate(pairs) if left != right),
        min(len(_events(one)), len(_events(other))),
    )


def _parting(scenario: Scenario, failing: Run, passing: Run, shared: int) -> Iterator[str]:
    """Tell in hosts and requests where two runs part."""
    heads = [_events(run)[shared : shared + 1] for run in (failing, passing)]
    times_s = [float(json.loads(head[0])["at_s"]) for head in heads if head]
    if not times_s:
        yield f"all {shared} events are the same"
        return
    at_s = min(times_s)
    yield f"{shared} events are the same; they part at {at_s:.6f} s:"
    for name, head in zip(("fails: ", "passes:"), heads, strict=True):
        yield f"  {name} " + (event_in_words(json.loads(head[0])) if head else "nothing more")
    sent = [ask for ask in scenario.asks if ask.at_s <= at_s]
    for ask in sent[-SHOWN_REQUESTS:]:
        yield f"  asked before: {ask.path} of {ask.to} at {ask.at_s:g} s"


def event_in_words(event: dict[str, Any]) -> str:
    """Tell an event by its hosts."""
    at, what = f"{event['at_s']:.6f} s", event["event"]
    if "connection" in event:
        how = f"{what} on connection {event['connection']} {event['way']}"
        size = f", {event['bytes']} bytes" if event["bytes"] else ""
        return f"{at} {event['link']}: {how}{size}"
    where = event.get("host") or event.get("link") or ""
    more = {name: value for name, value in event.items() if name not in _TOLD}
    return f"{at} {where}: {what}" + (f" {more}" if more else "")


_TOLD = {"at_s", "event", "host", "link"}
