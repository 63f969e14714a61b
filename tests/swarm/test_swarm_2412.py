"""Found by `./lab swarm --seed 2412 --plans 1`, and shrunk."""

from harness.model.fault import Timed
from harness.model.lab import Lab, Service
from harness.model.toxic import ResetPeer, Slicer, Stream
from harness.model.variant import Broken
from harness.swarm.scenario import Ask, Scenario, Scripted
from harness.swarm.trial import failure

SCENARIO = Scenario(
    seed=2412,
    lab=Lab(
        title="",
        question="",
        services=(Service(name="a", app="harness.swarm.member"),),
        load=Scripted(
            to="a",
            timeout_ms=4000.0,
            asks=(Ask(at_s=1.739104, to="a", path="/act/cancel/534/2"),),
        ),
        duration_s=2.5,
        faults=(
            Timed(
                start_s=0.25,
                end_s=1.75,
                fault=ResetPeer(target="client->a", stream=Stream.UPSTREAM, timeout_ms=250),
            ),
            Timed(
                start_s=1.25,
                end_s=2.25,
                fault=Slicer(target="client->a", stream=Stream.BOTH, average_bytes=500),
            ),
            Timed(
                start_s=1.75,
                end_s=2.0,
                fault=ResetPeer(target="client->a", stream=Stream.UPSTREAM, timeout_ms=250),
            ),
        ),
        variants=(Broken(name="swarm"),),
        expect=(),
    ),
)


def test_the_scenario_of_seed_2412_holds() -> None:
    """It did not: the run ended with an error."""
    assert failure(SCENARIO) is None
