"""A part of the swarm, in every run of the tests: the same plans each time.

Counted and not timed, so that a slow machine tries the same; `./lab swarm` tries others.
"""

import pytest

from harness.swarm.draw import drawn
from harness.swarm.trial import failure

PLANS = 300
"""About a minute of one core: some five plans a second on a busy machine."""

PARTS = 10
"""Tests among which they are spread, so that several processes share them."""


@pytest.mark.parametrize("part", range(PARTS))
def test_plans_hold(part: int) -> None:
    """Twice, the second time in pieces; replay one with `./lab swarm --seed N --plans 1`."""
    failing = {seed: failure(drawn(seed)) for seed in range(part, PLANS, PARTS)}
    assert {seed: found for seed, found in failing.items() if found} == {}
