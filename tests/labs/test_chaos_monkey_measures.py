"""What is answered while so many are dead, and what a kill costs, from a log made by hand."""

import math

from harness.recording import FaultRecord
from labs.resilience.chaos_monkey.measures import failures_per_kill, good_while_dead
from tests.support import recording, request


def killed(target: str, start_s: float, end_s: float) -> FaultRecord:
    """Make the record of a kill."""
    return FaultRecord(name=f"kill {target}", target=target, start_s=start_s, end_s=end_s)


FAILED = {2, 3, 7, 8}
MADE = recording(
    [
        request(second, second)._replace(status="502" if second in FAILED else "200")
        for second in range(10)
    ]
)
MADE.faults = [killed("a", 1, 4), killed("a", 6, 9), killed("b", 6, 9)]


def test_only_what_is_due_while_so_many_are_dead_counts() -> None:
    """Of all blows of that size, from so long after their start on, to their end."""
    assert good_while_dead(1, 0).of(MADE) == 1 / 3
    assert good_while_dead(2, 0).of(MADE) == 1 / 3
    assert good_while_dead(2, 1).of(MADE) == 0
    again = recording(list(MADE.requests))
    again.faults = [*MADE.faults, killed("c", 4, 6)]
    assert good_while_dead(1, 0).of(again) == 3 / 5


def test_without_such_a_blow_there_is_nothing_to_measure() -> None:
    """Also where it is over before the time that is left out."""
    for measure in (good_while_dead(3, 0), good_while_dead(1, 3)):
        found = measure.read(MADE)
        assert math.isnan(found.value)
        assert found.missing.startswith("no request was due while")


def test_failures_are_shared_by_the_kills_of_the_window() -> None:
    """Whatever was killed at one moment."""
    assert failures_per_kill(0, 5).of(MADE) == 2
    assert failures_per_kill(0, 10).of(MADE) == 4 / 3
    assert failures_per_kill(6, 10).of(MADE) == 1
    assert failures_per_kill(2, 6).read(MADE).missing == "nobody was killed in 2-6 s"
