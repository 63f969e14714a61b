"""The scenes that containers are held against: sound labs, in which all is answered."""

import pkgutil
from importlib import import_module

import pytest

import services
from harness import catalogue
from harness.conductor import conducted
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.model.lab import Lab
from harness.model.validate import problems
from harness.recording import Recording
from tests.scenes import DURATION_S, SCENES, SEED, START_S, asks, scene, worker
from tests.support import Silent


def simulated(name: str) -> Recording:
    lab = SCENES[name]
    plan = Plan(slug=f"scene-{name}", lab=lab, variant=lab.variants[0], seed=SEED)
    return SimEngine().run(plan, conducted(lab), Silent())


def apps(lab: Lab) -> set[str]:
    return {service.app for service in lab.services}


def test_every_service_of_the_library_runs_on_containers() -> None:
    """In a lab or in a scene, so that none is seen by the simulation alone."""
    seen = {app for lab in SCENES.values() for app in apps(lab)}
    for slug in catalogue.slugs():
        seen |= apps(catalogue.find(slug).lab)
    own = [import_module(f"services.{one.name}") for one in pkgutil.iter_modules(services.__path__)]
    served = {module.__name__ for module in own if {"Settings", "app"} <= vars(module).keys()}
    assert served - seen == set()


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_sound_and_all_is_answered(name: str) -> None:
    """No crash, no failure, and answers that say something."""
    recording = simulated(name)
    assert recording.notes == []
    asked = list(recording.due(START_S, DURATION_S))
    assert {one.status[0] for one in asked} == {"2"}
    assert all(one.answer for one in asked)
    assert len(asked) > 30


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_a_lab_that_both_engines_take(name: str) -> None:
    """What is wrong with it is what is wrong with any lab that claims nothing."""
    nothing = scene(worker("only"), load=(asks("only", "/"),))
    assert list(problems(SCENES[name])) == list(problems(nothing))
