"""Shrinking by a judge that is told what a bug needs: what is left is that, and no more."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.model import Kill, Latency, Partition, Service, during
from harness.swarm import as_test
from harness.swarm.draw import drawn
from harness.swarm.explain import event_in_words
from harness.swarm.scenario import Ask, Order, Scenario, lab_of
from harness.swarm.shrink import Shrinker, fewest
from harness.swarm.storms import STEP_S
from harness.swarm.trial import Failure, Kind

SEEN = Failure(kind=Kind.WRONG, text="1.5 s a-1: frame 3 is another")


@pytest.mark.parametrize("needed", [(), (0,), (7,), (3, 11), (0, 1, 15)])
def test_a_list_is_cut_down_to_what_is_needed(needed: tuple[int, ...]) -> None:
    """Wherever that stands, in its order."""
    assert fewest(range(16), lambda kept: set(needed) <= set(kept)) == list(needed)


def test_of_what_is_left_nothing_can_be_left_out_alone() -> None:
    """Though another list might be shorter."""

    def fails(kept: Sequence[int]) -> bool:
        return len(kept) >= 3 and len(kept) % 2 == 1

    kept = fewest(range(9), fails)
    assert fails(kept)
    assert not any(fails(kept[:place] + kept[place + 1 :]) for place in range(len(kept)))


def system() -> Scenario:
    """Give five hosts, of which two are replicas, and a storm."""
    services = (
        Service("a", app="harness.swarm.member", calls=("b", "c"), replicas=2),
        Service("b", app="harness.swarm.member", calls=("c",), settings={"work_ms": 10.0}),
        Service("c", app="harness.swarm.member"),
        Service("d", app="harness.swarm.member", calls=("a",), restart_after_s=0.5),
    )
    asks = tuple(
        Ask(at_s=0.5 * number, to="abcd"[number % 4], path="/probe") for number in range(9)
    )
    faults = (
        during(1, 2, Kill("a-1")),
        during(1, 3, Latency("a-1->b", latency_ms=100, toxicity=0.5)),
        during(2, 3, Partition(("a-1", "a-2"), ("b", "d"))),
        during(2.5, 3, Kill("d")),
    )
    lab = lab_of(services, (), asks, faults, 9.0)
    return Scenario(seed=3, lab=lab, order=Order(seed=1, only=tuple(range(1, 9))))


def has(scenario: Scenario, kind: type) -> bool:
    return any(isinstance(one.fault, kind) for one in scenario.lab.faults)


def judged(scenario: Scenario, *, like: Failure | None = None) -> Failure | None:
    """Fail where a latency acts, `b` is asked, and the fifth instant has another order."""
    assert like
    asked = any(ask.to == "b" for ask in scenario.asks)
    order = scenario.order
    reordered = order is not None and order.only is not None and 5 in order.only
    said = f"{len(scenario.asks)} s b: frame {len(scenario.lab.faults)} is another"
    fails = asked and reordered and has(scenario, Latency)
    return Failure(kind=Kind.WRONG, text=said) if fails else None


def test_a_scenario_is_cut_down_to_what_its_bug_needs() -> None:
    """Hosts, faults, requests, instants and seconds; its replicas become one host."""
    shrinker = Shrinker(system(), SEEN, judged)
    small = shrinker.shrink()
    assert judged(small, like=SEEN)
    (fault,) = small.lab.faults
    assert isinstance(fault.fault, Latency)
    assert fault.end_s - fault.start_s == 0.25
    assert fault.fault.toxicity == 1
    (ask,) = small.asks
    assert ask.to == "b"
    assert small.order == Order(seed=1, only=(5,))
    assert set(small.lab.hosts()) == {"a", "b"}
    assert fault.fault.target == "a->b"
    first_s, last_s = min(ask.at_s, fault.start_s), max(ask.at_s, fault.end_s)
    assert first_s < 2 * STEP_S
    assert small.lab.duration_s == last_s + STEP_S
    assert all(not service.settings for service in small.lab.services)
    assert 0 < shrinker.tried < 200


def test_another_failure_is_not_followed() -> None:
    """A smaller scenario that fails otherwise is no smaller form of the first."""

    def other(scenario: Scenario, *, like: Failure | None = None) -> Failure | None:
        found = judged(scenario, like=like)
        return found or Failure(kind=Kind.WRONG, text="2 s b: message 3 is another")

    assert has(Shrinker(system(), SEEN, other).shrink(), Latency)


def test_tries_are_limited() -> None:
    """What it has by then is what it gives."""
    shrinker = Shrinker(system(), SEEN, judged, tries=7)
    assert judged(shrinker.shrink(), like=SEEN)
    assert shrinker.tried == 7


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.5 s a-1: frame 3 is another", "0.25 s b: frame 12 is another", True),
        ("1.5 s a-1: frame 3 is another", "1.5 s a-1: message 3 is another", False),
        ("a->b, upstream: of 12 bytes", "redis->b-1, upstream: of 7 bytes", True),
        ("0.252 s d-1#0: it fell", "7.1 s b#3: it fell (2 times, last at 9 s)", True),
    ],
)
def test_the_same_bug_is_known_by_its_words(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """Neither hosts nor numbers belong to it; an error is known by where it was raised."""
    signs = [Failure(kind=Kind.NOTED, text=text).sign for text in (one, other)]
    assert (signs[0] == signs[1]) is same
    told = [Failure(kind=Kind.ENDED, text=text, where="E in f").sign for text in (one, other)]
    assert told[0] == told[1]


def test_every_scenario_can_be_written_and_read() -> None:
    """As Python that makes an equal value, in lines of at most 100 characters."""
    for seed in range(30):
        scenario = drawn(seed)
        scenario = replace(scenario, order=Order(seed=1, only=(2, 3)))
        source = as_test.text(scenario, SEEN)
        space: dict[str, object] = {}
        exec(source, space)  # noqa: S102 - our own
        assert space["SCENARIO"] == scenario
        assert max(map(len, source.splitlines())) <= 100
        assert f"test_the_scenario_of_seed_{seed}_holds" in space


def test_an_event_is_told_in_words() -> None:
    """With its link and connection, or its host and what is done to it."""
    data = {"at_s": 1.5, "event": "data", "link": "a->b", "connection": 3, "way": "upstream"}
    told = event_in_words({**data, "bytes": 7, "arrives_s": 1.6})
    assert told == "1.500000 s a->b: data on connection 3 upstream, 7 bytes"
    told = event_in_words({"at_s": 2, "event": "cpu", "host": "a", "factor": 4.0})
    assert told == "2.000000 s a: cpu {'factor': 4.0}"


def test_a_window_is_shortened_to_a_quarter_of_a_second() -> None:
    """And begins no earlier."""
    scenario = replace(system(), order=None)
    timed = scenario.lab.faults[1]

    def judge(one: Scenario, *, like: Failure | None = None) -> Failure | None:
        del like
        return SEEN if any(isinstance(each.fault, Latency) for each in one.lab.faults) else None

    (short,) = Shrinker(scenario, SEEN, judge).shrink().lab.faults
    assert short.end_s - short.start_s == 0.25
    assert short.start_s <= timed.start_s
