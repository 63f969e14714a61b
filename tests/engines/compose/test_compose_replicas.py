"""Replicas on containers: Docker's DNS gives their addresses, Toxiproxy dials those that live."""

from pathlib import Path

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from tests.replicated import AFTER_THE_KILL, REPLICATED, served
from tests.support import Silent


@pytest.mark.compose
def test_the_others_carry_on_when_a_replica_is_killed(tmp_path: Path) -> None:
    """As in the simulation: nearly all answers are good, and what lives serves them."""
    plan = Plan(slug="replicated", lab=REPLICATED, variant=REPLICATED.variant("again"), seed=1)
    conduct = conductor(REPLICATED.faults, REPLICATED.duration_s)
    recording = ComposeEngine(tmp_path).run(plan, conduct, Silent())
    assert [applied(fault) for fault in recording.faults] == [True]
    assert AFTER_THE_KILL.of(recording) > 0.9
    assert served(recording, "app-2")[1] > 0
    for host in ("app-1", "app-3"):
        counts = served(recording, host)
        assert counts[5] > counts[3] > 0
