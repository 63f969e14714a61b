"""Circuit breaker: when it opens, what it lets through, and how it finds its way back."""

import asyncio
import math
import random
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.breaker import Breaker, OpenError, State


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Rig:
    """A breaker under a clock of the test's own."""

    window: int = 4
    threshold: float = 0.5
    open_s: float = 2.0
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.trips = 0
        self.breaker = Breaker(
            window=self.window,
            threshold=self.threshold,
            open_s=self.open_s,
            now=self.clock,
            on_trip=self._count,
        )

    @property
    def state(self) -> State:
        return self.breaker.state

    def _count(self) -> None:
        self.trips += 1

    def call(self, *, fails: bool = False) -> bool:
        """Make a call; say whether it was let through."""
        try:
            with suppress(ConnectionError), self.breaker.guard():
                if fails:
                    raise ConnectionError
        except OpenError:
            return False
        return True

    def calls(self, pattern: str) -> None:
        """Make calls: `+` ends well, `-` fails."""
        for end in pattern:
            assert self.call(fails=end == "-")


@pytest.mark.parametrize("pattern", ["-", "---", "-++-+", "+-+--", "+-" * 9])
def test_it_opens_when_a_full_window_holds_enough_failures(pattern: str) -> None:
    """Not before the window is full, and at the very call that makes the share."""
    rig = Rig(window=4, threshold=0.75)
    rig.calls(pattern)
    recent = pattern[-4:]
    expected = len(recent) == 4 and recent.count("-") >= 3
    assert (rig.state is State.OPEN) is expected


def test_open_lets_nothing_through_until_its_time_is_over() -> None:
    """Not one call in the two seconds; the first after them is the probe."""
    rig = Rig()
    rig.calls("----")
    for rig.clock.now_s in (0.0, 0.5, 1.999):
        assert not rig.call()
    rig.clock.now_s = 2.0
    assert rig.call()


def test_a_probe_that_succeeds_closes_it() -> None:
    """With an empty memory: what was before the outage counts no more."""
    rig = Rig()
    rig.calls("----")
    rig.clock.now_s = 2.0
    rig.calls("+---")
    assert rig.trips == 1
    rig.calls("-")
    assert rig.trips == 2


def test_a_probe_that_fails_opens_it_for_as_long_again() -> None:
    """Counted from the probe's end; it is no further trip."""
    rig = Rig()
    rig.calls("----")
    rig.clock.now_s = 2.5
    rig.calls("-")
    rig.clock.now_s = 4.4
    assert not rig.call()
    rig.clock.now_s = 4.5
    assert rig.call()
    assert rig.trips == 1


def test_half_open_lets_one_call_through_at_a_time() -> None:
    """The others are refused until the probe has ended."""
    rig = Rig()
    rig.calls("----")
    rig.clock.now_s = 2.0
    with rig.breaker.guard():
        assert rig.state is State.HALF_OPEN
        assert not rig.call()
    assert rig.call()


def test_a_probe_that_is_cancelled_leaves_room_for_the_next() -> None:
    """Its caller went away: nothing is known, and nobody waits for it for ever."""
    rig = Rig()
    rig.calls("----")
    rig.clock.now_s = 2.0
    with pytest.raises(asyncio.CancelledError), rig.breaker.guard():
        raise asyncio.CancelledError
    assert rig.call()
    assert rig.state is State.CLOSED


def test_calls_from_before_a_change_count_no_more() -> None:
    """A slow success of the time before the outage does not close the breaker, nor open it."""
    rig = Rig()
    with rig.breaker.guard():
        rig.calls("----")
        assert rig.state is State.OPEN
    assert rig.state is State.OPEN
    rig.clock.now_s = 2.0
    with suppress(ConnectionError), rig.breaker.guard():
        rig.clock.now_s = 3.0
        raise ConnectionError
    assert rig.state is State.OPEN
    assert not rig.call()


@given(
    st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60),
    st.integers(1, 6),
    st.floats(0.1, 1),
)
def test_it_lets_at_most_one_call_through_in_each_period_of_an_outage(
    steps: list[tuple[float, bool]], window: int, threshold: float
) -> None:
    """Whatever the calls: between two that are let through while open lies a whole `open_s`."""
    rig = Rig(window=window, threshold=threshold)
    probed_s = -math.inf
    for pause_s, fails in steps:
        rig.clock.now_s += pause_s
        was_open = rig.state is State.OPEN
        through = rig.call(fails=fails)
        if was_open and through:
            assert rig.clock.now_s - probed_s >= rig.open_s
        if was_open and through and fails:
            probed_s = rig.clock.now_s
        assert through or was_open


