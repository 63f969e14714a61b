"""A plan that asks for more work than hosts can do is no fault of the simulator."""

import pytest

from harness.model.lab import Service
from harness.recording import Recording, Request
from harness.swarm.draw import MEMBER
from harness.swarm.overload import may_be_late
from harness.swarm.scenario import Ask, Scenario, lab_of


@pytest.mark.parametrize(("work_ms", "explains"), [(100.0, True), (10.0, False)])
def test_only_as_much_work_as_a_request_waits_for_explains_that_it_is_late(
    *, work_ms: float, explains: bool
) -> None:
    """What hosts cannot have worked in that time is a fault of the simulator."""
    members = tuple(Service(name, app=MEMBER, settings={"work_ms": work_ms}) for name in "ab")
    asks = tuple(Ask(at_s=1 + number / 10, to="a", path="/act/hop/7/3") for number in range(5))
    scenario = Scenario(seed=1, lab=lab_of(members, (), asks, (), 5))
    late = [
        Request(number, ask.path, ask.at_s, ask.at_s, ask.at_s + 2.1, "503", to="a")
        for number, ask in enumerate(asks)
    ]
    recording = Recording(
        lab="", variant="swarm", seed=1, engine="sim", duration_s=5, requests=late
    )
    assert may_be_late(scenario, late[0], recording) is explains
    refused = late[0]._replace(answered_s=late[0].sent_s + 0.1)
    assert not may_be_late(scenario, refused, recording)
