"""A run that ends early has the value of the whole run, for whatever is looked at."""

import math
from collections.abc import Callable
from functools import cache

import pytest

from harness import catalogue
from harness.conductor import conducted
from harness.engines.protocol import Unwatched
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.session import SimSession
from harness.errors import LabError
from harness.recording import Recording
from harness.sweep.cells import Run
from harness.sweep.early import UNSAMPLED, NotYetError, value_of
from harness.sweep.measures import looked

EARLY = (
    "success_ratio(9, 12)",
    "failures(5, 8)",
    "latency_ms(0.9, 0, 4)",
    "gauges.level('queue_depth', 9, 12)",
    "gauges.level('queue_depth', 9, 11.5)",
    "gauges.peak('queue_depth', 6, 10)",
    "series.increase('attempts_total', 1, 4)",
    "late_ratio(100, 9, 10)",
    "told_after_s(5, 7)",
)
"""What is known before the run is over."""
WHOLE = (
    "verdict",
    "recovery",
    "attempts_per_request('payments', 9, 12)",
    "wasted_ratio('payments', 9, 12)",
    "latency_ms(0.99, 20, 24)",
    "success_ratio(18, 25)",
    "gauges.level('no_such_metric', 9, 12)",
    "goodput_rps(24, 25)",
)
"""What needs the run's end, or nearly: it is the same value all the same."""


SETTINGS = ("load.rate_rps=12", "checkout.tries=4")


@cache
def whole() -> Recording:
    """Give the recording of the whole run."""
    run = run_of("recovery")
    plan = run.plan(run.entry())
    return SimEngine().run(plan, conducted(plan.lab), Unwatched())


def run_of(measure: str) -> Run:
    return Run(slug="retry-storm", variant="naive", settings=SETTINGS, measure=measure, seed=3)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take down how far each session goes."""
    reached: list[float] = []
    close = SimSession.close

    def closed(session: SimSession) -> None:
        reached.append(session.now_s)
        close(session)

    monkeypatch.setattr(SimSession, "close", closed)
    return reached


@pytest.mark.parametrize("measure", [*EARLY, *WHOLE])
def test_early_is_whole(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, with what is missing if there is no value; and early where that can be."""
    reached = watched(monkeypatch)
    run = run_of(measure)
    entry = run.entry()
    plan, asked = run.plan(entry), looked(entry, run.variant, measure)
    assert repr(value_of(plan, asked)) == repr(asked.read(plan.lab, whole()))
    # The latest window ends at 12 s, and whoever is due in it waits for 4 s at most.
    assert (reached[0] < 12 + 4.5) == (measure in EARLY)


def test_a_window_is_over_with_its_last_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples come on whole seconds: nothing is simulated from the last of them to its end."""
    reached = watched(monkeypatch)
    run = run_of("gauges.level('queue_depth', 9, 11.5)")
    entry = run.entry()
    value_of(run.plan(entry), looked(entry, run.variant, run.measure))
    assert reached == [11]


@pytest.mark.parametrize(
    "use",
    [
        float,
        math.isnan,
        bool,
        lambda value: value + 1,
        lambda value: 1 - value,
        lambda value: value > 1,
        lambda value: value == 1,
        lambda value: -value,
        lambda value: {value},
        lambda value: math.fsum([value]),
        lambda value: max(value, 1),
    ],
)
def test_a_sample_that_is_still_to_come_cannot_be_used(use: Callable[[float], object]) -> None:
    """Whatever a measure does with it breaks the attempt off."""
    with pytest.raises(NotYetError):
        use(UNSAMPLED)


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("sucess_ratio(1, 2)", "did you mean"),
        ("success_ratio", "with brackets"),
        ("success_ratio(1)", r"success_ratio\(start_s, end_s, path\)"),
        ("success_ratio(1, 99)", "99"),
        ("success_ratio(1, open('x'))", "plain values"),
        ("__import__('os')", "no such measure"),
        ("success_ratio(1, 2", "plain values"),
        ("attempts_rps('paymnts', 1, 2)", "paymnts"),
        ("quantile_of([1.0], 0.5)", "is no measure"),
        ("map.__class__()", "no such measure"),
    ],
)
def test_a_measure_that_is_none_is_refused(measure: str, said: str) -> None:
    """By its name, its arguments, or what the lab has not; nothing of it is run."""
    with pytest.raises(LabError, match=f"(?s)--measure.*{said}"):
        looked(catalogue.find("retry-storm"), "naive", measure)
