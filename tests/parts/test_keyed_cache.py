"""Keyed cache: a key each, hits and misses, and what a write does to the answer that is kept."""

from dataclasses import replace

import pytest

from harness.conductor import conductor
from harness.measures.series import increase
from harness.measures.staleness import stale_ratio, staleness_ms
from harness.model import Kill, Paced, Redis, Send, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from tests.support import lab, run

LONG_S = 5
BEHIND = "behind"
KEPT_FIRST = """
        await self._shelf.keep(_key(path), value, 0)
        try:
            text = await self._pass_on(request.method, request.path)
"""
PART = "services.cache"
SABOTAGE = {
    "one key for all": (
        "return KEY if path == ROOT else path",
        "return KEY",
        "test_each_key_has_an_answer_of_its_own",
    ),
    "drops nothing": (
        "await self._shelf.drop(_key(path))",
        "pass",
        "test_an_answer_that_is_dropped_is_never_old",
    ),
    "keeps what is refused": (
        "        try:\n            text = await self._pass_on(request.method, request.path)\n",
        KEPT_FIRST,
        "test_what_is_refused_is_not_kept",
    ),
    "says later and forgets": (
        "self._behind.put_nowait((request.method, request.path))",
        "pass",
        "test_written_behind_it_is_there_later_unless_the_process_dies",
    ),
    "keeps nothing": (
        "await self._store.set(key, kept, px=ttl_ms)",
        "pass",
        "test_each_key_has_an_answer_of_its_own",
    ),
}  # fmt: skip


def cached(
    *faults: Timed, keys: int = 10, reads: int = 9, **settings: str | float | bool
) -> Recording:
    """Read and write by one cache in front of a store of one node."""
    own = {"store": "redis", "ttl_ms": 1000, **settings}
    kv = {"copies": 1, "write_quorum": 1, "read_quorum": 1}
    value = replace(
        lab(
            Service("cache", app="services.cache", calls=("redis", "kv"), settings=own),
            Service("kv", app="services.kv", settings=kv),
            load=Paced(
                to="cache", rate_rps=60, keys=keys, keep_answers=True, timeout_ms=1000,
                mix=(Send(method="PUT", path="/keys/{key}/{number}"),
                     Send(path="/keys/{key}", share=reads)),
            ),
            faults=faults,
            duration_s=LONG_S,
        ),
        stores=(Redis("redis"),),
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def hit_ratio(recording: Recording) -> float:
    hits, misses = (
        increase("cache_reads_total", 1, LONG_S, labels=f'"{result}"').of(recording)
        for result in ("hit", "miss")
    )
    return hits / (hits + misses)


def test_each_key_has_an_answer_of_its_own() -> None:
    """The values of a key are those written to it; few keys are hit more often than many."""
    few, many = (cached(keys=keys, writes="around") for keys in (3, 300))
    assert hit_ratio(few) > 2 * hit_ratio(many)
    written = {(one.path.split("/")[2], one.path.split("/")[3]) for one in few.requests
               if one.method == "PUT"}  # fmt: skip
    read = [one for one in few.requests if one.method == "GET" and one.answer.strip()]
    assert read
    assert all((one.path.split("/")[2], one.answer.strip()) in written for one in read)


def test_written_around_answers_are_old_for_as_long_as_they_are_kept() -> None:
    """Some are, and none by more than the time to live and a call."""
    recording = cached(writes="around")
    assert stale_ratio("/keys", 1, LONG_S).of(recording) > 0.1
    assert staleness_ms("/keys", 1, 1, LONG_S).of(recording) <= 1100


@pytest.mark.parametrize("writes", ["invalidate", "through"])
def test_what_is_written_by_the_cache_is_read_from_it(writes: str) -> None:
    """With one process and nothing at the same instant, no read is old."""
    recording = cached(writes=writes)
    assert stale_ratio("/keys", 1, LONG_S).of(recording) == 0


def test_an_answer_that_is_dropped_is_never_old() -> None:
    """And costs a miss for each write, where one that is replaced costs none."""
    dropped, replaced = (cached(writes=writes) for writes in ("invalidate", "through"))
    assert stale_ratio("/keys", 1, LONG_S).of(dropped) == 0
    assert hit_ratio(dropped) < hit_ratio(replaced)


def test_what_is_refused_is_not_kept() -> None:
    """A write that the callee does not take leaves no trace in the cache."""
    recording = cached(during(2, 3, Kill("kv")), writes="through", ttl_ms=5000)
    refused = {one.path.split("/")[3] for one in recording.requests if one.status == "502"
               and one.method == "PUT"}  # fmt: skip
    assert refused
    assert not refused & {one.answer.strip() for one in recording.requests if one.method == "GET"}


def test_written_behind_it_is_there_later_unless_the_process_dies() -> None:
    """Answered at once; what the callee has not got yet is lost with the process."""
    calm = cached(writes="behind", behind_ms=50)
    told = [one for one in calm.requests if one.method == "PUT"]
    assert {one.status for one in told} == {"202"}
    brought = [span for span in calm.spans if span.callee == "kv" and span.route == BEHIND]
    assert len(told) - len(brought) <= 2
    killed = cached(during(3, 3.2, Kill("cache")), writes="behind", behind_ms=600)
    told = [one for one in killed.requests if one.status == "202" and one.answered_s < 3]
    brought = [
        span
        for span in killed.spans
        if span.callee == "kv" and span.route == BEHIND and span.start_s < 3
    ]
    assert len(told) - len(brought) > 5
