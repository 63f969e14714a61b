"""Cells and shuffle shards: how many tenants a bad one takes down, and what moves."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import LabError
from harness.model import Paced, Send, Service, Together
from harness.model.fault import Setting
from harness.recording import Recording, number_of
from harness.theory.hashing import shuffle_overlap_probability
from services.patterns import cells
from tests.guarded import FEW
from tests.support import lab, run

SABOTAGE = {
    "tries one worker": (
        "min(settings.tries, len(own))",
        "1",
        "test_a_poisonous_tenant_takes_down_whom_it_shares_all_workers_with",
    ),
    "asks all": (
        "settings.division.of(tenant, shared, settings.size)",
        "shared",
        "test_a_poisonous_tenant_takes_down_whom_it_shares_all_workers_with",
    ),
    "spills nothing": (
        "min(settings.spill, len(others))",
        "0",
        "test_a_tenant_whose_own_workers_are_down_may_try_others",
    ),
    "divides the spare": (
        "if worker not in spare",
        "",
        "test_a_spare_worker_serves_moved_tenants_alone",
    ),
    "moves nobody": (
        "tenant in _names(settings.moved)",
        "False",
        "test_a_spare_worker_serves_moved_tenants_alone",
    ),
    "asks on after a good answer": (
        "            if not answer.failed:\n                break\n",
        "",
        "test_a_tenant_s_requests_go_to_its_own_workers",
    ),
}
WORKERS = tuple(f"worker-{number}" for number in range(1, 9))
TENANTS = 60
POISON = "7"


def ran(*, poison: bool = True, **settings: Setting) -> Recording:
    """Let sixty tenants ask, and one of them end each process that it gets hold of."""
    workers = (
        Service(name, app="services.worker", settings={"service_ms": 2}, restart_after_s=30)
        for name in WORKERS
    )
    users = Paced(to="router", rate_rps=60, mix=(Send(path="/?client={key}"),), keys=TENANTS)
    bad = Paced(to="router", rate_rps=20, end_s=2,
                mix=(Send(path=f"/exit?client={POISON}", method="POST"),))  # fmt: skip
    value = lab(
        Service("router", app="services.cells", calls=WORKERS, settings=settings),
        *workers,
        load=Together(of=(users, bad)) if poison else users,
        duration_s=8,
    )
    return run(value)


def down(recording: Recording) -> set[str]:
    """Name the tenants whom nobody answers any more, the poisonous one not among them."""
    failed = {one.path for one in recording.due(3, 8) if one.status != "200"}
    served = {one.path for one in recording.due(3, 8) if one.status == "200"}
    return {path.rpartition("=")[2] for path in failed - served} - {POISON}


def sharing(division: str) -> set[str]:
    """Name the tenants all of whose workers are the poisonous one's."""
    kind = cells.Division(division)
    bad = set(kind.of(POISON, WORKERS, 2))
    return {
        str(tenant)
        for tenant in range(TENANTS)
        if set(kind.of(str(tenant), WORKERS, 2)) <= bad and str(tenant) != POISON
    }


def test_a_poisonous_tenant_takes_down_whom_it_shares_all_workers_with() -> None:
    """All of a pool, those of its cell, and next to none with shuffle shards."""
    pool, in_cells, shuffled = (ran(division=name) for name in ("pool", "cells", "shuffle"))
    assert len(down(pool)) == TENANTS - 1
    assert down(in_cells) == sharing("cells")
    assert down(shuffled) == sharing("shuffle")
    assert len(sharing("shuffle")) < len(sharing("cells")) < TENANTS / 2


def test_a_tenant_s_requests_go_to_its_own_workers() -> None:
    """One call for each request, and none to another's worker."""
    recording = ran(poison=False, division="shuffle")
    calls = [span for span in recording.spans if span.caller == "router"]
    assert len(calls) == len(recording.requests)
    assert len({span.callee for span in calls}) == len(WORKERS)


def test_a_tenant_whose_own_workers_are_down_may_try_others() -> None:
    """So it is not down, and the poisonous one takes all workers in turn."""
    kept = ran(division="cells", spill=1)
    calls = [span for span in kept.spans if span.caller == "router" and span.start_s > 3]
    assert max(span.attempt for span in calls) == 3
    assert len({span.callee for span in calls if span.attempt == 3}) > 2
    assert len(down(kept)) == TENANTS - 1


def test_a_spare_worker_serves_moved_tenants_alone() -> None:
    """The poisonous one kills that one, and nobody else's."""
    recording = ran(division="cells", spare="worker-8", moved=POISON)
    calls = [span for span in recording.spans if span.caller == "router"]
    others = {one.number for one in recording.requests if not one.path.endswith(f"={POISON}")}
    asked = {span.callee for span in calls if number_of(span.trace) in others}
    assert asked == set(WORKERS[:-1])
    assert down(recording) == set()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"moved": "7"}, "moved is '7', and spare names no worker for it"),
        ({"spare": "worker-9"}, "spare names 'worker-9', which is not one of worker-1, "),
        ({"spill": -1}, "spill"),
    ],
)
def test_what_a_router_cannot_do_is_refused(settings: dict[str, Any], said: str) -> None:
    """In one line."""
    with pytest.raises(LabError, match=said):
        ran(**settings)


def test_hands_overlap_as_the_closed_form_says() -> None:
    """Of eight workers, two hands of two are the same one time in 28."""
    hands = [frozenset(cells.hand(str(tenant), WORKERS, 2)) for tenant in range(300)]
    pairs = list(combinations(hands, 2))
    for shared in (0, 1, 2):
        found = sum(len(one & other) == shared for one, other in pairs) / len(pairs)
        expected = shuffle_overlap_probability(workers=8, shard_workers=2, shared=shared)
        assert found == pytest.approx(expected, abs=0.02)


@FEW
@given(tenant=st.text(max_size=5), gone=st.sampled_from(WORKERS), size=st.integers(1, 5))
def test_a_hand_changes_by_one_when_a_worker_goes(tenant: str, gone: str, size: int) -> None:
    """And not at all when it was not in it."""
    before = cells.hand(tenant, WORKERS, size)
    after = cells.hand(tenant, [one for one in WORKERS if one != gone], size)
    assert set(before) - set(after) == ({gone} if gone in before else set())
    assert len(after) == size


def test_a_pool_is_everybody_s() -> None:
    """Whoever asks, and whatever size a cell would have."""
    assert cells.Division.POOL.of("a", WORKERS, 2) == WORKERS


def test_cells_are_disjoint() -> None:
    """Each worker is in one cell, and each cell is somebody's."""
    found = {tuple(cells.cell(str(tenant), WORKERS, 3)) for tenant in range(100)}
    assert found == {tuple(cells.cell(str(tenant), WORKERS[::-1], 3)) for tenant in range(100)}
    assert sorted(worker for one in found for worker in one) == sorted(WORKERS)


def test_a_router_without_workers_is_refused() -> None:
    """In one line."""
    value = lab(Service("router", app="services.cells"), load=Paced(to="router", rate_rps=1))
    with pytest.raises(LabError, match="there are no workers; name them in calls="):
        run(value)


def test_a_tenant_s_hand_is_the_same_in_every_process_and_release() -> None:
    """Its data lies there: another hash would move everybody."""
    assert cells.hand("a", WORKERS, 3) == ["worker-5", "worker-2", "worker-8"]
