"""A run in pieces is the run as a whole, and an order may be changed at some instants alone."""

import io

import pytest

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.engines.sim.order import Permutation
from harness.model import Pause, Poisson, Service, during
from tests.support import Silent, lab

HALL = lab(
    Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 200}),
    Service("back", app="services.worker", settings={"workers": 2, "service_ms": 40}),
    load=Poisson(to="front", rate_rps=40, timeout_ms=2000),
    duration_s=4,
    faults=(during(1, 2, Pause("back")),),
)


def told(order: Permutation | None = None, piece_s: float | None = None) -> tuple[str, str]:
    """Give a run's digest, and all its events."""
    file = io.StringIO()
    plan = Plan(slug="test", lab=HALL, variant=HALL.variants[0], seed=3)
    engine = SimEngine(permute=order, events=EventLog(file), piece_s=piece_s)
    recording = engine.run(plan, conductor(HALL.faults, HALL.duration_s), Silent())
    return recording.digest(), file.getvalue()


@pytest.mark.parametrize("piece_s", [0.013, 0.25, 100])
def test_pieces_change_nothing(piece_s: float) -> None:
    """However long they are: at instants where something happens, too."""
    assert told(piece_s=piece_s) == told()
    assert told(Permutation(5), piece_s) == told(Permutation(5))


def test_an_order_at_no_instant_is_the_plain_one() -> None:
    """And at all of them it is the one that is drawn for all."""
    order = Permutation(5)
    whole = told(order)
    assert order.instants > 1
    assert told(Permutation(5, ())) == told()
    assert told(Permutation(5, range(1, order.instants + 1))) == whole
