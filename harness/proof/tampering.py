"""Tampering: a lab without what it falls by, a fix undone in part, services that cheat."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

from aiohttp import web

from harness.checks.verdict import judge
from harness.errors import ChaoslabError
from harness.model.fault import Setting
from harness.model.lab import Lab, Service
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.proof.bench import Bench, ended, names
from harness.proof.item import Item, Way
from services.context import Context
from services.server import load

DEFAULT = "the default"
UNNOTICED = "no claim notices"


def without_trigger(bench: Bench) -> Iterator[Item]:
    """Take away what a broken variant falls by: then what is claimed of its fall is false."""
    for variant in bench.lab.variants:
        if isinstance(variant, Broken):
            claims = names(judge(bench.lab, bench.without_trigger(variant)))
            yield _item(Way.TRIGGER, variant.name, claims)


def half_fixed(bench: Bench) -> Iterator[Item]:
    """Undo each setting of each fix: put what the broken variants have in its place.

    What a broken variant has as well is no part of the fix as opposed to that one.
    """
    for fix, name, other in _undone(bench.lab):
        settings = {**fix.settings, name: other}
        if other == DEFAULT:
            del settings[name]
        what = f"{fix.name}, {name} = {other} in place of {fix.settings[name]}"
        yield _tried(bench, Way.FIX, what, replace(fix, settings=settings))


def _undone(lab: Lab) -> Iterator[tuple[Fixed, str, Setting]]:
    broken = [one for one in lab.variants if isinstance(one, Broken)]
    for fix in (one for one in lab.variants if isinstance(one, Fixed)):
        for name, value in fix.settings.items():
            for other in dict.fromkeys(one.settings.get(name, DEFAULT) for one in broken):
                if other != value:
                    yield fix, name, other


def cheated(bench: Bench) -> Iterator[Item]:
    """Let the services that the load asks answer at once, and call nobody."""
    with _cheating(bench.lab) as lab:
        for variant in bench.lab.variants:
            if isinstance(variant, Fixed | Measured):
                yield _tried(bench, Way.CHEAT, variant.name, variant, lab)


def alike(bench: Bench) -> Iterator[Item]:
    """Let every variant show what the first one shows: those that are compared must differ."""
    first = bench.lab.variants[0]
    if len(bench.lab.variants) > 1:
        claims = bench.all_alike(bench.as_it_is(first))
        yield _item(Way.ALIKE, f"as {first.name}", claims)


def _tried(bench: Bench, way: Way, what: str, variant: Variant, lab: Lab | None = None) -> Item:
    try:
        return _item(way, what, bench.noticed(bench.met(variant, lab)))
    except ChaoslabError as error:
        return _item(way, what, ended(error))


def _item(way: Way, what: str, claims: tuple[str, ...]) -> Item:
    return Item(way=way, what=what, noticed=claims, missing="" if claims else UNNOTICED)


@contextmanager
def _cheating(lab: Lab) -> Iterator[Lab]:
    """Give a lab whose entries cheat; their settings are those of the services they stand for."""
    loads = (lab.load, *(one.load for one in lab.variants if one.load))
    entries = {lab.folded(target) for one in loads for target in one.targets()}
    cheats = {one.name: _cheat(one) for one in lab.services if one.name in entries}
    sys.modules |= {module.__name__: module for module in cheats.values()}
    services = tuple(
        replace(one, app=cheats[one.name].__name__) if one.name in cheats else one
        for one in lab.services
    )
    try:
        yield replace(lab, services=services)
    finally:
        for module in cheats.values():
            del sys.modules[module.__name__]


def _cheat(service: Service) -> ModuleType:
    module = ModuleType(f"cheat_{service.name}".replace("-", "_"))
    vars(module).update(Settings=load(service.app).Settings, app=_yes)
    return module


def _yes(_: Context[Any]) -> web.Application:
    async def say(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    made = web.Application()
    made.router.add_route("*", "/{tail:.*}", say)
    return made
