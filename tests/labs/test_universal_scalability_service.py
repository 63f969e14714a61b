"""Stock: which workers wait for the lock, which are told, and which begin a round together."""

from dataclasses import replace
from itertools import pairwise

import pytest

from harness.conductor import conductor
from harness.model import Configure, Paced, Service, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

STOCK = "labs.traffic.universal_scalability.service"
MANY = Paced(to="stock", rate_rps=60)


def served(orders: Paced, /, *faults: Timed, **settings: Setting) -> Recording:
    """Send orders to a stock of short work, for ten seconds."""
    own = {"work_ms": 100, "book_ms": 10, "tell_ms": 5, **settings}
    value = lab(Service("stock", app=STOCK, settings=own), load=orders, faults=faults)
    return run(value, conductor(faults, value.duration_s))


def ends_s(recording: Recording, start_s: float = 3, end_s: float = 6) -> list[float]:
    """List when orders were answered, in a part of the run."""
    ends = sorted(one.answered_s for one in recording.requests if one.good)
    return [end for end in ends if start_s <= end < end_s]


def gaps_ms(recording: Recording) -> list[int]:
    """List the gaps between answers, each length once."""
    return sorted({round(1000 * (later - one)) for one, later in pairwise(ends_s(recording))})


def rate_rps(recording: Recording) -> float:
    ends = ends_s(recording, 2, 9)
    return (len(ends) - 1) / (ends[-1] - ends[0])


def test_a_round_books_one_after_the_other() -> None:
    """Four workers: each holds the lock for 10 + 3 x 5 ms, and then all work for 100 ms."""
    assert gaps_ms(served(MANY, workers=4)) == [25, 125]


def test_one_worker_tells_nobody() -> None:
    """And has the lock to itself."""
    assert gaps_ms(served(MANY, workers=1)) == [110]


def test_a_batch_is_told_once_a_round() -> None:
    """After all have booked, by which the next round begins 15 ms later."""
    assert gaps_ms(served(MANY, workers=4, batched=True)) == [10, 125]


def test_each_group_has_a_lock_of_its_own_and_tells_nobody_else() -> None:
    """Two groups of two do what two stocks of two do; a fifth worker is a group by itself."""
    two, four, five = (rate_rps(served(MANY, workers=workers, group=2)) for workers in (2, 4, 5))
    assert two == pytest.approx(2 / 0.130, rel=0.02)
    assert four == pytest.approx(2 * two, rel=0.03)
    assert five == pytest.approx(2 * two + 1 / 0.110, rel=0.03)


def test_without_rounds_the_lock_is_never_idle_once_it_is_full() -> None:
    """Ten workers want it for 55 ms each, and the work of the others is done meanwhile."""
    assert gaps_ms(served(MANY, workers=10, rounds=False)) == [55]


def test_few_workers_without_rounds_hardly_meet() -> None:
    """Two do all but twice as much as one, as long as the work is longer than the lock is held."""
    assert rate_rps(served(MANY, workers=2, rounds=False)) == pytest.approx(2 / 0.115, rel=0.02)


def test_where_nobody_else_waits_an_order_takes_what_it_takes() -> None:
    """A round begins when there is an order, and not when there are as many as workers."""
    made = served(replace(MANY, rate_rps=2), workers=4)
    assert {round(1000 * one.latency_s) for one in made.requests if one.good} <= {125, 126, 127}


def test_a_full_line_refuses() -> None:
    """At once; those who wait are served."""
    made = served(MANY, workers=1, queue_limit=5)
    refused = [one for one in made.requests if one.status == "503"]
    assert refused
    assert max(one.latency_s for one in refused) < 0.01
    waited_s = max(one.latency_s for one in made.requests if one.good)
    assert waited_s == pytest.approx(6 * 0.110, abs=0.12)


def test_an_order_that_a_deadline_has_ended_is_left_out() -> None:
    """No worker spends time on it: a second after the last came, the line is empty."""
    limit: dict[str, Setting] = {"incoming.order": "deadline", "incoming.deadline.budget_ms": 1000}
    made = served(replace(MANY, end_s=2), workers=1, queue_limit=100, **limit)
    booked = next(values for key, values in made.series.items() if key.metric == "booked_total")
    assert booked[4] == booked[9] == pytest.approx(3 / 0.110, abs=1)


def test_it_counts_orders_and_the_time_of_their_rounds() -> None:
    """Whatever the groups, the one over the other is the throughput."""
    for own in ({"workers": 4}, {"workers": 5, "group": 2}, {"workers": 4, "rounds": False}):
        made = served(MANY, **own)
        told = {key.metric: values for key, values in made.series.items()}
        booked, took = (
            told[name][9] - told[name][2] for name in ("booked_total", "took_seconds_total")
        )
        assert booked / took == pytest.approx(rate_rps(made), rel=0.02)
        assert took == pytest.approx(7, rel=0.05)


def test_what_an_order_costs_is_live() -> None:
    """From the next round on."""
    made = served(MANY, during(3, 7, Configure("stock", work_ms=300, tell_ms=0)), workers=4)
    assert {round(1000 * (b - a)) for a, b in pairwise(ends_s(made, 4, 7))} == {10, 310}
    assert {round(1000 * (b - a)) for a, b in pairwise(ends_s(made, 8, 10))} == {25, 125}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"workers": 0}, "workers"),
        ({"group": -1}, "group"),
        ({"queue_limit": 0}, "queue_limit"),
        ({"tell_ms": -1}, "tell_ms"),
        ({"work_ms": 0, "book_ms": 0}, "give an order something to cost"),
    ],
)
def test_a_stock_that_cannot_be_is_refused(wrong: dict[str, Setting], said: str) -> None:
    """In a line that says what to do."""
    with pytest.raises(SettingError, match=said):
        settings_of(load(STOCK), wrong)