def test_the_end_of_an_outage_is_found_in_half_a_window_on_average() -> None:
    """theory:circuit-breaker: w / 2 for an end at a random moment, and never more than w."""
    rng = random.Random(1)
    delays = []
    for _ in range(2000):
        rig = Rig(window=1)
        end_s = rng.uniform(5, 9)
        while not (rig.call(fails=rig.clock.now_s < end_s) and rig.clock.now_s >= end_s):
            rig.clock.now_s += 0.01
        delays.append(rig.clock.now_s - end_s)
    assert max(delays) <= rig.open_s + 0.02
    # Three standard errors of a uniform delay's mean.
    slack = 3 * rig.open_s / math.sqrt(12 * len(delays))
    assert math.fsum(delays) / len(delays) == pytest.approx(rig.open_s / 2, abs=slack + 0.01)


@pytest.mark.parametrize(("window", "threshold"), [(5, 0.2), (10, 0.3), (20, 0.5)])
def test_false_trips_follow_the_binomial_law(window: int, threshold: float) -> None:
    """A callee that fails one call in ten trips a first window with P(X >= h n), X binomial."""
    rng = random.Random(2)
    ratio, runs = 0.1, 4000
    least = math.ceil(threshold * window)
    expected = math.fsum(
        math.comb(window, k) * ratio**k * (1 - ratio) ** (window - k)
        for k in range(least, window + 1)
    )
    tripped = 0
    for _ in range(runs):
        rig = Rig(window=window, threshold=threshold)
        rig.calls("".join("-" if rng.random() < ratio else "+" for _ in range(window)))
        tripped += rig.trips
    slack = 3 * math.sqrt(expected * (1 - expected) / runs)
    assert tripped / runs == pytest.approx(expected, abs=slack + 1 / runs)


def test_a_call_from_before_a_change_counts_no_more() -> None:
    """It began while the breaker was closed, and ends after that has opened and closed again."""
    rig = Rig(window=2, threshold=0.5)
    old = rig.breaker.guard()
    old.__enter__()
    rig.calls("--")
    rig.clock.now_s = 2.0
    rig.calls("+")
    assert rig.state is State.CLOSED
    assert not old.__exit__(ConnectionError, ConnectionError(), None)
    rig.calls("+-")
    assert rig.trips == 2


def test_calls_that_a_time_limit_around_them_cancels_are_failures() -> None:
    """Else a callee that hangs would never open it, for whoever puts the limit outside."""
    rig = Rig(window=4)
    for _ in range(4):
        assert rig.state is State.CLOSED
        with suppress(asyncio.CancelledError), rig.breaker.guard():
            raise asyncio.CancelledError
    assert (rig.state, rig.trips) == (State.OPEN, 1)
    assert not rig.call()


def test_a_probe_that_never_ends_is_given_up() -> None:
    """After ten times the open time, and not before; what it says later counts no more."""
    rig = Rig(open_s=2)
    rig.calls("----")
    rig.clock.now_s = 2
    probe = rig.breaker.guard()
    probe.__enter__()
    rig.clock.now_s = 21.9
    assert not rig.call()
    rig.clock.now_s = 22
    assert rig.call()
    assert rig.state is State.CLOSED
    with suppress(ConnectionError):
        probe.__exit__(ConnectionError, ConnectionError(), None)
    assert (rig.state, rig.trips) == (State.CLOSED, 1)
    rig.calls("---")
    assert rig.state is State.CLOSED


def test_a_probe_that_was_given_up_proves_nothing_when_it_is_cancelled_later() -> None:
    """Another one is under way by then, and the breaker waits for that."""
    rig = Rig()
    rig.calls("----")
    rig.clock.now_s = 10
    hung = rig.breaker.guard()
    hung.__enter__()
    rig.clock.now_s = 100
    seen = []
    with rig.breaker.guard():
        seen.append(rig.state)
        with suppress(asyncio.CancelledError):
            hung.__exit__(asyncio.CancelledError, asyncio.CancelledError(), None)
        seen.append(rig.state)
    assert [*seen, rig.state] == [State.HALF_OPEN, State.HALF_OPEN, State.CLOSED]
