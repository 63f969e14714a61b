"""Key-value store: quorums that meet, copies that come late, and which of two writes stands."""

import math

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from harness.conductor import conductor
from harness.measures import success_ratio
from harness.measures.series import increase
from harness.measures.staleness import stale_ratio, staleness_ms
from harness.model import ClockSkew, Kill, Paced, Partition, Send, Service, Together, during
from harness.model.fault import Timed
from harness.recording import Recording, Request
from harness.theory.replication import quorum_miss_probability
from services.server import SettingError, load, settings_of
from tests.support import At, lab, run

NODES = ("node-1", "node-2", "node-3")
CUT = Partition(("node-1",), ("node-2", "node-3"))
SABOTAGE = {
    "acknowledges before it is written": (
        "return node, await ask(node)",
        "asyncio.ensure_future(ask(node)); return node, ()",
        "test_quorums_that_meet_miss_nothing_whatever_the_delay",
    ),
    "counts one node too few": (
        "if len(found) < quorum:",
        "if len(found) < quorum - 1:",
        "test_a_side_without_a_quorum_refuses_and_one_copy_goes_on",
    ),
    "sends no copies": (
        "if node not in done:",
        "if False:",
        "test_copies_arrive_after_the_cut_and_nothing_stays_stale",
    ),
    "never sends a copy again": (
        "if not self.ctx.settings.resend_ms:",
        "if True:",
        "test_copies_arrive_after_the_cut_and_nothing_stays_stale",
    ),
    "repairs nothing": (
        "if writes != standing",
        "if False",
        "test_read_repair_brings_what_was_never_sent_again",
    ),
    "copies at once": (
        "self._owe(node, key, (write,), self._delay_s())",
        "self._owe(node, key, (write,), 0)",
        "test_below_they_miss_as_often_as_random_sets_do",
    ),
    "forgets its disk": (
        "kept = self._ctx.volume.read(_file(key))",
        "kept = None",
        "test_what_is_acknowledged_outlives_all_processes",
    ),
    "siblings do not see each other": (
        "seen_of(await self.read(key)) if siblings else {}",
        "{}",
        "test_siblings_keep_both_sides_and_a_later_write_replaces_them",
    ),
    "stamps by no clock": (
        "time_us = round(self.ctx.wall() * 1_000_000)",
        "time_us = 0",
        "test_a_clock_ahead_beats_later_writes_of_others",
    ),
}


def stored(
    *faults: Timed,
    keys: int = 1,
    reads: int = 1,
    rate_rps: float = 40,
    **values: str | float | bool,
) -> Recording:
    """Write to every node and read from it; no time limit of a client is reached."""
    writes = tuple(Send(to=node, method="PUT", path="/keys/{key}/{number}") for node in NODES)
    asks = tuple(Send(to=node, path="/keys/{key}", share=reads) for node in NODES)
    load = Paced(
        to="node-1", rate_rps=rate_rps, timeout_ms=3000, keep_answers=True, mix=(*writes, *asks),
        keys=keys,
    )  # fmt: skip
    settings = {"timeout_ms": 200, "resend_ms": 200, **values}
    nodes = Service("node", app="services.kv", replicas=3, calls=NODES, settings=settings)
    value = lab(nodes, load=load, faults=faults, duration_s=8)
    return run(value, conductor(faults, value.duration_s))


@given(quorums=st.sampled_from([(1, 3), (2, 2), (3, 1)]), copy_ms=st.sampled_from([0, 500]))
@settings(max_examples=4, deadline=None, phases=(Phase.generate,))
def check_quorums(quorums: tuple[int, int], copy_ms: float) -> None:
    write, read = quorums
    recording = stored(write_quorum=write, read_quorum=read, copy_ms=copy_ms)
    assert stale_ratio("/keys", 0.5, 7.5).of(recording) == 0
    assert success_ratio(0, 8).of(recording) == 1


def test_quorums_that_meet_miss_nothing_whatever_the_delay() -> None:
    """Read + write quorum above the number of copies: each read meets the last write."""
    check_quorums()


def test_below_they_miss_as_often_as_random_sets_do() -> None:
    """One and one of three, copies that never come in time: 2 of 3 reads miss the last write."""
    never = stored(write_quorum=1, read_quorum=1, copy_ms=1e9, keys=10, rate_rps=80, reads=10)
    expected = quorum_miss_probability(members=3, write_quorum=1, read_quorum=1)
    # Of some 400 reads, each of a node of its own.
    chance = math.sqrt(expected * (1 - expected) / 400)
    assert stale_ratio("/keys", 3, 8).of(never) == pytest.approx(expected, abs=4 * chance)


def test_copies_that_take_their_time_make_reads_old_by_about_that() -> None:
    """The longer the copies take, the older the reads; none are later than the slowest copies."""
    slow, slower = (
        stored(write_quorum=1, read_quorum=1, copy_ms=copy_ms, keys=10) for copy_ms in (100, 400)
    )
    assert stale_ratio("/keys", 1, 8).of(slow) < stale_ratio("/keys", 1, 8).of(slower)
    assert 0 < staleness_ms("/keys", 0.99, 1, 8).of(slow) < 1000


