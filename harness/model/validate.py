"""What can be wrong with a lab before it runs, each in one line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harness.model.lab import CLIENT, Broken, Fixed, Lab, Service, Variant
from services.server import SettingError, load, settings_of


def problems(lab: Lab) -> Iterator[str]:
    """Say what is wrong, the most basic first; nothing when the lab makes sense."""
    yield from _names(lab)
    yield from _services(lab)
    yield from _load(lab)
    yield from _faults(lab)
    yield from _variants(lab)
    yield from _claims(lab)


def _names(lab: Lab) -> Iterator[str]:
    yield from _twice("service", (service.name for service in lab.services))
    yield from _twice("variant", (variant.name for variant in lab.variants))
    for service in lab.services:
        if service.name == CLIENT:
            yield f"a service is called {CLIENT!r}; that is the load's own name"


def _services(lab: Lab) -> Iterator[str]:
    names = _service_names(lab)
    for service in lab.services:
        for callee in service.calls:
            if callee not in names:
                yield f"{service.name} calls {callee!r}, which is not one of {_list(names)}"
        yield from _settings(service, service.settings)


def _settings(service: Service, values: Mapping[str, object]) -> Iterator[str]:
    try:
        settings_of(load(service.app), values)
    except (ImportError, SettingError) as error:
        yield f"service {service.name}: {error}"


def _load(lab: Lab) -> Iterator[str]:
    if lab.duration_s <= 0:
        yield f"duration_s is {lab.duration_s:g}; it must be above 0"
    if lab.load.to not in _service_names(lab):
        yield f"the load goes to {lab.load.to!r}, not one of {_list(_service_names(lab))}"
    yield from (f"load: {problem}" for problem in lab.load.problems())


def _faults(lab: Lab) -> Iterator[str]:
    names = _service_names(lab) | {link.name for link in lab.links()}
    for timed in lab.faults:
        name, start_s, end_s = timed.fault.name, timed.start_s, timed.end_s
        if timed.fault.target not in names:
            yield f"{name}: {timed.fault.target!r} is not one of {_list(names)}"
        yield from (f"{name}: {problem}" for problem in timed.fault.problems())
        if not 0 <= start_s < end_s:
            yield f"{name}: from {start_s:g} to {end_s:g} s is no window of time"
        if end_s > lab.duration_s:
            yield f"{name}: ends at {end_s:g} s, after the run, which lasts {lab.duration_s:g} s"


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
        for problem in _settings(changed, changed.settings):
            yield f"variant {variant.name}: {problem}"


def _claims(lab: Lab) -> Iterator[str]:
    names = {variant.name for variant in lab.variants}
    claimed = [(item.claim, name) for item in lab.expect for name in item.variants]
    claimed += [(item.name, item.on) for item in lab.predict]
    for claim, name in claimed:
        if name not in names:
            yield f"{claim!r} is about {name!r}, which is not one of {_list(names)}"
    if not any(item.is_baseline for item in lab.expect):
        yield "no baseline(...): without a healthy start nothing is proven"
    for silent in sorted(names - {name for _, name in claimed}):
        yield f"variant {silent}: nothing is expected of it"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what}s are called {name!r}; names must differ"


def _service_names(lab: Lab) -> set[str]:
    return {service.name for service in lab.services}


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
