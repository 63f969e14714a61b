"""Page: as slow as its slowest part, and as weak as the parts that it cannot do without."""

from harness.conductor import conductor
from harness.measures import latency_ms, success_ratio
from harness.measures.series import increase
from harness.model import Kill, Paced, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from tests.support import lab, run

CRASH = during(1, 3, Kill("ads"))
SABOTAGE = {
    "does without anything": ("if lacking:", "if False:", "test_without_a_required_part_it_fails"),
    "asks for one after the other": (
        "if self._ctx.settings.in_turn:",
        "if True:",
        "test_in_parallel_it_takes_as_long_as_its_slowest_part",
    ),
    "keeps no answer": (
        "fallback = self._last.get(callee) if self._ctx.settings.stale else None",
        "fallback = None",
        "test_a_stale_part_is_what_it_was_before",
    ),
    "waits for ever": (
        "timeout_ms=self._ctx.settings.timeout_ms\n",
        "timeout_ms=0\n",
        "test_a_slow_part_is_left_out",
    ),
}


def paged(*faults: Timed, slow_ms: float = 40, **settings: str | float | bool) -> Recording:
    """Ask for a page of two parts, one of which takes 20 ms."""
    parts = (
        Service(name, app="services.worker", settings={"workers": 50, "service_ms": service_ms})
        for name, service_ms in (("ads", slow_ms), ("news", 20))
    )
    value = lab(
        Service("page", app="services.page", calls=("ads", "news"), settings=settings),
        *parts,
        load=Paced(to="page", rate_rps=20, keep_answers=True),
        faults=faults,
        duration_s=4,
    )
    return run(value, conductor(faults, value.duration_s))


def test_in_parallel_it_takes_as_long_as_its_slowest_part() -> None:
    """And in turn as long as both; two rounds take twice that."""
    took = [
        latency_ms(0.5, 1, 4).of(paged(**settings))
        for settings in ({"in_turn": False}, {"in_turn": True}, {"in_turn": True, "rounds": 2})
    ]
    assert 40 <= took[0] < 50
    assert 60 <= took[1] < 70
    assert 120 <= took[2] < 140


def test_without_a_part_it_is_there_without_it() -> None:
    """Nobody but who looks for the part notices."""
    recording = paged(CRASH)
    assert success_ratio(0, 4).of(recording) == 1
    assert "ads: -" in recording.between(1.5, 2.5)[0].answer
    assert increase("parts_total", 1, 3, labels='"missing"').of(recording) > 30


def test_without_a_required_part_it_fails() -> None:
    """For as long as the part is away."""
    recording = paged(CRASH, required="ads")
    assert success_ratio(1.2, 2.8).of(recording) == 0
    assert success_ratio(0, 0.9).of(recording) == 1


def test_a_stale_part_is_what_it_was_before() -> None:
    """A required one is there then, too."""
    recording = paged(CRASH, required="ads", stale=True)
    assert success_ratio(0, 4).of(recording) == 1
    assert "ads: done" in recording.between(1.5, 2.5)[0].answer


def test_a_slow_part_is_left_out() -> None:
    """After the time limit, and not later."""
    recording = paged(slow_ms=2000, timeout_ms=100)
    assert success_ratio(0, 3).of(recording) == 1
    assert latency_ms(1, 0, 3).of(recording) < 120