def test_a_side_without_a_quorum_refuses_and_one_copy_goes_on() -> None:
    """Cut off, node-1 answers nothing with two of three, and everything with one."""
    strict = stored(during(2, 5, CUT))
    alone = [one for one in strict.between(2.3, 4.5) if one.to == "node-1"]
    assert {one.status for one in alone} == {"503"}
    others = [one for one in strict.between(2.3, 4.5) if one.to != "node-1"]
    assert {one.status for one in others} == {"200"}
    loose = stored(during(2, 5, CUT), write_quorum=1, read_quorum=1)
    assert success_ratio(2.3, 4.5).of(loose) == 1


def test_copies_arrive_after_the_cut_and_nothing_stays_stale() -> None:
    """They are sent again; when all have come, one node's answer is as good as all."""
    recording = stored(
        during(1, 3, CUT), write_quorum=1, read_quorum=1, keys=60, reads=8, copy_ms=0
    )
    assert stale_ratio("/keys", 1.5, 3).of(recording) > 0
    assert stale_ratio("/keys", 4.5, 8).of(recording) < 0.02


def test_read_repair_brings_what_was_never_sent_again() -> None:
    """Without sending again, only reads of a key that find it old make it new."""
    never = {"resend_ms": 0, "write_quorum": 1, "read_quorum": 2, "keys": 30, "reads": 8}
    left, repaired = (stored(during(1, 3, CUT), repair=repair, **never) for repair in (False, True))
    assert increase("read_repairs_total", 3, 8).of(left) == 0
    assert increase("read_repairs_total", 3, 8).of(repaired) > 0
    assert stale_ratio("/keys", 6, 8).of(repaired) < stale_ratio("/keys", 6, 8).of(left)


def test_what_is_acknowledged_outlives_all_processes() -> None:
    """It is on the disks of a quorum: all nodes crash, and no read misses a write from before."""
    crashes = tuple(during(3, 4, Kill(node)) for node in NODES)
    recording = stored(*crashes, keys=40, reads=8)
    assert stale_ratio("/keys", 5, 8).of(recording) == 0


def test_a_clock_ahead_beats_later_writes_of_others() -> None:
    """The last writer wins by its stamp: what others write is gone, though it was acknowledged."""
    skewed = stored(during(1, 7, ClockSkew("node-1", skew_s=5)))
    assert stale_ratio("/keys", 2, 7).of(skewed) > 0.3
    assert stale_ratio("/keys", 2, 7).of(stored()) == 0


def in_turn(conflict: str) -> list[Request]:
    """Write on both sides of a cut, read after it on both, write once more, and read that."""
    asks = (
        (2.5, "node-1", "PUT", "/keys/0/one"), (2.8, "node-2", "PUT", "/keys/0/other"),
        (5, "node-1", "GET", "/keys/0"), (5.1, "node-3", "GET", "/keys/0"),
        (6, "node-1", "PUT", "/keys/0/merged"), (7, "node-2", "GET", "/keys/0"),
    )  # fmt: skip
    flows = tuple(
        At(to=to, times_s=(at_s,), timeout_ms=3000, keep_answers=True,
           mix=(Send(method=method, path=path),))
        for at_s, to, method, path in asks
    )  # fmt: skip
    quorums = {"write_quorum": 1, "read_quorum": 1}
    settings: dict[str, str | float] = {"timeout_ms": 200, "conflict": conflict, **quorums}
    nodes = Service("node", app="services.kv", replicas=3, calls=NODES, settings=settings)
    faults = (during(2, 4, CUT),)
    value = lab(nodes, load=Together(of=flows), faults=faults, duration_s=8)
    return list(run(value, conductor(faults, value.duration_s)).requests)


def test_siblings_keep_both_sides_and_a_later_write_replaces_them() -> None:
    """After a cut both sides' writes stand together, until a writer has seen them."""
    *_, one, other, _, merged = in_turn("siblings")
    assert one.answer == other.answer == "one other\n"
    assert merged.answer == "merged\n"


def test_where_the_last_writer_wins_one_side_is_lost() -> None:
    """Without a word: its write was acknowledged."""
    first, _, one, other, _, merged = in_turn("last-wins")
    assert first.status == "200"
    assert one.answer == other.answer == "other\n"
    assert merged.answer == "merged\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"write_quorum": 4}, "write_quorum is 4; it may be 1 to copies, which is 3"),
        ({"read_quorum": 0}, "read_quorum is 0; it may be 1 to copies"),
        ({"conflict": "first"}, "conflict is 'first'; it may be last-wins, siblings"),
        ({"copies": 0}, "copies is 0; it must be at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    """In one line."""
    with pytest.raises(SettingError, match=said):
        settings_of(load("services.kv"), given)
