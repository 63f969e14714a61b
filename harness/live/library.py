"""The library that a system is put together from: services, guards and kinds of load.

All of it is read off the code: a service is a module of `services` with settings and an app.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from enum import Enum
from functools import cache
from typing import Any

import services
from services.guarding import GUARDS, Guarded, Guards
from services.server import load, settings_of
from services.settings import SettingError, value_of

SIDES = tuple(one.name for one in fields(Guarded))


@cache
def apps() -> Mapping[str, str]:
    """Give the services by their short names, each with the module that a lab names."""
    return {name: f"services.{name}" for name in _names()}


def _names() -> Iterator[str]:
    """Find the services without running them: modules that define settings and an app."""
    for found in pkgutil.iter_modules(services.__path__):
        spec: Any = found.module_finder.find_spec(found.name, None)
        if {"app", "Settings"} <= set(spec.loader.get_code(spec.name).co_names):
            yield found.name


def library() -> dict[str, Any]:
    """Describe what there is, as a JSON object."""
    return {
        "services": list(_services()),
        "guards": [_guard(name) for name in sorted(GUARDS)],
        "sides": list(SIDES),
    }


def _services() -> Iterator[dict[str, Any]]:
    """Describe those that run as they are: one that needs a store is put into a lab by hand."""
    for name, module in apps().items():
        with suppress(SettingError):
            yield _service(name, module, settings_of(load(module), {}))


def _service(name: str, module: str, made: Any) -> dict[str, Any]:  # noqa: ANN401 - its settings
    own = [one.name for one in fields(made) if one.name not in SIDES]
    return {
        "name": name,
        "about": _about(importlib.import_module(module)),
        "sides": [side for side in SIDES if hasattr(made, side)],
        "settings": [_setting(each, value_of(made, each)) for each in own],
    }


def _guard(name: str) -> dict[str, Any]:
    settings = getattr(Guards(), name)
    values = ((one.name, getattr(settings, one.name)) for one in fields(settings))
    return {
        "name": name,
        "about": _about(GUARDS[name]),
        "settings": [_setting(each, value) for each, value in values],
    }


def _setting(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting's
    choices = [one.value for one in type(value)] if isinstance(value, Enum) else []
    plain = value.value if isinstance(value, Enum) else value
    return {"name": name, "value": plain, "choices": choices}


def _about(word: Any) -> str:  # noqa: ANN401 - whatever has a docstring
    """Give the first sentence of a docstring; a bundle may have none."""
    return (inspect.getdoc(word) or "").partition("\n\n")[0].replace("\n", " ")
