"""The services that no lab runs yet, on containers: they answer as in the simulation.

Scenes whose hosts have different names run side by side, for most of a run is its start.
Alone, with an engine and the images of this tree:
`CHAOSLAB_REQUIRE_ENGINE=1 python -m pytest -m compose tests/engines/compose/test_compose_parts.py`.
"""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from harness.checks.agreement import agreement
from harness.checks.verdict import Verdict
from harness.conductor import conducted
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Engine, Plan
from harness.engines.sim.engine import SimEngine
from harness.model import Lab
from harness.recording import Recording
from tests.scenes import DURATION_S, SCENES, SEED, START_S, beside
from tests.support import Silent

GROUPS = (
    ("page", "rows", "keys", "tied"),
    ("ring", "stream", "cells", "names"),
    ("members", "release"),
)


def ran(engine: Engine, lab: Lab) -> Recording:
    """Give a run with what was asked when all services were up, whichever was up first.

    A door without keys refuses, so that its users log in again, until it has asked once more.
    """
    plan = Plan(slug="scenes", lab=lab, variant=lab.variants[0], seed=SEED)
    recording = engine.run(plan, conducted(lab), Silent())
    return replace(recording, requests=list(recording.due(START_S, DURATION_S)))


def answers(recording: Recording) -> list[tuple[int, str, str, str, str]]:
    return [(one.number, one.to, one.path, one.status, one.answer) for one in recording.requests]


def test_every_scene_is_in_one_group() -> None:
    """Those of a group share no name of a host."""
    assert sorted(chain.from_iterable(GROUPS)) == sorted(SCENES)
    for group in GROUPS:
        services = beside(group).services
        assert len({service.name for service in services}) == len(services)


@pytest.mark.compose
@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_services_answer_alike_on_containers(group: tuple[str, ...], tmp_path: Path) -> None:
    """Every request by the same text; calls and good answers agree as those of labs do."""
    lab = beside(group)
    measured, simulated = ran(ComposeEngine(tmp_path), lab), ran(SimEngine(), lab)
    assert measured.notes == []
    assert answers(measured) == answers(simulated)
    apart = [
        (one.claim, one.value, str(one.bound))
        for one in agreement(lab, simulated, measured)
        if one.verdict is not Verdict.PASS
    ]
    assert apart == []
