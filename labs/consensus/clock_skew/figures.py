"""What only the lesson shows: single writes and tokens, and what became of one key."""

from collections.abc import Iterator

from harness.measures.windows import requests_due
from harness.model.expect import Measure
from harness.recording import Recording
from labs.consensus.clock_skew.predictions import TOKEN

KEY = "/kv/18?"


def _written_after(recording: Recording) -> float:
    return sum(one.method == "PUT" and one.good for one in requests_due(recording, 17, 18.5))


def _lost_of_the_right(recording: Recording) -> float:
    due = requests_due(recording, 0, 17)
    writes = [one for one in due if one.method == "PUT" and one.to == "coordinator-1"]
    return sum(one.good and int(one.answer) < one.number for one in writes)


def _lost_of_the_other(recording: Recording) -> float:
    due = requests_due(recording, 0, 17)
    writes = [one for one in due if one.method == "PUT" and one.to == "coordinator-2"]
    return sum(one.good and int(one.answer) < one.number for one in writes)


def _refused(recording: Recording) -> float:
    due = requests_due(recording, 5, 17, TOKEN)
    return sum(one.to == "coordinator-2" and not one.good for one in due)


def _one_key(recording: Recording) -> Iterator[str]:
    for one in requests_due(recording, 10, 11, KEY):
        what = f"{one.to} writes {one.number}"
        yield f"{one.intended_s:.2f} s  {what}   {one.status}, held: {one.answer.strip()}"


FIGURES = (
    Measure(name="writes, 17-18.5 s", compute=_written_after),
    Measure(name="lost writes of coordinator-1, 0-17 s", compute=_lost_of_the_right),
    Measure(name="lost writes of coordinator-2, 0-17 s", compute=_lost_of_the_other),
    Measure(name="tokens refused by coordinator-2, 5-17 s", compute=_refused),
)
TEXTS = {"one key": lambda recording: list(_one_key(recording))}
