"""A lab with Redis on containers: its store is killed, and comes back with nothing."""

from pathlib import Path

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from tests.cached import AGAIN, CACHED, WITH_STORE, WITHOUT_STORE
from tests.support import Silent


@pytest.mark.compose
def test_the_callee_carries_everything_while_the_store_is_down(tmp_path: Path) -> None:
    """As in the simulation: few requests get through a cache, all of them without it."""
    plan = Plan(slug="cached", lab=CACHED, variant=CACHED.variants[0], seed=1)
    conduct = conductor(CACHED.faults, CACHED.duration_s)
    recording = ComposeEngine(tmp_path).run(plan, conduct, Silent())
    assert [applied(fault) for fault in recording.faults] == [True]
    assert WITH_STORE.of(recording) < 0.3
    assert WITHOUT_STORE.of(recording) == 1
    assert AGAIN.of(recording) < 0.5
    assert sum(request.good for request in recording.requests) >= 0.9 * len(recording.requests)
