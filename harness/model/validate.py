"""What can be wrong with a lab before it runs, each in one line."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from itertools import combinations

from harness.model.expect import Expectation, Plot, Prediction
from harness.model.fault import Place, Setting, Timed
from harness.model.lab import CLIENT, RESERVED, Broken, Fixed, Lab, Redis, Service, Variant
from harness.model.load import Load
from harness.model.validate_claims import claims
from harness.model.validate_reading import reading
from services.server import UNCHANGED, SettingError, changed_settings, load

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""What a name must look like to be a host's, a folder's and a container's as well."""

PARTS: Mapping[str, tuple[type, ...]] = {
    "services": (Service,),
    "stores": (Redis,),
    "faults": (Timed,),
    "variants": (Broken, Fixed),
    "expect": (Expectation,),
    "predict": (Prediction,),
    "plots": (Plot,),
}
"""The tuples of a lab and what each may hold."""

REPLICAS = range(1, 9)
"""How many hosts a service may have: a classroom's laptop runs them all."""


def problems(lab: Lab) -> Iterator[str]:
    """Say what is wrong, the most basic first; nothing when the lab makes sense."""
    shapeless = list(_shape(lab))
    yield from shapeless
    if shapeless:
        return
    yield from _names(lab)
    yield from _services(lab)
    yield from _load(lab)
    yield from _faults(lab)
    yield from _variants(lab)
    yield from claims(lab)
    yield from reading(lab)


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
        yield f"load is a {_kind(lab.load)}; it must be one of {_list(Load.kinds)}"
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
    yield from _twice("host", _callable(lab))
    yield from _twice("variant", (variant.name for variant in lab.variants))
    for host in _callable(lab):
        if host in RESERVED:
            yield (
                f"host name {host!r} is reserved; every lab already has one. Choose another name."
            )
    for name in (*_callable(lab), *(variant.name for variant in lab.variants)):
        if not NAME.fullmatch(name):
            yield (
                f"invalid name {name!r}: use lower-case letters, digits and single dashes, "
                "and begin with a letter"
            )


def _services(lab: Lab) -> Iterator[str]:
    names = set(_callable(lab))
    for service in lab.services:
        for callee in service.calls:
            if callee not in names:
                yield f"{service.name} calls {callee!r}, which is not one of {_list(names)}"
        yield from _hosted(service)


def _hosted(service: Service, changes: Mapping[str, Setting] = UNCHANGED) -> Iterator[str]:
    """Say what is wrong with the settings on any of a service's hosts, and once what is on all."""
    placed = service.placed().values()
    yield from dict.fromkeys(
        problem for on_host in placed for problem in _settings(on_host, on_host.settings, changes)
    )


def _settings(
    service: Service, values: Mapping[str, object], changes: Mapping[str, Setting] = UNCHANGED
) -> Iterator[str]:
    yield from _infinite(f"service {service.name}", {**values, **changes})
    try:
        changed_settings(load(service.app), values, changes)
    except (ImportError, SettingError) as error:
        yield f"service {service.name}: {error}"
    except Exception as error:  # noqa: BLE001 - a service is somebody's code, as a lab is
        yield f"service {service.name}: {service.app}: {type(error).__name__}: {error}"


def _load(lab: Lab) -> Iterator[str]:
    if not 0 < lab.duration_s < math.inf:
        yield f"duration_s is {lab.duration_s:g}; it must be above 0"
    served = set(_callable(lab)) - _stores(lab)
    for target in lab.load.targets():
        if target not in served:
            yield f"the load goes to {target!r}, not one of {_list(served)}"
    yield from _infinite("load", asdict(lab.load))
    yield from (f"load: {problem}" for problem in lab.load.problems())


def _infinite(whose: str, values: Mapping[str, object]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{whose}: {name} is {value:g}; it must be a finite number"


def _faults(lab: Lab) -> Iterator[str]:
    place = _place(lab)
    for timed in lab.faults:
        name, start_s, end_s = timed.fault.name, timed.start_s, timed.end_s
        yield from (f"{name}: {problem}" for problem in timed.fault.misplaced(place))
        yield from (f"{name}: {problem}" for problem in timed.fault.problems())
        if start_s == 0:
            yield f"{name}: begins at 0 s; leave time to see a healthy start"
        yield from (f"{name}: {problem}" for problem in _window(start_s, end_s))
        if end_s > lab.duration_s:
            yield f"{name}: ends at {end_s:g} s, after the run, which lasts {lab.duration_s:g} s"
    for one, other in combinations(lab.faults, 2):
        shared = one.fault.handles(place) & other.fault.handles(place)
        if shared and _overlap(one, other):
            where, what = min(shared)
            yield (
                f"{other.fault.name}: overlaps in time with {one.fault.name}, and both hold the "
                f"{what} of {where}; the end of one would undo the other"
            )


def _window(start_s: float, end_s: float) -> Iterator[str]:
    if math.isnan(start_s) or math.isnan(end_s):
        yield f"starts at {start_s:g} s and ends at {end_s:g} s. Give during(...) two numbers."
    elif start_s < 0:
        yield f"starts at {start_s:g} s, before the run. Let it start after 0 s."
    elif end_s < start_s:
        yield (
            f"ends ({end_s:g} s) before it starts ({start_s:g} s). "
            "Swap the two numbers in during(...)."
        )
    elif end_s == start_s:
        yield f"starts and ends at {start_s:g} s. Give during(...) a later end."


def _place(lab: Lab) -> Place:
    """Give the lab as its faults see it."""
    names = {name for service in lab.services for name in (service.name, *service.hosts())}
    return Place(
        hosts=lab.hosts(),
        stores=_stores(lab),
        links=_links(lab),
        ends={*_callable(lab), CLIENT},
        behind={name: lab.behind(name) for name in names},
        settings=partial(_misconfigured, lab),
    )


def _misconfigured(lab: Lab, target: str, values: Mapping[str, Setting]) -> Iterator[str]:
    """Say what a change is wrong about, once for all variants that it would hit alike."""
    found: dict[str, None] = {}
    for variant in lab.variants:
        for service in lab.under(variant):
            if target in {service.name, *service.hosts()}:
                found |= dict.fromkeys(_hosted(service, values))
    yield from found


def _overlap(one: Timed, other: Timed) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s


def _variants(lab: Lab) -> Iterator[str]:
    for kind in (Broken, Fixed):
        if not any(isinstance(variant, kind) for variant in lab.variants):
            yield f"no {kind.__name__} variant: a lab shows what breaks and what holds"
    for variant in lab.variants:
        yield from _variant(lab, variant)


def _variant(lab: Lab, variant: Variant) -> Iterator[str]:
    names = _service_names(lab)
    for setting in variant.settings:
        service, dot, _ = setting.partition(".")
        if not dot or service not in names:
            yield f"variant {variant.name}: {setting!r} is no service.setting of {_list(names)}"
    for changed in lab.under(variant):
        for problem in _hosted(changed):
            yield f"variant {variant.name}: {problem}"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what}s are called {name!r}; names must differ"


def _kind(value: object) -> str:
    return type(value).__name__


def _links(lab: Lab) -> list[str]:
    return [link.name for link in lab.links()]


def _callable(lab: Lab) -> tuple[str, ...]:
    """Name all that can be called: the hosts, and the services that have replicas."""
    replicated = (service.name for service in lab.services if service.replicas > 1)
    return (*lab.hosts(), *replicated)


def _stores(lab: Lab) -> set[str]:
    return {store.name for store in lab.stores}


def _service_names(lab: Lab) -> set[str]:
    return {service.name for service in lab.services}


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
