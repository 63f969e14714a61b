"""The library that a system is put together from: services, guards and kinds of load.

All of it is read off the code: a service is a module of `services` with settings and an app.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from typing import Any

import services
from harness.model.lab import Redis
from services.guarding import GUARDS, Guarded, Guards
from services.server import load, settings_of
from services.settings import value_of

SIDES = tuple(one.name for one in fields(Guarded))
STORE = "redis"
"""What a host runs that is no service of ours."""
ABOUT_STORE = "Redis: keeps what the services write that call it, in memory or also on disk."
STORES = frozenset(("store",))
SERVICES = frozenset(("auth", "new", "old", "resolver", "stream"))
"""Settings without a default: each names a host that the service calls, here another service."""


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


def needs(service: str) -> tuple[str, ...]:
    """Name the settings of a service that have no default."""
    settings: Any = load(apps()[service]).Settings
    return tuple(
        one.name
        for one in fields(settings)
        if one.default is MISSING and one.default_factory is MISSING
    )


def _services() -> Iterator[dict[str, Any]]:
    """Describe those whose hosts can be told by a form, and a Redis among them."""
    for name in sorted((*apps(), STORE)):
        if name == STORE:
            yield _store()
        elif {*needs(name)} <= STORES | SERVICES:
            yield _service(name, apps()[name])


def _service(name: str, module: str) -> dict[str, Any]:
    needed = needs(name)
    made = settings_of(load(module), dict.fromkeys(needed, ""))
    own = [one.name for one in fields(made) if one.name not in SIDES]
    return {
        "name": name,
        "about": _about(importlib.import_module(module)),
        "is_store": False,
        "sides": [side for side in SIDES if hasattr(made, side)],
        "settings": [
            _setting(each, value_of(made, each), "" if each not in needed else _kind(each))
            for each in own
        ],
    }


def _kind(setting: str) -> str:
    return "stores" if setting in STORES else "services"


def _store() -> dict[str, Any]:
    """Describe a Redis, which calls nobody and has no guards."""
    own = [one for one in fields(Redis) if one.default is not MISSING]
    return {
        "name": STORE,
        "about": ABOUT_STORE,
        "is_store": True,
        "sides": [],
        "settings": [_setting(one.name, one.default) for one in own],
    }


def _guard(name: str) -> dict[str, Any]:
    settings = getattr(Guards(), name)
    values = ((one.name, getattr(settings, one.name)) for one in fields(settings))
    return {
        "name": name,
        "about": _about(GUARDS[name]),
        "settings": [_setting(each, value) for each, value in values],
    }


def _setting(name: str, value: Any, of: str = "") -> dict[str, Any]:  # noqa: ANN401 - any setting's
    """Describe a setting; `of` says which of the hosts that are called it names, if it does."""
    choices = [one.value for one in type(value)] if isinstance(value, Enum) else []
    plain = value.value if isinstance(value, Enum) else value
    return {"name": name, "value": plain, "choices": choices, "of": of}


def _about(word: Any) -> str:  # noqa: ANN401 - whatever has a docstring
    """Give the first sentence of a docstring; a bundle may have none."""
    return (inspect.getdoc(word) or "").partition("\n\n")[0].replace("\n", " ")
