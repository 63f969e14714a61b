"""Found by `./lab swarm --seed 1585 --plans 1`, and shrunk."""

from harness.model.lab import Lab, Service
from harness.model.variant import Broken
from harness.swarm.scenario import Ask, Scenario, Scripted
from harness.swarm.trial import failure

SCENARIO = Scenario(
    seed=1585,
    lab=Lab(
        title="",
        question="",
        services=(
            Service(name="a", app="harness.swarm.member", calls=("b",)),
            Service(
                name="b",
                app="harness.swarm.member",
                calls=("a",),
                settings={"persistent": False, "backlog": 1, "work_ms": 100.0},
                restart_after_s=0.25,
            ),
        ),
        load=Scripted(
            to="a",
            timeout_ms=4000.0,
            asks=(
                Ask(at_s=1.75, to="a", path="/act/hop/479/3"),
                Ask(at_s=1.75, to="b", path="/act/hop/150/3"),
                Ask(at_s=1.768178, to="b", path="/act/hop/903/0"),
                Ask(at_s=1.855031, to="b", path="/act/hop/968/3"),
                Ask(at_s=1.969553, to="a", path="/act/hop/689/3"),
                Ask(at_s=1.998611, to="a", path="/act/hop/692/3"),
                Ask(at_s=2.0, to="a", path="/act/hop/104/3"),
                Ask(at_s=2.241494, to="a", path="/act/hop/168/2"),
                Ask(at_s=2.274043, to="a", path="/act/hop/969/3"),
                Ask(at_s=2.388632, to="b", path="/act/hop/55/2"),
                Ask(at_s=2.487413, to="a", path="/act/hop/793/3"),
            ),
        ),
        duration_s=2.737413,
        faults=(),
        variants=(Broken(name="swarm"),),
        expect=(),
    ),
)


def test_the_scenario_of_seed_1585_holds() -> None:
    """It did not: a request failed though nothing was broken."""
    assert failure(SCENARIO) is None
