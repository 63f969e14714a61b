"""Faults of hosts on both engines: what a service sees of them, over a crash, and when they end."""

import errno
import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose import render
from harness.engines.compose.client import why_not
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.errors import LabError
from harness.model import (
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Kill,
    Lab,
    MemoryLimit,
    Paced,
    Service,
    Stop,
    during,
)
from harness.model.fault import Timed
from harness.recording import Recording, SeriesKey
from tests import probed
from tests.support import Silent, lab

Run = Callable[[Lab], Recording]
WALL_CLOSE_S = 0.2
"""How far on containers a clock is from where the fault should have it: it is set a little late."""


@pytest.fixture(scope="module", params=["sim", pytest.param("compose", marks=pytest.mark.compose)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    def plan(value: Lab) -> Plan:
        return Plan(slug="alike", lab=value, variant=value.variants[0], seed=1)

    def simulated(value: Lab) -> Recording:
        conduct = conductor(value.faults, value.duration_s)
        return SimEngine().run(plan(value), conduct, Silent())

    def measured(value: Lab) -> Recording:
        folder = tmp_path_factory.mktemp("run")
        conduct = conductor(value.faults, value.duration_s)
        with pytest.MonkeyPatch.context() as patch:
            put_probes_into_containers(patch)
            return ComposeEngine(folder).run(plan(value), conduct, Silent())

    if request.param == "sim":
        return simulated
    if missing := why_not():
        pytest.skip(missing)
    return measured


LAUNCH = """
import runpy, sys, types
module = types.ModuleType({name!r})
sys.modules[module.__name__] = module
exec({source!r}, vars(module))
runpy.run_module("services.main", run_name="__main__")
"""


def put_probes_into_containers(patch: pytest.MonkeyPatch) -> None:
    """Write the probe's text into the command of the containers that run it."""
    rendered = render.compose_file
    launch = LAUNCH.format(name=probed.__name__, source=inspect.getsource(probed))

    def with_source(*given: Any, **options: Any) -> dict[str, Any]:
        document = rendered(*given, **options)
        for service in document["services"].values():
            if service.get("environment", {}).get("CHAOSLAB_APP") == probed.__name__:
                service["command"] = ["python3", "-c", launch.replace("$", "$$")]
        return document

    patch.setattr(render, "compose_file", with_source)


def hosts(*faults: Timed, names: tuple[Service, ...], duration_s: float) -> Lab:
    """Make a lab of probes with faults; the load goes to the first."""
    load = Paced(rate_rps=5, to=names[0].name)
    return lab(*names, load=load, duration_s=duration_s, faults=faults)


def series(recording: Recording, host: str, metric: str) -> list[float]:
    return recording.series[SeriesKey(host, metric, "")]


def at_first(values: list[float]) -> float:
    """Give the first sample, before any fault; a container may miss its first scrape."""
    return next(value for value in values[:3] if not math.isnan(value))


@pytest.fixture(scope="module")
def told(run: Run) -> Recording:
    """Run what goes over the control channel: clocks and settings, each over a crash."""
    return run(
        hosts(
            during(2, 10, ClockSkew("clock", skew_s=-30, drift_ppm=200_000)),
            during(3, 4, Kill("clock")),
            during(2, 10, Configure("conf", level=7)),
            during(3, 4, Kill("conf-2")),
            during(2, 5, Configure("gone", level=5)),
            during(4, 7, Kill("gone")),
            during(5.5, 12, Configure("gone", level=9)),
            names=(
                Service("clock", app=probed.__name__),
                Service("conf", app=probed.__name__, replicas=2),
                Service("gone", app=probed.__name__),
            ),
            duration_s=14,
        )
    )


def test_every_fault_was_there_and_is_gone(told: Recording) -> None:
    """Each was read back, also from a host that is down."""
    assert [fault.name for fault in told.faults if not applied(fault)] == []


def test_a_wall_clock_is_wrong_over_a_crash_and_then_right(told: Recording) -> None:
    """It jumps and drifts from the fault's start on, whichever process reads it."""
    ahead_s = series(told, "clock", "wall_ahead_s")
    wrong_s = [value - at_first(ahead_s) for value in ahead_s]
    # A container is sampled at any time in the second before.
    assert -30 + 0.2 * 6.5 - WALL_CLOSE_S < wrong_s[9] < -30 + 0.2 * 7 + WALL_CLOSE_S
    assert wrong_s[12] == pytest.approx(0, abs=WALL_CLOSE_S)
    steady_s = [one for one in series(told, "conf-1", "wall_ahead_s") if not math.isnan(one)]
    assert max(steady_s) - min(steady_s) < WALL_CLOSE_S


def test_a_setting_is_changed_on_all_replicas_over_a_crash_and_put_back(told: Recording) -> None:
    """A process that starts meanwhile starts with the change."""
    for host in ("conf-1", "conf-2"):
        level = series(told, host, "level")
        assert (at_first(level), level[9], level[12]) == (1, 7, 1)
    assert series(told, "conf-1", "level")[3] == 7


def test_a_host_that_is_down_is_configured_for_its_next_process(told: Recording) -> None:
    """One change ends and another begins meanwhile; when the process is there it has the second."""
    level = series(told, "gone", "level")
    assert (at_first(level), level[3], level[11], level[14]) == (1, 5, 9, 1)
    assert level[6] != level[6]


BEFORE, WHILE, AFTER = slice(1, 3), slice(5, 10), slice(11, 14)


@pytest.fixture(scope="module")
def hit(run: Run) -> Recording:
    """Run what hits the machine under a process: it is stopped, slowed down, its disk is full."""
    return run(
        hosts(
            during(3, 6, Stop("stops", grace_s=5)),
            during(3, 6, Stop("lingers", grace_s=1)),
            during(3, 10, DiskFull("disk")),
            during(4, 5, Kill("disk")),
            during(3, 10, CpuSlow("cpu", factor=20)),
            names=(
                Service("stops", app=probed.__name__, settings={"answer_s": 0.5}),
                Service("lingers", app=probed.__name__, settings={"leave_s": 30}),
                Service("disk", app=probed.__name__),
                Service("cpu", app=probed.__name__),
            ),
            duration_s=13,
        )
    )


def test_what_hits_the_machine_was_there_and_is_gone(hit: Recording) -> None:
    """Each was read back: by the engine, by the process, by a write."""
    assert [fault.name for fault in hit.faults if not applied(fault)] == []


def test_a_stop_lets_requests_in_flight_finish(hit: Recording) -> None:
    """Those that were taken on are answered, new ones are refused, and it cleans up."""
    begun = hit.between(2.3, 2.9)
    assert [one.status for one in begun] == ["200"] * len(begun) != []
    assert not any(one.good for one in hit.between(3.6, 5.9))
    assert all(one.good for one in hit.between(11, 13))
    assert series(hit, "stops", "up")[5] == 0
    assert series(hit, "stops", "cleaned_up")[12] == 1


def test_a_stop_kills_what_is_left_after_its_grace_time(hit: Recording) -> None:
    """A clean-up that takes longer is cut off."""
    assert series(hit, "lingers", "up")[5] == 0
    assert series(hit, "lingers", "cleaned_up")[12] == 0


def test_a_full_disk_refuses_writes_over_a_crash(hit: Recording) -> None:
    """With the kernel's own error; what was there stays, and when there is room it goes on."""
    failed = series(hit, "disk", "write_errno")
    assert (failed[2], failed[9], failed[12]) == (0, errno.ENOSPC, 0)
    kept = series(hit, "disk", "ticks_kept")
    assert kept[9] < kept[12]


def test_a_volume_outlives_a_kill(hit: Recording) -> None:
    """Nothing is written while it is full, so what the next process reads was there before."""
    kept = series(hit, "disk", "ticks_kept")
    assert 0 < kept[2] <= kept[9]


def test_a_slow_cpu_takes_longer_over_the_same_work(hit: Recording) -> None:
    """And as long as before when the fault is over."""
    took_s = series(hit, "cpu", "work_s")
    # The best of a few, for the machine that measures may have more to do.
    before_s, slow_s, after_s = (min(took_s[at]) for at in (BEFORE, WHILE, AFTER))
    assert slow_s > 3 * before_s
    assert slow_s > 3 * after_s


CRASH = {"crash": True}


@pytest.fixture(scope="module")
def crashed(run: Run) -> Recording:
    """Run services that end themselves, with and without a policy of starting them again."""
    return run(
        hosts(
            during(2, 8, Configure("loops", CRASH)),
            during(2, 5, Configure("ends", CRASH)),
            during(2, 3.5, Configure("held", CRASH)),
            during(3.5, 9, Kill("held")),
            names=(
                Service("loops", app=probed.__name__, restart_after_s=0.5),
                Service("ends", app=probed.__name__),
                Service("held", app=probed.__name__, restart_after_s=4),
            ),
            duration_s=16,
        )
    )


def test_a_crash_is_a_note_and_no_error(crashed: Recording) -> None:
    """With the host, the time and the exit code; the run goes on."""
    for host in ("loops", "ends", "held"):
        assert any(host in note and "ended with code 3" in note for note in crashed.notes)
    assert [fault.name for fault in crashed.faults if not applied(fault)] == []


def test_a_crashed_service_stays_down_without_a_policy(crashed: Recording) -> None:
    """Prometheus' `up` says so to the end; the counters of its process are gone with it."""
    up = series(crashed, "ends", "up")
    assert (at_first(up), up[4], up[10], up[16]) == (1, 0, 0, 0)
    assert crashed_note_count(crashed, "ends") == 1


def test_a_policy_starts_a_crashed_service_again_and_again(crashed: Recording) -> None:
    """As long as it crashes; then it is up for good, on the volume that it had."""
    assert series(crashed, "loops", "up")[14:] == [1, 1, 1]
    assert crashed_note_count(crashed, "loops") >= 2
    kept = series(crashed, "loops", "ticks_kept")
    assert kept[16] > at_first(kept[1:]) > 0


def test_a_crash_cleans_nothing_up(crashed: Recording) -> None:
    """No `finally` runs, as after `os._exit`."""
    assert series(crashed, "loops", "cleaned_up")[16] == 0


def test_a_kill_holds_down_what_a_policy_would_start(crashed: Recording) -> None:
    """The fault comes between the crash and the restart; its end starts the host."""
    up = series(crashed, "held", "up")
    assert (at_first(up), up[5], up[8], up[15]) == (1, 0, 0, 1)


def crashed_note_count(recording: Recording, host: str, code: int = 3) -> int:
    """Count the crashes of a host that are told; every process of it has a number in the sim."""
    return sum(host in note and f"ended with code {code}" in note for note in recording.notes)


def test_a_process_that_takes_more_than_its_memory_is_killed(run: Run) -> None:
    """By the kernel, and as often as it is started again; the simulation refuses the fault."""
    starved = hosts(
        during(2, 8, MemoryLimit("greedy", limit_mib=96)),
        during(2, 8, MemoryLimit("modest", limit_mib=96)),
        during(3, 6, Configure("greedy", hold_mib=256)),
        names=(
            Service("greedy", app=probed.__name__, restart_after_s=1),
            Service("modest", app=probed.__name__),
        ),
        duration_s=11,
    )
    if run.__name__ == "simulated":
        with pytest.raises(LabError, match=r"how much memory greedy takes; .* --engine compose"):
            run(starved)
        return
    recording = run(starved)
    assert [fault.name for fault in recording.faults if not applied(fault)] == []
    assert crashed_note_count(recording, "greedy", code=137) >= 1
    assert not any("modest" in note for note in recording.notes)
    up = series(recording, "greedy", "up")
    assert (at_first(up), up[-1]) == (1, 1)
