"""Replica: who leads, who may acknowledge, and what outlives partitions and crashes."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.conductor import conductor
from harness.model import Kill, Lab, Paced, Partition, Pause, Send, Service, during
from harness.model.fault import Fault, Timed
from harness.recording import Recording
from labs.consensus.split_brain.measures import (
    acknowledged,
    last_list,
    lost,
    lost_writes,
    rival_seconds,
)
from services.server import SettingError, load, settings_of
from tests.support import lab, run

NODES = ("node-1", "node-2", "node-3")
CUT = Partition(("node-1",), ("node-2", "node-3"))
SAFE = {"failover": "majority", "acknowledge": "majority"}
QUICK = {"copy_ms": 50, "patience_ms": 300, "grace_ms": 0, "timeout_ms": 100}


def three(*faults: Timed, **values: str | float) -> Lab:
    """Make a lab whose clients write to every node, and read now and then."""
    writes = tuple(Send(to=node, method="PUT", path="/log/{number}", share=8) for node in NODES)
    reads = tuple(Send(to=node, path="/log") for node in NODES)
    load = Paced(
        to="node-1", rate_rps=30, timeout_ms=1000, keep_answers=True, mix=(*writes, *reads)
    )
    settings = {**QUICK, **SAFE, **values}
    nodes = Service("node", app="services.replica", replicas=3, calls=NODES, settings=settings)
    return lab(nodes, load=load, faults=faults)


def history(*faults: Timed, seed: int = 0, **values: str | float) -> Recording:
    """Run it under faults."""
    value = three(*faults, **values)
    return run(value, conductor(value.faults, value.duration_s), seed=seed)


def leaders(recording: Recording, start_s: float, end_s: float) -> set[str]:
    """Name who acknowledged writes that were due in a window."""
    return {
        write.answer.strip()
        for write in acknowledged(recording, "/log")
        if start_s <= write.intended_s < end_s
    }


def answered(recording: Recording, to: str, start_s: float, end_s: float) -> set[str]:
    """Name the statuses of what was asked of a node."""
    return {one.status for one in recording.between(start_s, end_s) if one.to == to}


@pytest.mark.parametrize("failover", ["never", "alone", "majority"])
@pytest.mark.parametrize("acknowledge", ["leader", "majority"])
def test_without_trigger_the_founder_leads_and_nothing_is_lost(
    failover: str, acknowledge: str
) -> None:
    """Whoever is asked: the others pass requests on."""
    recording = history(failover=failover, acknowledge=acknowledge)
    assert {one.status for one in recording.requests} == {"200"}
    assert leaders(recording, 0, 10) == {"node-1"}
    assert lost_writes("/log", 0, 10).of(recording) == 0
    last = last_list(recording, "/log")
    assert last is not None
    assert len(last.answer.split()) > 200


def test_alone_either_side_of_a_cut_has_a_leader() -> None:
    """Both say yes for as long as it lasts, and one's writes are lost when it is over."""
    recording = history(during(3, 7, CUT), failover="alone", acknowledge="leader")
    assert leaders(recording, 4, 7) == {"node-1", "node-2"}
    assert rival_seconds("/log", 4, 7).of(recording) == 3
    assert leaders(recording, 8, 10) == {"node-2"}
    gone = lost(recording, "/log")
    assert {write.answer.strip() for write in gone} == {"node-1"}
    assert len(gone) >= sum(write.to == "node-1" for write in acknowledged(recording, "/log")) / 3


def test_a_majority_follows_one_leader_and_the_other_side_is_refused() -> None:
    """Nothing is lost, and all are served when the cut is over."""
    recording = history(during(3, 7, CUT))
    assert leaders(recording, 4, 10) == {"node-2"}
    assert answered(recording, "node-1", 4, 6.9) == {"503"}
    assert answered(recording, "node-3", 4, 6.9) == {"200"}
    assert {one.status for one in recording.between(8, 10)} == {"200"}
    assert lost_writes("/log", 0, 10).of(recording) == 0


