"""The harness' clock against the load's: what is certain, what is refused, and in which words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.compose.clocks import LIMIT_S, Clocks, check_jump
from harness.engines.compose.machine import boot_id
from harness.errors import EnvironmentNotReadyError


def heard(*answers: tuple[float, float], ahead_s: float, boot: str = "") -> Clocks:
    """Ask a load whose clock is ahead; each answer takes some time to it and some time back."""
    clocks, now_s = Clocks(), 1e9
    for there_s, back_s in answers:
        told_s = now_s + there_s + ahead_s
        heard_s = now_s + there_s + back_s
        clocks.hear(asked_s=now_s, told_s=told_s, heard_s=heard_s, boot=boot)
    return clocks


@pytest.mark.parametrize("ahead_s", [-0.02, 0, 0.02])
def test_clocks_that_agree_are_taken(ahead_s: float) -> None:
    """A difference below the limit is known at once from a fast answer."""
    clocks = heard((0.01, 0.01), ahead_s=ahead_s)
    assert clocks.known
    clocks.check()


@pytest.mark.parametrize(("ahead_s", "words"), [(3, "2.99 s ahead of"), (-3, "2.99 s behind")])
def test_clocks_that_differ_are_refused_with_a_sentence_that_says_so(
    ahead_s: float, words: str
) -> None:
    """By how much, which way, and what to do."""
    clocks = heard((0.01, 0.01), ahead_s=ahead_s)
    assert clocks.known
    with pytest.raises(EnvironmentNotReadyError, match=f"the clock of .* is {words} .* NTP"):
        clocks.check()


def test_a_slow_engine_is_asked_again() -> None:
    """One answer that took long proves nothing; the fastest of several does."""
    assert not heard((0.3, 0.3), ahead_s=0).known
    assert heard((0.3, 0.3), (0.01, 0.02), ahead_s=0).known
    assert heard((0.3, 0.01), (0.01, 0.3), ahead_s=0).known


def test_what_stays_unknown_is_taken_on_one_kernel_and_refused_on_two() -> None:
    """Containers read the clock of their own kernel, so on this machine they cannot differ."""
    heard((0.3, 0.3), ahead_s=0, boot=boot_id()).check()
    with pytest.raises(EnvironmentNotReadyError, match="cannot be compared to 50 ms"):
        heard((0.3, 0.3), ahead_s=0, boot="another").check()


@given(
    ahead_s=st.floats(-1, 1),
    answers=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=10),
)
def test_what_counts_as_known_is_true(ahead_s: float, answers: list[tuple[float, float]]) -> None:
    """Whatever the delays: agreement to the limit is never claimed of clocks that are apart."""
    clocks = heard(*answers, ahead_s=ahead_s)
    slack_s = 1e-6  # of a float near 1e9
    assert clocks.least_s - slack_s <= ahead_s <= clocks.most_s + slack_s
    if clocks.known and abs(clocks.ahead_s) <= LIMIT_S:
        assert abs(ahead_s) <= LIMIT_S + slack_s
    elif clocks.known:
        assert abs(ahead_s) > LIMIT_S - slack_s


def test_a_time_of_the_loads_is_given_on_the_clock_that_nobody_sets() -> None:
    """Both clocks at the same moment, the load's a hundredth ahead."""
    clocks = heard((0.0, 0.0), ahead_s=0.01)
    there_s, here_s = time.time() + 0.01, time.monotonic()
    assert clocks.here_s(there_s) == pytest.approx(here_s, abs=1)


def test_a_clock_that_is_set_during_a_run_is_refused() -> None:
    """Its services have timed their calls by it."""
    check_jump(0.01)
    for jumped_s in (5, -5):
        with pytest.raises(EnvironmentNotReadyError, match=rf"jumped by [+-]{abs(jumped_s)}\.00 s"):
            check_jump(jumped_s)
