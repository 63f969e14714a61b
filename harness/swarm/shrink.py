"""Shrinking: from a scenario that fails to a small one that fails in the same way.

Lists are cut down by delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
Failure-Inducing Input", 2002), until nothing that is left can be left out alone. Each candidate is
a scenario that makes sense by the lab's own rules. Hypothesis shrinks the choices by which a value
was drawn, and after a host or a request has gone the others would be drawn anew; here what is left
stays as it is, and the nearest passing neighbour of a scenario is another scenario.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from harness.model.fault import Fault, Timed, during
from harness.model.lab import Lab, Service
from harness.model.partition import Partition
from harness.model.toxic import LinkFault
from harness.swarm.scenario import Ask, Order, Scenario, scripted
from harness.swarm.storms import STEP_S, makes_sense
from harness.swarm.trial import Failure, failure, once

T = TypeVar("T")

TRIES = 500
"""How many candidates are tried at most."""


class Shrinker:
    """Makes a scenario smaller for as long as it fails as it did at first."""

    def __init__(
        self,
        scenario: Scenario,
        first: Failure,
        judge: Callable[..., Failure | None] = failure,
        tries: int = TRIES,
    ) -> None:
        self.scenario = scenario
        self.first = first
        self.tried = 0
        self._judge = judge
        self._left = tries

    def shrink(self) -> Scenario:
        """Try everything, and again, until nothing makes it smaller."""
        before = None
        if self.scenario.order is not None:
            self._take(replace(self.scenario, order=None))
        while before != self.scenario and self._left:
            before = self.scenario
            self._cut_faults()
            self._cut_asks()
            for candidate in (_fewer_services, _fewer_calls, _plainer, _sooner, _shorter_faults):
                self._follow(candidate)
            # Last, for the instants are counted, and fewer requests have fewer of them.
            self._cut_order()
        return self.scenario

    def fails(self, scenario: Scenario) -> bool:
        """Say whether a scenario makes sense and fails in the same way."""
        if not self._left or not makes_sense(scenario.lab):
            return False
        self._left -= 1
        self.tried += 1
        found = self._judge(scenario, like=self.first)
        return found is not None and found.sign == self.first.sign

    def _take(self, scenario: Scenario) -> bool:
        """Go on with a scenario if it fails too."""
        if scenario == self.scenario or not self.fails(scenario):
            return False
        self.scenario = scenario
        return True

    def _follow(self, candidates: Callable[[Scenario], Iterator[Scenario]]) -> None:
        """Take the first smaller one that fails, and look from there, until there is none."""
        while any(self._take(candidate) for candidate in candidates(self.scenario)):
            pass

    def _cut_faults(self) -> None:
        def with_faults(kept: Sequence[Timed]) -> Scenario:
            return replace(scenario, lab=replace(scenario.lab, faults=tuple(kept)))

        scenario = self.scenario
        kept = fewest(scenario.lab.faults, lambda faults: self.fails(with_faults(faults)))
        self.scenario = with_faults(kept)

    def _cut_asks(self) -> None:
        scenario = self.scenario
        kept = fewest(scenario.asks, lambda asks: self.fails(with_asks(scenario, asks)))
        self.scenario = with_asks(scenario, kept)

    def _cut_order(self) -> None:
        """Reorder at as few instants as will do."""
        scenario = self.scenario
        if scenario.order is None:
            return

        def at(only: Sequence[int]) -> Scenario:
            return replace(scenario, order=Order(seed=seed, only=tuple(only)))

        seed, only = scenario.order.seed, scenario.order.only
        if only is None:
            only = tuple(range(1, once(scenario).instants + 1))
            if not self.fails(at(only)):
                return
        self.scenario = at(fewest(only, lambda kept: self.fails(at(kept))))


def fewest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Leave out items in halves, quarters and so on, as long as what is left fails.

    Of the result, no item can be left out alone.
    """
    kept, size = list(items), len(items)
    while kept and size:
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if fails(rest):
                kept = rest
            else:
                start += size
        size = min(size, len(kept)) // 2 if size > 1 else 0
    return kept


def with_asks(scenario: Scenario, asks: Sequence[Ask]) -> Scenario:
    """Give a scenario other requests; faults on links that nobody uses any more are left out."""
    load = replace(scripted(scenario.lab), asks=tuple(asks))
    return _sensible(scenario, replace(scenario.lab, load=load))


def _sensible(scenario: Scenario, lab: Lab) -> Scenario:
    """Put in a changed lab, without the faults that would not find what they hit."""
    kept: tuple[Timed, ...] = ()
    for timed in lab.faults:
        if makes_sense(replace(lab, faults=(*kept, timed))):
            kept += (timed,)
    return replace(scenario, lab=replace(lab, faults=kept))


