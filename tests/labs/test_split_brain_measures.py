"""Histories made by hand: what was acknowledged, what was lost, and who said so."""

import math

import pytest

from harness.model.expect import Reads
from harness.recording import FaultRecord, Recording, Request, SeriesKey
from labs.consensus.split_brain.measures import (
    acknowledged,
    lost_writes,
    rival_seconds,
    rivals_in_office_s,
    writes_by_leader,
)
from tests.support import fault, recording

LOST = lost_writes("/log", 0, 10)


def put(number: int, at_s: float, *, by: str = "a", status: str = "200") -> Request:
    """Add a member named as its number, answered a tenth of a second later."""
    path = f"/log/{number}"
    return Request(number, path, at_s, at_s, at_s + 0.1, status, "PUT", "a", f"{by}\n")


def read(at_s: float, *members: int, status: str = "200") -> Request:
    """List the members."""
    text = " ".join(map(str, members))
    return Request(99, "/log", at_s, at_s, at_s + 0.1, status, "GET", "a", f"{text}\n")


def history(*operations: Request, faults: tuple[FaultRecord, ...] = ()) -> Recording:
    return recording(list(operations), faults=list(faults))


def test_a_write_is_lost_when_it_was_acknowledged_and_is_not_listed() -> None:
    """One that was refused is not, whether it is listed or not."""
    made = history(put(1, 1), put(2, 2), put(12, 3), put(4, 4, status="503"), read(9, 1, 4))
    assert LOST.of(made) == 2
    assert lost_writes("/log", 0, 2.5).of(made) == 1
    assert LOST.over is not None
    assert LOST.over(3, 10).of(made) == 1
    assert LOST.of(history(put(1, 0.25), read(0.5))) == 1


def test_only_the_last_list_counts() -> None:
    """What a list lacked may come later; a reading that failed is none."""
    made = history(put(1, 1), read(2), read(9, 1), read(9.5, status="503"))
    assert LOST.of(made) == 0


def test_a_write_that_was_under_way_is_not_judged() -> None:
    """The list was asked for before the answer came, so it may lack it."""
    assert LOST.of(history(put(1, 1), put(2, 8.95), read(9, 1))) == 0
    assert LOST.of(history(put(1, 1), put(2, 8.9), read(9, 1))) == 1


def test_other_places_and_methods_are_not_its_own() -> None:
    """`/logbook/1` is not in `/log`, and a GET adds nothing."""
    other = Request(1, "/logbook/1", 1, 1, 1.1, "200", "PUT")
    got = Request(2, "/log/2", 1, 1, 1.1, "200", "GET")
    assert acknowledged(history(other, got, put(3, 1)), "/log") == [put(3, 1)]


@pytest.mark.parametrize("operations", [(), (put(1, 1),), (put(1, 1), read(4, 1))])
def test_without_a_list_after_the_fault_it_is_not_a_number(operations: tuple[Request, ...]) -> None:
    """Under a partition a list may be one side's alone."""
    assert math.isnan(LOST.of(history(*operations, faults=(fault(2, 5),))))


def test_rivals_acknowledge_in_the_same_second() -> None:
    """One after the other is a handover; two in one second, however often, is one second."""
    handover = history(put(1, 1), put(2, 2, by="b"))
    rivals = history(put(1, 1), put(2, 1.5, by="b"), put(3, 1.6), put(4, 3), put(5, 3, by="b"))
    assert rival_seconds("/log", 0, 10).of(handover) == 0
    assert rival_seconds("/log", 0, 10).of(rivals) == 2
    assert rival_seconds("/log", 2, 10).of(rivals) == 1


def test_a_refusal_is_no_rival() -> None:
    """And without any acknowledgement there is nothing to say."""
    refused = put(2, 1.5, by="b", status="503")
    assert rival_seconds("/log", 0, 10).of(history(put(1, 1), refused)) == 0
    assert math.isnan(rival_seconds("/log", 0, 10).of(history(refused)))


def test_a_plot_shows_each_leaders_writes_and_those_lost() -> None:
    """Lost comes second, whoever was first; by the time of the acknowledgement."""
    made = history(put(1, 1, by="b"), put(2, 1.2, by="b"), put(3, 3, by="a"), read(9, 1, 3))
    curves = writes_by_leader("/log").of(made)
    assert list(curves) == ["b", "lost", "a"]
    assert curves["b"][:4] == [0, 2, 0, 0]
    assert curves["lost"][:4] == [0, 1, 0, 0]
    assert curves["a"][:4] == [0, 0, 0, 1]
    assert list(writes_by_leader("/log").of(history())) == ["lost"]


