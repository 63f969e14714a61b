"""A lab with Redis on containers: its store is killed, and comes back with nothing."""

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.measures import attempts_per_request
from harness.recording import Recording
from tests.cached import CACHED, COMMANDS
from tests.support import Silent

PLAN = Plan(slug="cached", lab=CACHED, variant=CACHED.variants[0], seed=1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Run the lab once for all tests."""
    conduct = conductor(CACHED.faults, CACHED.duration_s)
    return ComposeEngine(tmp_path_factory.mktemp("run")).run(PLAN, conduct, Silent())


def again_s(recording: Recording) -> float:
    """When the store answered for the first time after it was started again."""
    [fault] = recording.faults
    answered = (one for one in recording.spans if one.callee == "store" and one.status == "ok")
    return min(one.end_s for one in answered if one.start_s > fault.removal_s)


@pytest.mark.compose
def test_the_callee_carries_everything_while_the_store_is_down(recording: Recording) -> None:
    """As in the simulation: few requests get through a cache, all of them without it.

    The moments are those of the run: on a busy machine a container dies and comes back late.
    """
    [fault] = recording.faults
    assert applied(fault)
    assert attempts_per_request("back", 1, fault.requested_s).of(recording) < 0.3
    assert attempts_per_request("back", fault.applied_s, fault.removal_s).of(recording) == 1
    assert attempts_per_request("back", again_s(recording), 7).of(recording) < 0.5
    assert sum(request.good for request in recording.requests) >= 0.9 * len(recording.requests)


@pytest.mark.compose
def test_commands_to_the_store_are_told_as_in_the_simulation(recording: Recording) -> None:
    """As many for each request, and in the words of calls: it answers, is gone, and answers."""
    [fault] = recording.faults
    commands = [span for span in recording.spans if span.callee == "store"]
    down = [one.status for one in commands if fault.applied_s < one.start_s < fault.removal_s]
    before = [one.status for one in commands if one.end_s < fault.requested_s]
    after = [one.status for one in commands if one.start_s > again_s(recording)]
    assert set(down) <= {"closed", "refused", "reset"}
    assert set(before) == {"ok"} == set(after)
    simulated = SimEngine().run(PLAN, conductor(CACHED.faults, CACHED.duration_s), Silent())
    assert COMMANDS.of(recording) == pytest.approx(COMMANDS.of(simulated), rel=0.1)
