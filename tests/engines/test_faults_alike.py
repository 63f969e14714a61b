"""Faults of hosts on both engines: what a service sees of them, over a crash, and when they end."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from harness.conductor import applied, conductor
from harness.engines.compose import render
from harness.engines.compose.client import why_not
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.model import ClockSkew, Configure, Kill, Lab, Paced, Service, during
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

    def with_source(*given: Any) -> dict[str, Any]:
        document = rendered(*given)
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


@pytest.fixture(scope="module")
def told(run: Run) -> Recording:
    """Run what goes over the control channel: clocks and settings, each over a crash."""
    return run(
        hosts(
            during(2, 8, ClockSkew("clock", skew_s=-30, drift_ppm=200_000)),
            during(3, 4, Kill("clock")),
            during(2, 8, Configure("conf", level=7)),
            during(3, 4, Kill("conf-2")),
            during(2, 5, Configure("gone", level=5)),
            during(4, 7, Kill("gone")),
            during(5.5, 10, Configure("gone", level=9)),
            names=(
                Service("clock", app=probed.__name__),
                Service("conf", app=probed.__name__, replicas=2),
                Service("gone", app=probed.__name__),
            ),
            duration_s=12,
        )
    )


def test_every_fault_was_there_and_is_gone(told: Recording) -> None:
    """Each was read back, also from a host that is down."""
    assert [fault.name for fault in told.faults if not applied(fault)] == []


def test_a_wall_clock_is_wrong_over_a_crash_and_then_right(told: Recording) -> None:
    """It jumps and drifts from the fault's start on, whichever process reads it."""
    ahead_s = series(told, "clock", "wall_ahead_s")
    wrong_s = [value - ahead_s[1] for value in ahead_s]
    # A container is sampled at any time in the second before.
    assert wrong_s[6] + WALL_CLOSE_S >= -30 + 0.2 * 3.5
    assert wrong_s[7] <= -30 + 0.2 * 5 + WALL_CLOSE_S
    assert wrong_s[10] == pytest.approx(0, abs=WALL_CLOSE_S)
    steady_s = series(told, "conf-1", "wall_ahead_s")
    assert max(steady_s) - min(steady_s) < WALL_CLOSE_S


def test_a_setting_is_changed_on_all_replicas_over_a_crash_and_put_back(told: Recording) -> None:
    """A process that starts meanwhile starts with the change."""
    for host in ("conf-1", "conf-2"):
        level = series(told, host, "level")
        assert (level[1], level[7], level[10]) == (1, 7, 1)
    assert series(told, "conf-1", "level")[3] == 7


def test_a_host_that_is_down_is_configured_for_its_next_process(told: Recording) -> None:
    """One change ends and another begins meanwhile; when the process is there it has the second."""
    level = series(told, "gone", "level")
    assert (level[1], level[3], level[9], level[12]) == (1, 5, 9, 1)
    assert level[6] != level[6]
