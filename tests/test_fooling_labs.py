"""Ways to fool the verdict of a real lab, beside those of `test_fooling.py`.

A fix without one of its settings, a service that answers by itself, a figure typed by hand.
"""

import ast
import builtins
import importlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from aiohttp import web

from harness import catalogue
from harness.checks.verdict import Verdict, judge, verdict_of
from harness.conductor import conducted
from harness.model.fault import Setting
from harness.model.lab import Lab, Service
from harness.model.variant import Broken, Fixed
from harness.recording import Recording
from tests.support import application, probe, run

SEED = 1
DEFAULT = "the default"
BUILTINS = frozenset(dir(builtins))
"""Names that compute nothing of a lab, such as float and abs."""


def met(lab: Lab) -> Recording:
    """Run a lab's first variant under all that it meets."""
    own = lab.facing(lab.variants[0], SEED)
    return run(own, conducted(own), seed=SEED)


@cache
def simulated(slug: str, settings: tuple[tuple[str, Setting], ...]) -> Recording:
    """Run a lab under settings, whatever the variant is called that has them."""
    lab = catalogue.find(slug).lab
    bare = replace(lab, variants=(Broken("any", dict(settings)),))
    return met(bare)


def left_out() -> Iterator[tuple[str, str, str, Setting]]:
    """Give each setting of each fix with what may stand in its place: what the broken ones have.

    What a broken variant has as well is no part of the fix as opposed to that one.
    """
    for slug in catalogue.slugs():
        lab = catalogue.find(slug).lab
        broken = [one for one in lab.variants if isinstance(one, Broken)]
        for fix in (one for one in lab.variants if isinstance(one, Fixed)):
            for name, value in fix.settings.items():
                others = dict.fromkeys(one.settings.get(name, DEFAULT) for one in broken)
                for other in others:
                    if other != value:
                        yield slug, fix.name, name, other


@pytest.mark.parametrize(("slug", "fix", "setting", "instead"), list(left_out()))
def test_a_fix_without_one_of_its_settings(
    slug: str, fix: str, setting: str, instead: Setting
) -> None:
    """It is not the fix: some claim or prediction about it no longer holds."""
    lab = catalogue.find(slug).lab
    settings = {**lab.variant(fix).settings, setting: instead}
    if instead == DEFAULT:
        del settings[setting]
    made = replace(simulated(slug, tuple(sorted(settings.items()))), variant=fix)
    controls = judge(lab, made)
    assert verdict_of(controls) is not Verdict.PASS


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def cheating(lab: Lab, slug: str) -> Lab:
    """Give a lab whose services that the load asks answer at once, and call nobody."""
    entries = {lab.folded(target) for target in lab.load.targets()}
    services = tuple(_cheat(one, slug) if one.name in entries else one for one in lab.services)
    return replace(lab, services=services)


def _cheat(service: Service, slug: str) -> Service:
    settings = vars(importlib.import_module(service.app))["Settings"]
    name = f"cheat_{slug}_{service.name}".replace("-", "_")
    return replace(service, app=probe(name, lambda _: application(_ok), settings))


def fixed() -> Iterator[tuple[str, str]]:
    for slug in catalogue.slugs():
        for one in catalogue.find(slug).lab.variants:
            if isinstance(one, Fixed):
                yield slug, one.name


@cache
def cheated(slug: str) -> Recording:
    """Run a lab whose entries cheat; they heed no setting, so all variants are alike."""
    lab = catalogue.find(slug).lab
    return met(cheating(lab, slug))


@pytest.mark.parametrize(("slug", "fix"), list(fixed()))
def test_a_fix_that_answers_without_asking(slug: str, fix: str) -> None:
    """Every answer is good and fast, and the lab says that it is not what was claimed."""
    made = replace(cheated(slug), variant=fix)
    assert all(one.good for one in made.requests)
    controls = judge(catalogue.find(slug).lab, made)
    assert verdict_of(controls) is not Verdict.PASS, [one.claim for one in controls]


def typed(node: ast.expr, module: ast.Module) -> bool:
    """Say whether an expression comes to literals alone: no call of a theory, no lab's number.

    A name of the module that is bound to literals is one of the lab's own numbers, unless it
    stands there alone.
    """
    if isinstance(node, ast.Name):
        bound = [
            one.value
            for one in module.body
            if isinstance(one, ast.Assign) and any(_binds(t, node.id) for t in one.targets)
        ]
        return bool(bound) and all(_literal(value) for value in bound)
    return _literal(node)


def _binds(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _literal(node: ast.expr) -> bool:
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names <= BUILTINS


def by_hand(path: str, text: str) -> list[str]:
    """Name the figures of a text's predictions that are typed by hand."""
    module = ast.parse(text)
    found = []
    for node in _predictions(module):
        given = {one.arg: one.value for one in node.keywords if one.arg}
        counted = _is(given.get("source"), "counted")
        for name in ("equals", "chance"):
            value = given.get(name)
            if value and typed(value, module) and not (name == "equals" and counted):
                found.append(f"{path}, line {value.lineno}: {name}={ast.unparse(value)}")
    return found


def _predictions(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            names = (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
            if "predict" in names:
                yield node


def _is(node: ast.expr | None, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def test_no_figure_of_a_lab_is_typed_by_hand() -> None:
    """Chance is computed, and so is what is predicted, unless it is counted."""
    found = []
    for slug in catalogue.slugs():
        folder = catalogue.find(slug).folder
        for path in sorted(folder.rglob("*.py")):
            found += by_hand(f"{slug}/{path.name}", path.read_text())
    assert found == []


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("equals=4, source='theory:x'", 1),
        ("equals=-4.0, source='theory:x'", 1),
        ("equals=1 / 2, source='theory:x'", 1),
        ("equals=FOUR, source='theory:x'", 1),
        ("equals=float('4'), source='theory:x'", 1),
        ("equals=1, source='counted'", 0),
        ("equals=RATE / 2, source='theory:x'", 0),
        ("equals=theory.figure(rate_rps=4), source='theory:x'", 0),
        ("equals=1, source='counted', chance=0.5", 1),
        ("equals=1, source='counted', chance=2 * 3.5", 1),
        ("equals=1, source='counted', chance=FOUR", 1),
        ("equals=1, source='counted', chance=chance.mean_sd(sd=1, samples=2)", 0),
    ],
)
def test_what_is_typed_by_hand_is_found(given: str, lines: int) -> None:
    """A number, sums of numbers, and a name that stands for one."""
    text = f"FOUR = 4\nRATE = 80\nP = predict('x', M, on='y', {given})\n"
    assert len(by_hand("lab.py", text)) == lines
