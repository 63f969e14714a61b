"""A lab with Redis on the simulated engine: the store is a host like any other."""

import pytest

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.model.variant import Variant
from harness.recording import Recording
from tests.cached import AGAIN, CACHED, WITH_STORE, WITHOUT_STORE
from tests.support import Silent


def recorded(variant: Variant, seed: int = 1) -> Recording:
    """Run the lab under its fault."""
    plan = Plan(slug="cached", lab=CACHED, variant=variant, seed=seed)
    return SimEngine().run(plan, conductor(CACHED.faults, CACHED.duration_s), Silent())


@pytest.fixture(scope="module")
def plain() -> Recording:
    """Give the run of the first variant."""
    return recorded(CACHED.variants[0])


def test_the_callee_carries_everything_while_the_store_is_down(plain: Recording) -> None:
    """With the cache few requests get through to it, without it all, and then few again."""
    assert WITH_STORE.of(plain) < 0.2
    assert WITHOUT_STORE.of(plain) == 1
    assert AGAIN.of(plain) < 0.2
    assert all(request.good for request in plain.requests)


def test_a_killed_store_has_forgotten(plain: Recording) -> None:
    """However long answers are kept, the restarted store has none, and the callee is asked."""
    del plain
    long = recorded(CACHED.variants[1])
    asked_s = [span.start_s for span in long.spans if span.callee == "back" and span.attempt]
    assert len([at_s for at_s in asked_s if at_s < 3]) == 1
    assert len([at_s for at_s in asked_s if at_s >= 5]) >= 1


def test_a_rerun_with_redis_is_the_same_to_the_byte(plain: Recording) -> None:
    """Expiry, replies and reconnects follow from the seed."""
    assert recorded(CACHED.variants[0]).digest() == plain.digest()
