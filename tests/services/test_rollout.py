"""Rollout: who gets a new value, when it has proven itself, and what becomes of a bad one."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.rollout import Rollout

HOSTS = ("a", "b", "c", "d", "e")
VALUES = ("old", "new", "newer")
STAGE_S = 10.0


@dataclass
class Rig:
    """A rollout of `old` under a clock of the test's own, and the hosts that ask it."""

    hosts: tuple[str, ...] = HOSTS
    stage_s: float = STAGE_S
    now_s: float = 100.0
    rollout: Rollout = field(init=False)

    def __post_init__(self) -> None:
        self.rollout = Rollout("old", stage_s=self.stage_s, now=lambda: self.now_s)

    def values(self) -> list[str]:
        """Give what each host is given now; they are told in an order that is not theirs."""
        return [self.rollout.value_for(host, self.hosts[::-1]) for host in self.hosts]

    def reached(self, value: str) -> int:
        return self.values().count(value)


def test_without_stages_all_get_a_new_value_at_once() -> None:
    """A stage of 0 s is none."""
    rig = Rig(stage_s=0)
    rig.rollout.offer("new")
    assert rig.values() == ["new"] * 5


@pytest.mark.parametrize(("after_s", "share"), [
    (0, 1), (9.9, 1), (10, 2), (19.9, 2), (20, 4), (29.9, 4), (30, 5), (1e9, 5),
])  # fmt: skip
def test_each_stage_doubles_the_hosts_that_have_it(after_s: float, share: int) -> None:
    """One, two, four, all; always the first ones by name, so that nobody loses it again."""
    rig = Rig()
    rig.rollout.offer("new")
    rig.now_s += after_s
    assert rig.values() == ["new"] * share + ["old"] * (5 - share)


def test_a_value_offered_again_and_again_goes_on_with_its_stages() -> None:
    """Each host that asks makes the offer again; it must not begin anew."""
    rig = Rig()
    for _ in range(4):
        rig.rollout.offer("new")
        rig.now_s += STAGE_S / 2
    assert rig.reached("new") == 4


def test_another_value_begins_with_one_host_again() -> None:
    """In the middle of a rollout: those who had the first one go back to the proven one."""
    rig = Rig()
    rig.rollout.offer("new")
    rig.now_s += 2 * STAGE_S
    rig.rollout.offer("newer")
    assert rig.values() == ["newer", "old", "old", "old", "old"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_value_has_proven_itself_when_all_have_had_it_for_a_stage(count: int) -> None:
    """From then on it is what hosts fall back to, and no report takes it away."""
    rig = Rig(hosts=HOSTS[:count])
    rig.rollout.offer("new")
    while rig.reached("new") < count:
        rig.now_s += STAGE_S
    rig.now_s += STAGE_S - 0.1
    rig.values()
    rig.now_s += 0.1
    rig.values()
    assert not rig.rollout.reject("new")
    assert rig.values() == ["new"] * count


def test_a_value_can_be_rejected_until_its_last_stage_is_over() -> None:
    """All have it, and all give it back."""
    rig = Rig()
    rig.rollout.offer("new")
    rig.now_s += 4 * STAGE_S - 0.1
    assert rig.values() == ["new"] * 5
    assert rig.rollout.reject("new")
    assert rig.values() == ["old"] * 5


def test_a_rejection_counts_once() -> None:
    """The second host that fails on a value tells nothing new; nor is the proven one to blame."""
    rig = Rig()
    rig.rollout.offer("new")
    assert rig.rollout.reject("new")
    assert not rig.rollout.reject("new")
    assert not rig.rollout.reject("old")
    assert not rig.rollout.reject("unheard of")
    assert rig.values() == ["old"] * 5


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.sampled_from(VALUES)),
        st.tuples(st.just("reject"), st.sampled_from(VALUES)),
        st.tuples(st.just("pass"), st.floats(0, 3 * STAGE_S)),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 5), st.sampled_from([0.0, STAGE_S]))
def test_a_rejected_value_is_never_handed_out_again(
    steps: list[tuple[str, str | float]], count: int, stage_s: float
) -> None:
    """However often it is offered; nor do hosts ever have more than two values at a time."""
    rig = Rig(hosts=HOSTS[:count], stage_s=stage_s)
    rejected: set[str] = set()
    for what, detail in steps:
        match what, detail:
            case "offer", str(value):
                rig.rollout.offer(value)
            case "reject", str(value):
                if rig.rollout.reject(value):
                    rejected.add(value)
            case _, float(pause_s):
                rig.now_s += pause_s
        given_out = set(rig.values())
        assert not given_out & rejected
        assert 1 <= len(given_out) <= 2


@given(st.lists(st.floats(0, STAGE_S), max_size=20), st.integers(1, 40))
def test_a_value_spreads_to_at_most_twice_as_many_hosts_in_a_stage(
    pauses_s: list[float], count: int
) -> None:
    """Whenever hosts ask, and however many they are; no host loses it, and all have it at last."""
    rig = Rig(hosts=tuple(f"{number:02}" for number in range(count)))
    rig.rollout.offer("new")
    before = rig.reached("new")
    assert before == 1
    for pause_s in [*pauses_s, *[STAGE_S] * (count.bit_length() + 1)]:
        rig.now_s += pause_s
        reached = rig.reached("new")
        assert before <= reached <= 2 * before
        before = reached
    assert before == count
    assert not rig.rollout.reject("new")


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.booleans()), min_size=1, max_size=30))
def test_the_proven_value_stays_whatever_is_reported(steps: list[tuple[str, bool]]) -> None:
    """Hosts beyond the first keep it while others come and fail within their first stage."""
    rig = Rig()
    for value, fails in steps:
        rig.rollout.offer(value)
        if fails:
            rig.rollout.reject(value)
        assert rig.values()[1:] == ["old"] * 4
