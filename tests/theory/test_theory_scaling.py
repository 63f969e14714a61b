"""Scaling: known optima, and batches and backlogs that are replayed."""

import random
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import overload, scaling


def test_the_universal_scalability_law() -> None:
    """5 % and 0.2 %: best with 21.8 workers; without coherence it is Amdahl's, below 1 / sigma."""
    assert scaling.usl_peak_workers(contention=0.05, coherence=0.002) == pytest.approx(
        21.8, abs=0.01
    )
    rates = [
        scaling.usl_throughput_rps(workers=n, contention=0.05, coherence=0.002)
        for n in range(1, 60)
    ]
    assert 1 + rates.index(max(rates)) == 22
    amdahl = scaling.usl_throughput_rps(workers=10, contention=0.1, coherence=0)
    assert amdahl == pytest.approx(1 / (0.1 + 0.9 / 10))
    many = scaling.usl_throughput_rps(workers=10**6, contention=0.1, coherence=0)
    assert many == pytest.approx(10, rel=1e-4)


@given(st.floats(0, 0.5), st.floats(0, 0.1), st.floats(0.1, 1000))
def test_a_fit_finds_the_law_that_the_points_are_of(
    contention: float, coherence: float, single_rps: float
) -> None:
    """From five points, in any order after the first."""
    counts = (1, 5, 2, 4, 3)
    rates = [
        scaling.usl_throughput_rps(
            workers=n, contention=contention, coherence=coherence, single_rps=single_rps
        )
        for n in counts
    ]
    found = scaling.usl_fit(counts, throughputs_rps=rates)
    assert found == pytest.approx((contention, coherence), abs=1e-9)


def test_the_peak_is_as_sure_as_the_points_allow() -> None:
    """Held against fits to points with drawn errors; points nearer to the peak tell more."""
    law = {"contention": 0.05, "coherence": 0.01}
    rng = random.Random(7)
    for counts in ((1, 2, 3, 4, 5), (1, 2, 4, 6, 8)):
        rates = [scaling.usl_throughput_rps(workers=n, **law) for n in counts]
        peaks = []
        for _ in range(2000):
            drawn = [rate * (1 + rng.gauss(0, 0.002)) for rate in rates]
            contention, coherence = scaling.usl_fit(counts, throughputs_rps=drawn)
            peaks.append(scaling.usl_peak_workers(contention=contention, coherence=coherence))
        sd = scaling.usl_peak_sd(counts, **law, error_ratio=0.002)
        assert pstdev(peaks) == pytest.approx(sd, rel=0.1)
    few, many = (
        scaling.usl_peak_sd(counts, **law, error_ratio=0.01)
        for counts in ((1, 2, 3, 4, 5), (1, 2, 4, 6, 8))
    )
    assert few > 2 * many
    sure = scaling.usl_peak_sd((1, 2, 3), contention=0, coherence=1e-9, error_ratio=0)
    assert sure == 0
    with pytest.raises(ValueError, match=r"^contention must be below 1, not 1$"):
        scaling.usl_peak_sd((1, 2, 3), contention=1, coherence=0.01, error_ratio=0.01)


def test_a_fit_lies_between_points_that_are_off() -> None:
    """Slowed by 1, 3 and 8 with 2, 3 and 5: sigma x (1, 2, 4) + kappa x (2, 6, 20) comes nearest.

    Normal equations: 21 sigma + 94 kappa = 39 and 94 sigma + 440 kappa = 180.
    """
    rates = [1, 2 / 2, 3 / 4, 5 / 9]
    contention, coherence = scaling.usl_fit((1, 2, 3, 5), throughputs_rps=rates)
    assert 21 * contention + 94 * coherence == pytest.approx(39)
    assert 94 * contention + 440 * coherence == pytest.approx(180)


@pytest.mark.parametrize(
    ("counts", "rates", "said"),
    [
        ((1, 2), (1, 2), "worker_counts must begin with 1 and go on with two other counts"),
        ((2, 3, 4), (1, 2, 3), "worker_counts must begin with 1"),
        ((1, 2, 2), (1, 2, 2), "worker_counts must begin with 1 and go on with two other counts"),
        ((1, 2, 3), (1, 2), "throughputs_rps must be 3 numbers, one for each of worker_counts"),
        ((1, 2, 3), (1, 0, 2), "throughput_rps must be above 0, not 0"),
        ((1, 0, 3), (1, 1, 2), "workers must be a whole number of at least 1, not 0"),
        ((), (), "worker_counts must begin with 1"),
    ],
)
def test_points_that_say_nothing_are_refused(
    counts: tuple[int, ...], rates: tuple[float, ...], said: str
) -> None:
    """Three unknowns need three different numbers of workers."""
    with pytest.raises(ValueError, match=f"^{said}"):
        scaling.usl_fit(counts, throughputs_rps=rates)


@given(st.integers(1, 1000), st.floats(0, 1), st.floats(0, 1))
def test_nothing_scales_better_than_its_workers(
    workers: int, contention: float, coherence: float
) -> None:
    """And one worker is one."""
    rate = scaling.usl_throughput_rps(workers=workers, contention=contention, coherence=coherence)
    assert 0 < rate <= workers
    one = scaling.usl_throughput_rps(workers=1, contention=contention, coherence=coherence)
    assert one == 1


def test_capacity_that_comes_late() -> None:
    """120/s on 80/s for 8 s, then 200/s: 320 drain in 4 s."""
    drain_s = scaling.autoscaling_drain_s(rate_rps=120, capacity_rps=80, lag_s=8, scaled_rps=200)
    assert drain_s == pytest.approx(4)
    queued = overload.backlog(rate_rps=120, capacity_rps=80, duration_s=8)
    assert drain_s == pytest.approx(queued / 80)
    with pytest.raises(ValueError, match="scaled_rps must be above 120, not 120"):
        scaling.autoscaling_drain_s(rate_rps=120, capacity_rps=80, lag_s=8, scaled_rps=120)


