"""Hybrid clock: its stamps grow, follow cause and effect, and stay near the wall clock."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.patterns.hybrid_clock import HybridClock, Stamp

SKEW_S = 0.05
"""theory:vector-clock-hlc: skews up to 50 ms, so that two clocks are at most 100 ms apart."""
HOSTS = 5
STEPS = st.lists(
    st.tuples(st.integers(0, HOSTS - 1), st.integers(0, HOSTS - 1), st.floats(0, 0.02)),
    max_size=200,
)


@dataclass
class Wall:
    now_s: float = 1.0

    def __call__(self) -> float:
        return self.now_s


def test_without_messages_it_is_the_wall_clock() -> None:
    """In whole microseconds."""
    wall = Wall(2.5)
    clock = HybridClock("a", wall)
    assert clock.issue() == Stamp(2_500_000, 0, "a")
    wall.now_s = 3.0
    assert clock.issue() == Stamp(3_000_000, 0, "a")


def test_within_an_instant_and_while_the_clock_goes_back_it_counts() -> None:
    """A clock that jumps back stands still for the stamps."""
    wall = Wall(2.0)
    clock = HybridClock("a", wall)
    first = clock.issue()
    wall.now_s = 1.0
    assert clock.issue() == first._replace(counter=1)
    assert clock.issue() == first._replace(counter=2)


def test_after_hearing_of_a_later_stamp_it_issues_later_ones() -> None:
    """However far behind its own clock is; an older stamp changes nothing."""
    clock = HybridClock("b", Wall(1.0))
    ahead = Stamp(9_000_000, 3, "a")
    clock.hear(ahead)
    assert clock.issue() == Stamp(9_000_000, 4, "b")
    clock.hear(Stamp(5, 0, "a"))
    assert clock.issue() > ahead


@given(STEPS, st.lists(st.floats(-SKEW_S, SKEW_S), min_size=HOSTS, max_size=HOSTS))
def test_stamps_never_contradict_cause_and_effect(
    steps: list[tuple[int, int, float]], skews_s: list[float]
) -> None:
    """Over random messages between skewed hosts; nor do they drift beyond the largest skew."""
    walls = [Wall(1.0 + skew_s) for skew_s in skews_s]
    clocks = [HybridClock(str(host), wall) for host, wall in enumerate(walls)]
    last: list[Stamp | None] = [None] * HOSTS
    for sender, receiver, gap_s in steps:
        for wall in walls:
            wall.now_s += gap_s
        sent = clocks[sender].issue()
        assert last[sender] is None or sent > last[sender]  # type: ignore[operator]
        clocks[receiver].hear(sent)
        received = clocks[receiver].issue()
        assert received > sent
        last[sender] = sent if sender != receiver else received
        last[receiver] = received
        ahead_s = received.time_us / 1_000_000 - walls[receiver].now_s
        assert ahead_s <= max(skews_s) - min(skews_s) + 1e-6


def test_a_stamp_is_in_whole_microseconds() -> None:
    """Rounded down, so that it is never ahead of its own clock."""
    stamp = HybridClock("a", Wall(2.5000009)).issue()
    assert stamp == Stamp(2_500_000, 0, "a")
    assert isinstance(stamp.time_us, int)
