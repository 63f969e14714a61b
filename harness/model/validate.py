"""What can be wrong with a lab before it runs, each in one line."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace

from harness.model.across import Across
from harness.model.distance import Distance
from harness.model.drawn import Drawn
from harness.model.expect import Expectation, Plot, Prediction
from harness.model.fault import Timed
from harness.model.lab import RESERVED, Lab, Redis, Service
from harness.model.load import Load
from harness.model.loads import LOADS
from harness.model.validate_claims import claims
from harness.model.validate_faults import distances, faults
from harness.model.validate_places import callable_names, hosted, infinite, service_names, stores
from harness.model.validate_reading import reading
from harness.model.variant import Broken, Fixed, Measured, Variant

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""What a name must look like to be a host's, a folder's and a container's as well."""

PARTS: Mapping[str, tuple[type, ...]] = {
    "services": (Service,),
    "stores": (Redis,),
    "faults": (Timed,),
    "drawn": (Drawn,),
    "steps": (Timed,),
    "distances": (Distance,),
    "variants": (Broken, Fixed, Measured),
    "expect": (Expectation,),
    "predict": (Prediction,),
    "across": (Across,),
    "plots": (Plot,),
}
"""The tuples of a lab and what each may hold."""

MOST_HOSTS = 14
"""How many hosts a classroom's laptop runs: 33 MiB each, and 90 beside (benchmarks/hosts.py)."""
REPLICAS = range(1, 101)
"""How many hosts a service may have; containers carry no lab with so many."""


def problems(lab: Lab) -> Iterator[str]:
    """Say what is wrong, the most basic first; nothing when the lab makes sense."""
    shapeless = list(_shape(lab))
    yield from shapeless
    if shapeless:
        return
    yield from _names(lab)
    yield from _services(lab)
    yield from _budget(lab)
    yield from _load(lab)
    yield from faults(lab)
    yield from distances(lab)
    yield from _variants(lab)
    yield from claims(lab)
    yield from reading(lab)
    if lab.script:
        yield "script is for runs by hand, which containers do not know; write faults= and steps="


def _shape(lab: Lab) -> Iterator[str]:
    for part, kinds in PARTS.items():
        values = getattr(lab, part)
        wanted = " or ".join(kind.__name__ for kind in kinds)
        if not isinstance(values, tuple):
            yield f"{part} is one {_kind(values)}; write a tuple, with a comma after a single item"
            continue
        for value in values:
            if not isinstance(value, kinds):
                yield f"{part} holds a {_kind(value)}; it may hold {wanted}"
            elif isinstance(value, Service):
                yield from _replicas(value)
                yield from _restart(value)
    if not isinstance(lab.load, Load):
        yield f"load is a {_kind(lab.load)}; it must be one of {_list(LOADS)}"
    if isinstance(lab.duration_s, bool) or not isinstance(lab.duration_s, int | float):
        yield f"duration_s is {lab.duration_s!r}; it must be a number"


def _replicas(service: Service) -> Iterator[str]:
    count = service.replicas
    if isinstance(count, bool) or not isinstance(count, int) or count not in REPLICAS:
        bounds = f"from {REPLICAS[0]} to {REPLICAS[-1]}"
        yield f"service {service.name}: replicas is {count!r}; it must be a whole number {bounds}"
        return
    for name, values in service.each.items():
        if not isinstance(values, tuple) or len(values) != count:
            wanted = f"a tuple of {count} values, one for each replica"
            yield f"service {service.name}: each {name} is {values!r}; it must be {wanted}"


def _restart(service: Service) -> Iterator[str]:
    after_s = service.restart_after_s
    if after_s is None:
        return
    fits = isinstance(after_s, int | float) and not isinstance(after_s, bool)
    if not (fits and 0 < after_s < math.inf):
        yield (
            f"service {service.name}: restart_after_s is {after_s!r}; it must be above 0, or None"
        )


def _names(lab: Lab) -> Iterator[str]:
    yield from _twice("host", callable_names(lab))
    yield from _twice("variant", (variant.name for variant in lab.variants))
    for host in callable_names(lab):
        if host in RESERVED:
            yield (
                f"host name {host!r} is reserved; every lab already has one. Choose another name."
            )
    for name in (*callable_names(lab), *(variant.name for variant in lab.variants)):
        if not NAME.fullmatch(name):
            yield (
                f"invalid name {name!r}: use lower-case letters, digits and single dashes, "
                "and begin with a letter"
            )


def _services(lab: Lab) -> Iterator[str]:
    names = set(callable_names(lab))
    for service in lab.services:
        for callee in service.calls:
            if callee not in names:
                yield f"{service.name} calls {callee!r}, which is not one of {_list(names)}"
        yield from hosted(service)


def _budget(lab: Lab) -> Iterator[str]:
    count = len(lab.hosts())
    if count > MOST_HOSTS and not lab.simulated_only:
        yield (
            f"{count} hosts; containers carry {MOST_HOSTS} beside proxy, Prometheus and load. Take "
            "fewer, or say in simulated_only= why the lab is for the simulator alone"
        )


def _load(lab: Lab) -> Iterator[str]:
    if not 0 < lab.duration_s < math.inf:
        yield f"duration_s is {lab.duration_s:g}; it must be above 0"
    served = set(callable_names(lab)) - stores(lab)
    for target in lab.load.targets():
        if target not in served:
            yield f"the load goes to {target!r}, not one of {_list(served)}"
    for flow in lab.load.flows():
        finite = {name: one for name, one in asdict(flow).items() if name != "end_s"}
        yield from infinite("load", finite)
    yield from (f"load: {problem}" for problem in lab.load.problems())
    for change in lab.load.changes():
        if change.start_s >= lab.duration_s:
            yield f"load: {change.name} at {change.start_s:g} s is after the end of the run"


def _variants(lab: Lab) -> Iterator[str]:
    there = Counter(type(variant) for variant in lab.variants)
    if there[Measured] == 1:
        yield "one Measured variant alone: measure another beside it"
    for kind in (Broken, Fixed):
        if not there[kind] and set(there) != {Measured}:
            yield f"no {kind.__name__} variant: a lab shows what breaks and what holds"
    for variant in lab.variants:
        yield from _variant(lab, variant)
        yield from (f"variant {variant.name}: {problem}" for problem in _brought(lab, variant))


def _brought(lab: Lab, variant: Variant) -> Iterator[str]:
    """Say what is wrong with what a variant brings in place of the lab's own."""
    # Nothing is drawn here: what makes no sense cannot be.
    own = replace(replace(lab, drawn=()).facing(variant, 0), drawn=lab.drawn)
    if variant.load is not None:
        yield from _load(own)
    if variant.faults is not None or variant.steps is not None:
        yield from faults(replace(own, faults=variant.faults or lab.faults))
    if variant.distances is not None:
        yield from distances(own)


def _variant(lab: Lab, variant: Variant) -> Iterator[str]:
    names = service_names(lab)
    for setting in variant.settings:
        service, dot, _ = setting.partition(".")
        if not dot or service not in names:
            yield f"variant {variant.name}: {setting!r} is no service.setting of {_list(names)}"
    for changed in lab.under(variant):
        for problem in hosted(changed):
            yield f"variant {variant.name}: {problem}"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what}s are called {name!r}; names must differ"


def _kind(value: object) -> str:
    return type(value).__name__


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