@pytest.mark.parametrize(("target", "rounds"), [(0.9, 8), (0.7, 3), (0.5, 2), (0.25, 1)])
def test_a_busy_fleet_grows_by_one_over_its_target(target: float, rounds: int) -> None:
    """From 3 to 12 machines: at 0.7 by 5, 8, 12, at 0.5 by 6, at 0.9 mostly one by one."""
    assert scaling.tracking_rounds(machines=3, needed=12, target=target) == rounds


def test_a_fleet_that_tracks_its_share_busy_grows_round_by_round() -> None:
    """3 machines, overwhelmed from the third look on: each round takes a boot and a look."""
    served = scaling.tracked_machines(
        [0.75, 0.75] + [9] * 10, machines=3, most=12, target=0.7, boot_looks=2
    )
    assert served == [3] * 5 + [5] * 3 + [8] * 3 + [12]


def test_a_fleet_that_has_room_stays_as_it_is() -> None:
    """And one that has caught up wants no more than it needs, up to what it may have."""
    grown = {"machines": 2, "most": 4, "target": 0.5, "boot_looks": 0}
    assert scaling.tracked_machines([0.9] * 4, **grown) == [2] * 4  # type: ignore[arg-type]
    assert scaling.tracked_machines([1.5] * 4, **grown) == [2, 3, 3, 3]  # type: ignore[arg-type]
    assert scaling.tracked_machines([9] * 4, **grown) == [2, 4, 4, 4]  # type: ignore[arg-type]


@given(
    st.lists(st.floats(0, 20), max_size=30),
    st.integers(1, 5),
    st.floats(0.1, 0.99),
    st.integers(0, 5),
)
def test_no_fleet_grows_faster_than_its_rounds_allow(
    loads: list[float], machines: int, target: float, boot_looks: int
) -> None:
    """In each boot and look it has at most what the machines of one before could ask for."""
    served = scaling.tracked_machines(
        loads, machines=machines, most=30, target=target, boot_looks=boot_looks
    )
    for before, after in zip(served, served[boot_looks + 1 :], strict=False):
        assert scaling.tracking_rounds(machines=before, needed=after, target=target) <= 1


@pytest.mark.parametrize(("size", "wait_s"), [(1, 0), (10, 0.045), (20, 0.095)])
def test_batches_wait(size: int, wait_s: float) -> None:
    """100/s: 45 ms for ten, as drawn."""
    figure = scaling.batch_wait_mean_s(rate_rps=100, size=size)
    assert figure == pytest.approx(wait_s)
    rng, waits = random.Random(1), []
    for _ in range(1000):
        gaps_s = [rng.expovariate(100) for _ in range(size - 1)]
        waits.append(fmean([sum(gaps_s[n:]) for n in range(size)]))
    assert fmean(waits) == pytest.approx(figure, abs=4 * figure / 1000**0.5)


def test_batches_carry_more() -> None:
    """8 ms a batch and 1 ms an item: 111/s one by one, 556/s in tens."""
    capacity = scaling.batch_capacity_rps
    assert capacity(size=1, fixed_s=0.008, item_s=0.001) == pytest.approx(111.1, abs=0.1)
    assert capacity(size=10, fixed_s=0.008, item_s=0.001) == pytest.approx(555.6, abs=0.1)
    assert capacity(size=10, fixed_s=0.001, item_s=0.008) == pytest.approx(123.5, abs=0.1)
    with pytest.raises(ValueError, match="must not both be 0"):
        capacity(size=1, fixed_s=0, item_s=0)


def test_a_mesh_breaks_all_at_once() -> None:
    """Twelve links each: thirteen nodes have them all, and fourteen have none to spare."""
    most = scaling.mesh_limit_nodes(links_per_node=12)
    assert most == 13
    assert scaling.mesh_links(nodes=most) == most * 12
    assert scaling.mesh_links(nodes=most + 1) > (most + 1) * 12


def longest_wait_s(load: float, boot_s: float) -> float:
    """Let arrivals of a fluid pass a queue whose one machine becomes `load` machines at a boot."""
    step_s, free_s, longest_s = 0.000_1, 0.0, 0.0
    for number in range(int(2 * boot_s / step_s)):
        now_s = number * step_s
        longest_s = max(longest_s, free_s - now_s)
        work_s = load * step_s
        before_s = min(work_s, max(0.0, boot_s - max(free_s, now_s)))
        free_s = max(free_s, now_s) + before_s + (work_s - before_s) / load
    return longest_s


@pytest.mark.parametrize(
    ("regions", "lost", "boot_s", "limit"),
    [(2, 1, 5, 0.5952), (2, 1, 60, 0.5068), (2, 1, 0.8, 1), (3, 1, 1e9, 2 / 3), (4, 2, 1e9, 0.5)],
)
def test_room_for_a_lost_region(regions: int, lost: int, boot_s: float, limit: float) -> None:
    """Machines that boot hardly make up for room; a queue at the limit is as long as patience."""
    figure = scaling.failover_utilisation_limit(
        regions=regions, lost=lost, boot_s=boot_s, patience_s=0.8
    )
    assert figure == pytest.approx(limit, abs=5e-5)
    if figure < 1 and boot_s < 100:
        assert longest_wait_s(figure * regions / (regions - lost), boot_s) == pytest.approx(0.8)
    with pytest.raises(ValueError, match="lost must be below 2, not 2"):
        scaling.failover_utilisation_limit(regions=2, lost=2, boot_s=5, patience_s=1)