def test_a_majority_for_writes_alone_is_not_enough() -> None:
    """Who leads without asking a majority need not have what a majority has acknowledged."""
    away = Partition(("node-2",), ("node-1", "node-3"))
    recording = history(during(3, 7, away), failover="alone")
    assert leaders(recording, 4, 6.9) == {"node-1"}
    assert lost_writes("/log", 4, 6.9).of(recording) > 50


def test_a_leader_steps_down_before_another_takes_over() -> None:
    """Though it acknowledges by itself: what it had not copied is all that is lost."""
    recording = history(during(3, 7, CUT), acknowledge="leader")
    by_node = {node: [0.0] for node in NODES}
    for write in acknowledged(recording, "/log"):
        by_node[write.answer.strip()].append(write.answered_s)
    assert max(by_node["node-1"]) < min(by_node["node-2"][1:])
    gone = lost(recording, "/log")
    assert gone
    assert all(2.9 <= write.intended_s < 3.4 for write in gone)


def test_without_failover_the_leaders_side_alone_goes_on() -> None:
    """Nobody else ever leads."""
    recording = history(during(3, 7, CUT), failover="never", acknowledge="leader")
    assert leaders(recording, 0, 10) == {"node-1"}
    assert answered(recording, "node-2", 4, 6.8) == {"504"}
    assert lost_writes("/log", 0, 10).of(recording) == 0


def test_the_cut_off_follower_disturbs_nobody() -> None:
    """It runs in vain, and those who hear from their leader give it no vote afterwards."""
    away = Partition(("node-3",), ("node-1", "node-2"))
    recording = history(during(3, 7, away))
    assert leaders(recording, 0, 10) == {"node-1"}


@pytest.mark.parametrize("fault", [Kill("node-1"), Pause("node-1")], ids=["killed", "frozen"])
def test_a_leader_that_comes_back_is_fenced_off(fault: Kill | Pause) -> None:
    """It takes over what the new one has, from its disk or from where it stood still."""
    recording = history(during(3, 6, fault))
    assert leaders(recording, 4.5, 10) == {"node-2"}
    assert {one.status for one in recording.between(8, 10)} == {"200"}
    assert lost_writes("/log", 0, 10).of(recording) == 0


def test_all_come_back_with_what_was_acknowledged() -> None:
    """The disks have it."""
    recording = history(*(during(3, 4, Kill(node)) for node in NODES))
    assert {one.status for one in recording.between(7, 10)} == {"200"}
    assert lost_writes("/log", 0, 10).of(recording) == 0


def trouble(seed: int) -> Iterator[Timed]:
    """Draw a partition or a crash after another, with little time in between."""
    rng = random.Random(seed)
    at_s = 1.0
    while at_s < 6.5:
        node = rng.choice(NODES)
        others = tuple(other for other in NODES if other != node)
        faults: list[Fault] = [Kill(node), Pause(node), Partition((node,), others)]
        end_s = at_s + rng.uniform(0.1, 1.5)
        yield during(at_s, end_s, rng.choice(faults))
        at_s = end_s + rng.uniform(0, 0.7)


@given(st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_under_any_partitions_and_crashes_a_majority_loses_nothing(seed: int) -> None:
    """And never acknowledges a write that is not there in the end."""
    recording = history(*trouble(seed), seed=seed % 1000)
    assert len(acknowledged(recording, "/log")) > 20
    assert lost_writes("/log", 0, 10).of(recording) == 0


@pytest.mark.parametrize("name", ["copy_ms", "patience_ms", "timeout_ms"])
def test_a_time_that_is_none_is_refused(name: str) -> None:
    """Else loops would spin."""
    with pytest.raises(SettingError, match=f"{name} is 0; it must be at least 1"):
        settings_of(load("services.replica"), {name: 0})