def test_they_say_what_they_read() -> None:
    """The window, the place and the answers; over another window they are the same measures."""
    for make in (lost_writes, rival_seconds):
        measure = make("/log", 1, 2)
        assert measure.reads == Reads(window=(1, 2), paths=("/log",), answers=True)
        assert measure.over
        other, same = measure.over(0, 10), make("/log", 0, 10)
        assert (other.name, other.reads) == (same.name, same.reads)
        made = history(put(1, 1), put(2, 1, by="b"), read(9))
        assert other.of(made) == same.of(made) > 0
        assert math.isnan(measure.over(2, 2).of(made))
        assert math.isnan(make("/log", 0, 11).of(made))
    plot = writes_by_leader("/log")
    assert plot.reads == Reads(paths=("/log",), answers=True)
    assert plot.unit == "/s"


def test_windows_hold_their_start_and_not_their_end() -> None:
    """A write counts as lost where it was due, a leader where it acknowledged."""
    made = history(put(1, 1), put(2, 2), put(3, 2, by="b"), read(9))
    assert [lost_writes("/log", at_s, at_s + 1).of(made) for at_s in (1, 2)] == [1, 2]
    exact = [put(n, 1.5, by=by)._replace(answered_s=2.0) for n, by in enumerate("ab")]
    rivals = history(put(9, 1.0), *exact)
    assert rival_seconds("/log", 1, 2).of(rivals) == 0
    assert rival_seconds("/log", 2, 3).of(rivals) == 1


def test_what_is_missing_is_said() -> None:
    """An acknowledged write in the window, or a list after the last of the faults."""
    nothing = history(put(1, 1), read(9))
    assert lost_writes("/log", 2, 3).read(nothing).missing == (
        "no write due in 2-3 s was acknowledged"
    )
    assert rival_seconds("/log", 2, 3).read(nothing).missing == (
        "no write was acknowledged in 2-3 s"
    )
    two = (fault(2, 5), fault(1, 3))
    early = history(put(1, 1), read(4.5), faults=two)
    assert LOST.read(early).missing == "no list of /log was read after the last fault"
    assert LOST.of(history(put(1, 1), read(5.0), faults=two)) == 1


def test_the_last_list_is_the_one_that_was_sent_last() -> None:
    """Wherever it stands; what it lacks was acknowledged by then, to the very moment."""
    lists = history(put(1, 1), read(9.0, 1), read(4.0))
    assert LOST.of(lists) == 0
    moment = put(2, 3)._replace(answered_s=9.0)
    assert LOST.of(history(put(1, 1), moment, read(9.0, 1))) == 1
    elsewhere = read(9.5)._replace(path="/log/1")
    posted = read(9.5)._replace(method="PUT")
    assert LOST.of(history(put(1, 1), read(9.0, 1), elsewhere, posted)) == 0


def test_leaders_are_drawn_in_the_order_of_their_first_write() -> None:
    """Each by when it has answered, whoever wrote most."""
    made = history(put(1, 5, by="a"), put(2, 2, by="c"), put(3, 3, by="b"), put(4, 9.95, by="b"))
    assert list(writes_by_leader("/log").of(made)) == ["c", "lost", "b", "a"]


def test_a_list_that_took_long_is_no_later_one() -> None:
    """What was sent later counts, though it was answered before."""
    slow = read(8.0)._replace(answered_s=9.9)
    assert LOST.of(history(put(1, 1), slow, read(9.0, 1))) == 0
    assert LOST.of(history(put(1, 1), read(8.0, 1)._replace(answered_s=9.9), read(9.0))) == 1


def test_two_in_office_are_counted_by_the_second() -> None:
    """Within the window; who does not answer is none, and with no answer there is no data."""
    made = recording(duration_s=6)
    made.series[SeriesKey("a", "in_office", "")] = [1, 1, 1, 1, math.nan, math.nan, math.nan]
    made.series[SeriesKey("b", "in_office", "")] = [1, 0, 1, math.nan, 1, math.nan, math.nan]
    made.series[SeriesKey("c", "in_office", "")] = [0, 0, 1, 1, 0, math.nan, math.nan]
    assert rivals_in_office_s(0, 6).of(made) == 3
    assert rivals_in_office_s(0, 1).of(made) == 1
    assert rivals_in_office_s(0, 3).of(made) == 2
    assert rivals_in_office_s(1, 4).of(made) == 2
    assert rivals_in_office_s(4, 6).of(made) == 0
    missing = rivals_in_office_s(5, 6).read(made).missing
    assert missing == "no sample of in_office in 5-6 s"
    measure = rivals_in_office_s(1, 2)
    assert measure.reads == Reads(window=(1, 2), metrics=("in_office",))
    assert measure.over
    assert measure.over(0, 6).of(made) == 3
