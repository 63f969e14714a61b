"""A lab with Redis on containers: its store is killed, and comes back with nothing."""

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.recording import Recording
from tests.cached import AGAIN, CACHED, COMMANDS, WITH_STORE, WITHOUT_STORE
from tests.support import Silent

PLAN = Plan(slug="cached", lab=CACHED, variant=CACHED.variants[0], seed=1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Run the lab once for all tests."""
    conduct = conductor(CACHED.faults, CACHED.duration_s)
    return ComposeEngine(tmp_path_factory.mktemp("run")).run(PLAN, conduct, Silent())


@pytest.mark.compose
def test_the_callee_carries_everything_while_the_store_is_down(recording: Recording) -> None:
    """As in the simulation: few requests get through a cache, all of them without it."""
    assert [applied(fault) for fault in recording.faults] == [True]
    assert WITH_STORE.of(recording) < 0.3
    assert WITHOUT_STORE.of(recording) == 1
    assert AGAIN.of(recording) < 0.5
    assert sum(request.good for request in recording.requests) >= 0.9 * len(recording.requests)


@pytest.mark.compose
def test_commands_to_the_store_are_told_as_in_the_simulation(recording: Recording) -> None:
    """As many for each request, and in the words of calls: it answers, is gone, and answers."""
    commands = [span for span in recording.spans if span.callee == "store"]
    down = [span.status for span in commands if 3.5 < span.start_s < 4.5]
    up = [span.status for span in commands if not 2.9 < span.end_s < 5.9]
    assert set(down) <= {"closed", "refused", "reset"}
    assert set(up) == {"ok"}
    simulated = SimEngine().run(PLAN, conductor(CACHED.faults, CACHED.duration_s), Silent())
    assert COMMANDS.of(recording) == pytest.approx(COMMANDS.of(simulated), rel=0.1)
