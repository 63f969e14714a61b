"""What `--set` has changed for a run, beside what the lab says itself."""

from collections.abc import Iterator, Sequence

from harness import fault_assignments
from harness.assignments import LOAD
from harness.fault_assignments import FAULT
from harness.model.lab import Lab
from harness.model.load import Load
from harness.model.loads import Together
from harness.model.variant import Variant
from services.server import load, settings_of
from services.settings import value_of


def changes(lab: Lab, names: Sequence[str], settings: Sequence[str]) -> Iterator[str]:
    """Say each change and what the lab's variants have: "config.gate is 1 (in the lab: 0.1)"."""
    variants = [lab.variant(name) for name in names]
    given = dict(text.partition("=")[::2] for text in settings)
    for name, value in given.items():
        own = ", ".join(dict.fromkeys(filter(None, (_own(lab, one, name) for one in variants))))
        yield f"{name} is {value} (in the lab: {own})" if own else f"no variant here has {name}"


def _own(lab: Lab, variant: Variant, name: str) -> str:
    """Give the value that a setting has in the lab; the service's own where the lab has none.

    Nothing where a variant brings faults of its own, and has no such one.
    """
    if name.startswith(FAULT):
        there = fault_assignments.values(fault_assignments.met(lab, variant))
        return _written(there[name]) if name in there else ""
    if name.startswith(LOAD):
        return _written(_of_load(lab.load, name.removeprefix(LOAD)))
    host, _, setting = name.partition(".")
    (service,) = (one for one in lab.under(variant) if one.name == host)
    if setting in service.each:
        return " ".join(_written(value) for value in service.each[setting])
    return _written(value_of(settings_of(load(service.app), service.settings), setting))


def _of_load(load: Load, name: str) -> object:
    """Give a value of a load; of several that come together, that of the one with the number."""
    if isinstance(load, Together):
        number, _, rest = name.partition(".")
        return _of_load(load.of[int(number) - 1], rest)
    return getattr(load, name)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
