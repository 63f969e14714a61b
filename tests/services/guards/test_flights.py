"""Single flight as a guard: how many calls are made for how many requests."""

from hypothesis import given
from hypothesis import strategies as st

from services.patterns.guards import Asked
from services.patterns.single_flight import OneFlight, Settings
from tests.guarded import FEW, Callee, sent, standing
from tests.support import virtually


@FEW
@given(times_s=st.lists(st.floats(0, 10), min_size=1, max_size=40).map(sorted))
def test_one_call_is_under_way_at_a_time(times_s: list[float]) -> None:
    """A request begins one exactly if none is; all get the answer of the one they met."""
    callee = Callee(takes_s=lambda _: 1)
    outcomes = virtually(sent(standing(OneFlight, Settings()), callee, times_s))
    assert all(one.good for one in outcomes)
    assert callee.most_under_way == 1
    flights, free_s = 0, -1.0
    for at_s in times_s:
        if at_s > free_s:
            flights, free_s = flights + 1, at_s + 1
    assert abs(len(callee.begun) - flights) <= times_s.count(free_s)


def test_a_failure_is_shared_too_and_the_next_tries_again() -> None:
    """Nobody waits for a flight that is over."""
    callee = Callee(takes_s=lambda _: 1, fails=lambda _: len(callee.begun) == 1)
    outcomes = virtually(sent(standing(OneFlight, Settings()), callee, [0, 0.5, 2]))
    assert [one.good for one in outcomes] == [False, False, True]
    assert len(callee.begun) == 2


def test_off_each_request_is_a_call_of_its_own() -> None:
    """As it would be without the guard."""
    callee = Callee(takes_s=lambda _: 1)
    virtually(sent(standing(OneFlight, Settings(on=False)), callee, [0.0] * 3))
    assert len(callee.begun) == 3


def test_writes_and_other_resources_share_nothing() -> None:
    """Each write is its own, and so is each resource of each callee."""
    callee = Callee(takes_s=lambda _: 1)
    asked = (
        Asked(writes=True),
        Asked(writes=True),
        Asked(key="a", resource="/x"),
        Asked(key="a", resource="/y"),
        Asked(key="b", resource="/x"),
    )
    virtually(sent(standing(OneFlight, Settings()), callee, [0.0] * 5, asked))
    assert len(callee.begun) == 5
