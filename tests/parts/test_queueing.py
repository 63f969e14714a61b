"""Queueing: under an overload, whom each discipline answers in time; without one, all."""

from harness.measures import success_ratio
from harness.measures.gauges import peak
from harness.model import Paced, Send, Service
from harness.recording import Recording
from tests.support import lab, run

SABOTAGE = {
    "is always first come first": (
        "self._line.next(self._ctx.settings.discipline)",
        "self._line.next(Discipline.FIFO)",
        "test_last_come_first_served_answers_some_in_time",
    ),
    "knows no classes": (
        "return ordered.index(name) if name in ordered else len(ordered)",
        "return 0",
        "test_what_matters_most_is_answered_and_the_rest_is_not",
    ),
    "serves whoever has given up": (
        "- settings.service_ms / 1000",
        "+ 60",
        "test_whoever_would_be_too_late_is_not_served",
    ),
    "loses slots": (
        "        self._free += 1\n",
        "        pass\n",
        "test_without_overload_all_are_answered",
    ),
}


def asked(rate_rps: float = 80, **settings: str | float | bool) -> Recording:
    """Ask for 80 a second of which two slots can do 40; clients wait for half a second."""
    own = {"workers": 2, "service_ms": 50, "classes": "gold", **settings}
    value = lab(
        Service("desk", app="services.queueing", settings=own),
        load=Paced(
            to="desk", rate_rps=rate_rps, timeout_ms=500,
            mix=(Send(path="/gold/{number}", share=1), Send(path="/tin/{number}", share=3)),
        ),
        duration_s=6,
    )  # fmt: skip
    return run(value)


def test_without_overload_all_are_answered() -> None:
    """Whoever is first."""
    for discipline in ("fifo", "lifo", "priority"):
        assert success_ratio(0, 6).of(asked(36, discipline=discipline)) == 1


def test_first_come_first_served_answers_nobody_in_time() -> None:
    """Once the line is longer than patience, all that is done is for those who have gone."""
    assert success_ratio(3, 6).of(asked()) < 0.05


def test_last_come_first_served_answers_some_in_time() -> None:
    """Half of them, as it can do half."""
    assert 0.4 < success_ratio(3, 5).of(asked(discipline="lifo")) < 0.6


def test_what_matters_most_is_answered_and_the_rest_is_not() -> None:
    """A quarter is gold, which is half of what it can do."""
    recording = asked(discipline="priority")
    assert success_ratio(3, 5, path="/gold").of(recording) == 1
    assert success_ratio(3, 5, path="/tin").of(recording) < 0.4


def test_whoever_would_be_too_late_is_not_served() -> None:
    """First come, first served then does what somebody still waits for."""
    recording = asked(patience_ms=450)
    assert 0.4 < success_ratio(3, 5).of(recording) < 0.6
    assert "503" in {one.status for one in recording.requests}


def test_a_line_is_no_longer_than_its_limit() -> None:
    """Who finds it full is told so at once."""
    recording = asked(queue_limit=4)
    assert peak("queue_depth", 0, 6).of(recording) <= 4
    assert 0.4 < success_ratio(3, 5).of(recording) < 0.6
