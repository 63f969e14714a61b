"""Lost updates, counted from histories made by hand."""

import math

from harness.model.expect import Reads
from harness.recording import Request
from labs.consensus.clock_skew.measures import lost_update_ratio, lost_updates, share_of_lost
from tests.support import recording


def write(number: int, at_s: float, held: int | None = None, *, status: str = "200") -> Request:
    """Make a write and what its answer says is held; its own number unless told otherwise."""
    answer = str(number if held is None else held)
    path = f"/kv/x?value={number}"
    return Request(number, path, at_s, at_s, at_s + 0.1, status, "PUT", "node", answer)


HISTORY = [
    write(10, 0.0),
    write(11, 0.5, held=10),
    write(12, 1.0, held=13),
    write(13, 1.5),
    write(14, 1.7, held=3, status="409"),
    Request(15, "/token", 1.8, 1.8, 1.9, "200", "GET", "node", "good\n"),
    write(16, 2.0, held=3),
]


def test_a_write_that_finds_an_older_one_in_its_place_is_lost() -> None:
    """A newer one has only come after it; what was refused was never promised."""
    made = recording(HISTORY)
    assert lost_update_ratio(0, 3).of(made) == 2 / 5
    assert lost_update_ratio(0, 1).of(made) == 1 / 2
    assert lost_update_ratio(1, 2).of(made) == 0


def test_whose_writes_are_lost_is_told_by_whom_they_were_sent_to() -> None:
    """Of the lost ones alone; where none is lost, nobody is the loser."""
    other = Request(17, "/kv/y?value=17", 2.5, 2.5, 2.6, "200", "PUT", "other", "9")
    made = recording([*HISTORY, other])
    assert share_of_lost("node", 0, 3).of(made) == 2 / 3
    assert share_of_lost("other", 0, 3).of(made) == 1 / 3
    assert share_of_lost("node", 0, 2).of(made) == 1
    found = share_of_lost("node", 1, 2).read(made)
    assert found.missing == "no acknowledged write due in 1-2 s was lost"
    assert math.isnan(found.value)
    measure = share_of_lost("node", 1, 2)
    assert measure.reads == Reads(window=(1, 2), hosts=("node",), answers=True)
    assert measure.is_share
    assert measure.over
    assert measure.over(0, 3).of(made) == 2 / 3


def test_without_writes_nothing_is_known() -> None:
    """Which no bound accepts."""
    assert math.isnan(lost_update_ratio(5, 9).of(recording(HISTORY)))


def test_lost_writes_are_drawn_beside_the_acknowledged_ones() -> None:
    """By the second in which they were due."""
    curves = lost_updates().of(recording(HISTORY, duration_s=3))
    assert curves == {"acknowledged": [2, 2, 1], "lost": [1, 0, 1]}


def test_a_window_without_acknowledged_writes_says_so() -> None:
    """Requests alone are not enough: nothing was promised that could be lost."""
    refused = [write(1, 0.5, status="503")]
    found = lost_update_ratio(0, 1).read(recording(refused))
    assert found.missing == "no write due in 0-1 s was acknowledged"
    assert math.isnan(found.value)


def test_they_say_what_they_read() -> None:
    """The window, and the answers that the load must keep; over another window alike."""
    measure = lost_update_ratio(1, 2)
    assert measure.reads == Reads(window=(1, 2), answers=True)
    assert measure.over
    other = measure.over(0, 3)
    assert (other.name, other.reads) == (
        lost_update_ratio(0, 3).name,
        Reads(window=(0, 3), answers=True),
    )
    assert other.of(recording(HISTORY)) == 2 / 5
    plot = lost_updates()
    assert (plot.unit, plot.reads) == ("/s", Reads(answers=True))
    assert lost_updates().of(recording(HISTORY[:1], duration_s=1.5))["lost"] == [0, 0]


def test_a_write_is_drawn_where_it_was_due() -> None:
    """However late it was sent."""
    late = write(11, 0.5, held=10)._replace(sent_s=1.5, answered_s=2.5)
    curves = lost_updates().of(recording([late], duration_s=3))
    assert curves == {"acknowledged": [1, 0, 0], "lost": [1, 0, 0]}


def test_an_answer_that_is_no_number_is_no_data() -> None:
    """Neither lost nor kept is known, and it is said whose answer it was."""
    odd = write(11, 0.5)._replace(answer="later\n")
    found = lost_update_ratio(0, 3).read(recording([write(10, 0.0), odd]))
    assert math.isnan(found.value)
    assert found.missing == "/kv/x?value=11 answered 'later\\n', which is no number"
    assert lost_updates().of(recording([odd], duration_s=1))["lost"] == [0]
