"""The ring as a service: what a change of nodes costs caches, and that a move loses nothing."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.measures import success_ratio
from harness.measures.gauges import level
from harness.measures.series import increase
from harness.model import Configure, Kill, Latency, Paced, Send, Service, Together, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from tests.support import At, lab, run

SABOTAGE = {
    "moves by forgetting": (
        "if home != belongs and not self._ctx.settings.move_ms:",
        "if home != belongs:",
        "test_a_move_loses_nothing",
    ),
    "writes to the old node while it moves": (
        "await self._turn.wait_for(lambda: key not in self._moving)",
        "pass",
        "test_a_write_waits_for_the_move_of_its_key",
    ),
    "moves nothing": (
        "            self._homes[key] = new\n",
        "            pass\n",
        "test_a_move_loses_nothing",
    ),
    "keeps its first nodes": (
        "if self._ctx.settings is not self._made_of:",
        "if False:",
        "test_few_keys_move_on_a_ring_and_most_by_the_remainder",
    ),
    "waits for a node that is away": (
        "        old, new = self._homes.pop(key), self._belongs(key)\n",
        "        old, new = self._homes[key], self._belongs(key)\n",
        "test_a_node_that_is_away_holds_up_its_own_keys_alone",
    ),
}
NODES = ("node-1", "node-2", "node-3", "node-4")
KEYS = 100
WRITES = Paced(
    to="ring", rate_rps=100, mix=(Send(path="/keys/{key}/{number}", method="PUT"),), keys=KEYS,
    start_s=0, end_s=2,
)  # fmt: skip
READS = Paced(
    to="ring", rate_rps=100, mix=(Send(path="/keys/{key}"),), keys=KEYS, start_s=2, end_s=10,
    keep_answers=True,
)  # fmt: skip
ALONE: dict[str, Setting] = {"copies": 1, "write_quorum": 1, "read_quorum": 1}
THREE = "node-1, node-2, node-3"
CHANGE = during(3.05, 20, Configure("ring", nodes=THREE))


def ran(*faults: Timed, **settings: Setting) -> Recording:
    """Write to four nodes for two seconds, then read for eight."""
    nodes = (Service(name, app="services.kv", settings=ALONE) for name in NODES)
    value = lab(
        Service("ring", app="services.ring", calls=NODES, settings=settings),
        *nodes,
        load=Together(of=(WRITES, READS)),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def empty(recording: Recording, start_s: float, end_s: float) -> int:
    """Count reads of keys that were written, and are not there."""
    written = {one.path.split("/")[2] for one in recording.requests if one.method == "PUT"}
    return sum(
        one.answer.strip() == "" and one.path.split("/")[2] in written
        for one in recording.between(start_s, end_s)
        if one.method == "GET"
    )


def test_few_keys_move_on_a_ring_and_most_by_the_remainder() -> None:
    """Of four nodes to three: about a quarter, against about three quarters."""
    on_ring, by_remainder = (ran(CHANGE, scheme=scheme) for scheme in ("ring", "modulo"))
    moved = [increase("keys_moved_total", 0, 10).of(one) for one in (on_ring, by_remainder)]
    assert 10 < moved[0] < 40
    assert 60 < moved[1] < 90
    assert level("keys", 9, 10, labels='"node-4"').of(on_ring) == 0
    assert success_ratio(0, 10).of(on_ring) == 1


def test_what_moves_at_once_is_lost() -> None:
    """The new node has never heard of it, which is a miss for a cache and a loss for a store."""
    recording = ran(CHANGE)
    assert empty(recording, 2.1, 3) == 0
    assert empty(recording, 4, 10) > 50


def test_a_move_loses_nothing() -> None:
    """Every key is read at its old node until it is at the new one; it takes a turn for each."""
    recording = ran(CHANGE, move_ms=50)
    assert empty(recording, 2.1, 10) == 0
    assert success_ratio(0, 10).of(recording) == 1
    assert level("keys", 9, 10, labels='"node-4"').of(recording) == 0
    assert level("keys", 3, 5, labels='"node-4"').of(recording) > 0


def test_a_write_waits_for_the_move_of_its_key() -> None:
    """The first write ends at 1.2 s, when the move begins; the second comes while it lasts."""
    slow = (during(0, 20, Latency(f"ring->{node}", latency_ms=200)) for node in NODES[:2])
    faults = (during(1.05, 20, Configure("ring", nodes="node-2", move_ms=20)), *slow)
    writes = Send(path="/keys/{key}/{number}", method="PUT")
    load = Together(
        of=(
            At(to="ring", times_s=(1, 1.25), mix=(writes,), keys=1),
            Paced(to="ring", rate_rps=5, start_s=5, mix=(Send(path="/keys/{key}"),), keys=1,
                  keep_answers=True),
        )
    )  # fmt: skip
    value = lab(
        Service("ring", app="services.ring", calls=NODES[:2], settings={"nodes": "node-1"}),
        *(Service(name, app="services.kv", settings=ALONE) for name in NODES[:2]),
        load=load,
        faults=faults,
    )
    recording = run(value, conductor(faults, value.duration_s))
    written = [one.path.split("/")[3] for one in recording.requests if one.method == "PUT"]
    assert {one.status for one in recording.requests} == {"200"}
    read = {one.answer.strip() for one in recording.requests if one.method == "GET"}
    assert read == {written[-1]}


def test_a_node_that_is_away_holds_up_its_own_keys_alone() -> None:
    """Those of the node that has crashed wait; the others go on to where they belong."""
    both = during(3.05, 20, Configure("ring", nodes="node-1, node-2", move_ms=20))
    recording = ran(both, during(2.9, 20, Kill("node-4")))
    assert level("keys", 9, 10, labels='"node-3"').of(recording) == 0
    assert level("keys", 9, 10, labels='"node-4"').of(recording) > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nodes": "node-9"}, "nodes has 'node-9'; calls= names node-1, node-2"),
        ({"scheme": "range", "bounds": "10"}, "bounds are 1 for 4 nodes; write one fewer"),
    ],
)
def test_what_is_wrong_with_it_is_said(settings: dict[str, Setting], message: str) -> None:
    """In one line, before anything runs."""
    with pytest.raises(LabError, match=message):
        ran(**settings)
