"""A history as clients saw it: what is an anomaly, and what is none."""

import math

import pytest

from harness import catalogue
from harness.live.histories import Operation, history
from harness.live.session import Session
from harness.model.experiment import Experiment, OwnFaults
from harness.recording import Recording, Request
from labs.consensus.split_brain.measures import lost


def put(number: int, answered_s: float, *, status: str = "200", value: str = "") -> Request:
    path = f"/set/{number}" if not value else f"/kv/1?value={value}"
    return Request(
        number=number,
        path=path,
        intended_s=answered_s - 0.1,
        sent_s=answered_s - 0.1,
        answered_s=answered_s,
        status=status,
        method="PUT",
        to="a",
        answer="a",
    )


def listed(number: int, sent_s: float, *members: int, status: str = "200") -> Request:
    return Request(
        number=number,
        path="/set",
        intended_s=sent_s,
        sent_s=sent_s,
        answered_s=sent_s + 0.1,
        status=status,
        to="b",
        answer=" ".join(map(str, members)),
    )


def marked(*requests: Request, since_s: float = 0.0) -> dict[int, str]:
    return {one.number: one.anomaly for one in history(requests, since_s) if one.anomaly}


def test_a_list_that_holds_all_that_was_acknowledged_is_none() -> None:
    """Nor is one that holds more, or lacks what was under way or had failed."""
    assert marked(put(0, 1), put(1, 2), listed(2, 3, 0, 1)) == {}
    assert marked(put(0, 1), listed(1, 2, 0, 7)) == {}
    assert marked(put(0, 1), put(1, 2.05), listed(2, 2, 0)) == {}
    assert marked(put(0, 1), put(1, 1.5, status="503"), listed(2, 2, 0)) == {}
    assert marked(put(0, 1), listed(1, 2, status="503")) == {}


def test_a_list_that_lacks_what_was_acknowledged_is_one() -> None:
    """It names what it lacks; the writes are lost only as long as the last list lacks them."""
    stale = marked(put(0, 1), put(1, 2), listed(2, 3, 0), listed(3, 4, 0, 1))
    assert stale == {2: "it lacks 1 of 2 writes that were acknowledged before: 1"}
    lost_ones = marked(put(0, 1), put(1, 2), listed(2, 3, 0))
    assert set(lost_ones) == {1, 2}
    assert lost_ones[1] == "it was acknowledged, and the last list (3.000 s) lacks it"
    many = marked(*(put(number, 1) for number in range(9)), listed(9, 2))
    assert many[9].endswith(": 0, 1, 2, 3, 4 \N{HORIZONTAL ELLIPSIS}")


def test_what_is_shown_is_of_the_time_that_is_asked_for() -> None:
    """It is judged by all that came before, too."""
    shown = history([put(0, 1), put(1, 2), listed(2, 3, 0)], since_s=2.5)
    assert [one.number for one in shown] == [2]
    assert shown[0].anomaly


def test_a_register_that_holds_an_older_number_than_was_acknowledged() -> None:
    """It is marked at the write; an answer that is no number says nothing."""
    assert marked(put(0, 1, value="7")._replace(answer="7")) == {}
    assert marked(put(0, 1, value="7")._replace(answer="9")) == {}
    assert marked(put(0, 1, value="7")._replace(answer="done")) == {}
    assert marked(put(0, 1, value="7")._replace(answer="5")) == {
        0: "7 was acknowledged, and the register then holds 5"
    }


def test_an_operation_without_an_answer_has_no_end() -> None:
    """And a long answer is cut."""
    first, second = history(
        [put(0, math.nan)._replace(sent_s=1.0, status="timeout"), listed(1, 2, *range(99))], 0
    )
    assert (first.answered_s, first.good, first.kind) == (None, False, "write")
    assert len(second.said) == 41
    assert isinstance(first, Operation)


@pytest.mark.parametrize(("variant", "is_sound"), [("naive", False), ("majority", True)])
def test_split_brain_is_seen_in_its_history(variant: str, *, is_sound: bool) -> None:
    """The writes that are marked at its end are those that the lab itself counts as lost."""
    entry = catalogue.find("split-brain")
    given = Experiment(variant=variant, faults=OwnFaults.LAB)
    with Session(entry.slug, entry.lab, given) as run:
        recording: Recording = run.finish()
        found = run.history(0)
    writes = {one.number for one in found if one.anomaly and one.kind == "write"}
    assert writes == {one.number for one in lost(recording, "/log")}
    assert (not any(one.anomaly for one in found)) == is_sound