def _fewer_services(scenario: Scenario) -> Iterator[Scenario]:
    lab = scenario.lab
    for store in lab.stores:
        services = tuple(_not_calling(one, store.name) for one in lab.services)
        yield _sensible(scenario, replace(lab, stores=(), services=services))
    for gone in lab.services:
        others = tuple(
            _not_calling(one, gone.name, *gone.hosts()) for one in lab.services if one is not gone
        )
        if others:
            asks = tuple(ask for ask in scenario.asks if ask.to != gone.name)
            load = replace(scripted(lab), asks=asks, to=others[0].name)
            yield _sensible(scenario, replace(lab, services=others, load=load))
    for service in lab.services:
        if service.replicas > 1:
            yield _with_one_replica(scenario, service)


def _with_one_replica(scenario: Scenario, service: Service) -> Scenario:
    """Let a service run on one host, which stands for the first that it had."""
    lab = scenario.lab
    old, others = service.hosts()[0], service.hosts()[1:]
    services = tuple(
        replace(_not_calling(one, *service.hosts()), replicas=1 if one is service else one.replicas)
        for one in lab.services
    )
    faults = _without(_renamed(lab.faults, old, service.name), others)
    return _sensible(scenario, replace(lab, services=services, faults=faults))


def _not_calling(service: Service, *gone: str) -> Service:
    return replace(service, calls=tuple(name for name in service.calls if name not in gone))


def _renamed(value: T, old: str, new: str) -> T:
    """Put another name wherever a host's stands in a fault's fields."""
    if isinstance(value, str) and type(value) is str:
        return re.sub(rf"(?<![\w-]){old}(?![\w])", new, value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(_renamed(one, old, new) for one in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _renamed(getattr(value, field.name), old, new) for field in fields(value)
        }
        if any(changed[name] != getattr(value, name) for name in changed):
            copy = object.__new__(type(value))
            for name, one in changed.items():
                object.__setattr__(copy, name, one)
            return copy
    return value


def _without(faults: tuple[Timed, ...], hosts: Sequence[str]) -> tuple[Timed, ...]:
    """Leave hosts out of partitions; other faults of theirs make no sense any more."""

    def left(group: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host for host in group if host not in hosts)

    def changed(fault: Fault) -> Fault:
        if isinstance(fault, Partition):
            return replace(fault, one=left(fault.one), other=left(fault.other))
        return fault

    return tuple(replace(timed, fault=changed(timed.fault)) for timed in faults)


def _fewer_calls(scenario: Scenario) -> Iterator[Scenario]:
    lab = scenario.lab
    for place, service in enumerate(lab.services):
        for callee in service.calls:
            fewer = _not_calling(service, callee)
            services = (*lab.services[:place], fewer, *lab.services[place + 1 :])
            yield _sensible(scenario, replace(lab, services=services))


def _plainer(scenario: Scenario) -> Iterator[Scenario]:
    """Give services the settings that all have, and toxics every connection."""
    lab = scenario.lab
    for place, service in enumerate(lab.services):
        plain = replace(service, settings={}, restart_after_s=None)
        services = (*lab.services[:place], plain, *lab.services[place + 1 :])
        yield replace(scenario, lab=replace(lab, services=services))
    for place, timed in enumerate(lab.faults):
        if isinstance(timed.fault, LinkFault) and timed.fault.toxicity < 1:
            whole = replace(timed, fault=replace(timed.fault, toxicity=1.0))
            faults = (*lab.faults[:place], whole, *lab.faults[place + 1 :])
            yield replace(scenario, lab=replace(lab, faults=faults))


def _sooner(scenario: Scenario) -> Iterator[Scenario]:
    """Let the run end, and everything begin, as soon as may be."""
    lab = scenario.lab
    times_s = [*(ask.at_s for ask in scenario.asks), *(one.end_s for one in lab.faults)]
    last_s = max(times_s, default=0.0) + STEP_S
    for duration_s in (last_s, (last_s + lab.duration_s) / 2):
        if duration_s < lab.duration_s - STEP_S / 2:
            yield replace(scenario, lab=replace(lab, duration_s=duration_s))
    starts_s = [*(ask.at_s for ask in scenario.asks), *(one.start_s for one in lab.faults)]
    spare_s = min(starts_s, default=0.0) // STEP_S * STEP_S - STEP_S
    if spare_s > 0:
        yield _moved(scenario, spare_s)


def _moved(scenario: Scenario, by_s: float) -> Scenario:
    lab = scenario.lab
    asks = tuple(replace(ask, at_s=round(ask.at_s - by_s, 6)) for ask in scenario.asks)
    faults = tuple(
        replace(one, start_s=one.start_s - by_s, end_s=one.end_s - by_s) for one in lab.faults
    )
    load = replace(scripted(lab), asks=asks)
    moved = replace(lab, load=load, faults=faults, duration_s=lab.duration_s - by_s)
    return replace(scenario, lab=moved)


def _shorter_faults(scenario: Scenario) -> Iterator[Scenario]:
    lab = scenario.lab
    for place, timed in enumerate(lab.faults):
        for end_s in (
            timed.start_s + STEP_S,
            (timed.start_s + timed.end_s) // (2 * STEP_S) * STEP_S,
        ):
            if timed.start_s < end_s < timed.end_s:
                short = during(timed.start_s, end_s, timed.fault)
                faults = (*lab.faults[:place], short, *lab.faults[place + 1 :])
                yield replace(scenario, lab=replace(lab, faults=faults))
