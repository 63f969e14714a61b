"""What a lab's names and settings lead to, for all that is held against them."""

import math
from collections.abc import Iterator, Mapping

from harness.model.fault import Setting
from harness.model.lab import Lab, Service
from services.server import UNCHANGED, SettingError, changed_settings, load


def callable_names(lab: Lab) -> tuple[str, ...]:
    """Name all that can be called: the hosts, and the services that have replicas."""
    replicated = (service.name for service in lab.services if service.replicas > 1)
    return (*lab.hosts(), *replicated)


def stores(lab: Lab) -> set[str]:
    """Name the hosts that run Redis."""
    return {store.name for store in lab.stores}


def service_names(lab: Lab) -> set[str]:
    """Name the services."""
    return {service.name for service in lab.services}


def hosted(service: Service, changes: Mapping[str, Setting] = UNCHANGED) -> Iterator[str]:
    """Say what is wrong with the settings on any of a service's hosts, and once what is on all."""
    placed = service.placed().values()
    yield from dict.fromkeys(
        problem for on_host in placed for problem in _settings(on_host, on_host.settings, changes)
    )


def _settings(
    service: Service, values: Mapping[str, object], changes: Mapping[str, Setting] = UNCHANGED
) -> Iterator[str]:
    yield from infinite(f"service {service.name}", {**values, **changes})
    try:
        changed_settings(load(service.app), values, changes)
    except (ImportError, SettingError) as error:
        yield f"service {service.name}: {error}"
    except Exception as error:  # noqa: BLE001 - a service is somebody's code, as a lab is
        yield f"service {service.name}: {service.app}: {type(error).__name__}: {error}"


def infinite(whose: str, values: Mapping[str, object]) -> Iterator[str]:
    """Name each value that is infinite, or no number."""
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{whose}: {name} is {value:g}; it must be a finite number"
