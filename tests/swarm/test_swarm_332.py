"""Found by `./lab swarm --seed 332 --plans 1`, and shrunk."""

from harness.model.fault import Timed
from harness.model.lab import Lab, Service
from harness.model.toxic import Bandwidth, LimitData, Stream
from harness.model.variant import Broken
from harness.swarm.scenario import Ask, Scenario, Scripted
from harness.swarm.trial import failure

SCENARIO = Scenario(
    seed=332,
    lab=Lab(
        title="",
        question="",
        services=(Service(name="a", app="harness.swarm.member"),),
        load=Scripted(
            to="a",
            timeout_ms=4000.0,
            asks=(Ask(at_s=0.734463, to="a", path="/act/disk/953/3"),),
        ),
        duration_s=1.0,
        faults=(
            Timed(
                start_s=0.25,
                end_s=0.75,
                fault=Bandwidth(target="client->a", stream=Stream.BOTH, rate_kbps=0),
            ),
            Timed(
                start_s=0.25,
                end_s=0.75,
                fault=LimitData(target="client->a", stream=Stream.UPSTREAM, limit_bytes=1),
            ),
        ),
        variants=(Broken(name="swarm"),),
        expect=(),
    ),
)


def test_the_scenario_of_seed_332_holds() -> None:
    """It did not: the run ended with an error."""
    assert failure(SCENARIO) is None
