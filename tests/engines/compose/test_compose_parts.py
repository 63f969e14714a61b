"""The services that no lab runs yet, on containers: they answer as in the simulation.

Alone, with an engine and the images of this tree:
`CHAOSLAB_REQUIRE_ENGINE=1 python -m pytest -m compose tests/engines/compose/test_compose_parts.py`.
"""

from pathlib import Path

import pytest

from harness.checks.agreement import agreement
from harness.checks.verdict import Verdict
from harness.conductor import conducted
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Engine, Plan
from harness.engines.sim.engine import SimEngine
from harness.recording import Recording
from tests.scenes import DURATION_S, SCENES, SEED, START_S
from tests.support import Silent


def ran(engine: Engine, name: str) -> Recording:
    lab = SCENES[name]
    plan = Plan(slug=f"scene-{name}", lab=lab, variant=lab.variants[0], seed=SEED)
    return engine.run(plan, conducted(lab), Silent())


def answers(recording: Recording) -> list[tuple[int, str, str, str, str]]:
    """Give what was asked and answered when all services were up."""
    return [
        (one.number, one.to, one.path, one.status, one.answer)
        for one in recording.due(START_S, DURATION_S)
    ]


@pytest.mark.compose
@pytest.mark.parametrize("name", SCENES)
def test_services_answer_alike_on_containers(name: str, tmp_path: Path) -> None:
    """Every request by the same text; calls and good answers agree as those of labs do."""
    measured, simulated = ran(ComposeEngine(tmp_path), name), ran(SimEngine(), name)
    assert measured.notes == []
    assert answers(measured) == answers(simulated)
    apart = [
        (one.claim, one.value, str(one.bound))
        for one in agreement(SCENES[name], simulated, measured)
        if one.verdict is not Verdict.PASS
    ]
    assert apart == []
