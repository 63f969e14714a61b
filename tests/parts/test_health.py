"""Health: which check notices what, how a callee comes back, and a probe that kills."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.measures import success_ratio
from harness.measures.gauges import level, lowest
from harness.measures.outcomes import calls
from harness.measures.series import increase
from harness.model import Configure, Kill, Paced, Pause, Service, Surge, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

SABOTAGE = {
    "takes nobody out": (
        "        if state.bad_probes < settings.down_after:\n",
        "        if True:\n",
        "test_a_probe_takes_out_who_does_not_answer",
    ),
    "takes out at the first bad probe": (
        "        if state.bad_probes < settings.down_after:\n",
        "        if good:\n",
        "test_one_bad_probe_is_no_sickness",
    ),
    "never brings back": (
        "            state.down = False\n",
        "            pass\n",
        "test_a_probe_takes_out_who_does_not_answer",
    ),
    "ejects nobody": (
        "if not 0 < settings.eject_after <= state.failures:",
        "if True:",
        "test_failures_eject_who_is_well_by_its_probes",
    ),
    "counts failures that are not in a row": (
        "state.failures = state.failures + 1 if answer.failed else 0",
        "state.failures = state.failures + answer.failed",
        "test_failures_count_in_a_row",
    ),
    "takes out all": (
        "return out + 1 <= self._ctx.settings.most * len(self._states)",
        "return True",
        "test_no_more_than_a_share_is_out",
    ),
    "starts at once": (
        "min(1, max(0.02, passed_s / slow_s))",
        "1",
        "test_a_slow_start_gives_little_at_first",
    ),
    "always gives the first one its turn": (
        "            self._turns.append(there[0])\n",
        "            self._turns.appendleft(there[0])\n",
        "test_turns_are_even_among_those_that_are_in",
    ),
    "kills nobody": (
        "            self._killed.inc()\n",
        "            return\n",
        "test_a_deep_probe_that_kills_makes_overload_worse",
    ),
}
NODES = ("node-1", "node-2", "node-3", "node-4")
FROZEN = during(2, 6, Pause("node-1"))
BUG = during(2, 6, Configure("node-1", error_ratio=1))


def ran(
    *faults: Timed,
    node: dict[str, Setting] | None = None,
    load: Paced | None = None,
    back_after_s: float | None = None,
    **settings: Setting,
) -> Recording:
    """Send a hundred requests a second to four nodes, for ten seconds."""
    own = {"service_ms": 5.0, **(node or {})}
    nodes = (
        Service(name, app="services.worker", settings=own, restart_after_s=back_after_s)
        for name in NODES
    )
    value = lab(
        Service("front", app="services.health", calls=NODES, settings=settings),
        *nodes,
        load=load or Paced(to="front", rate_rps=100),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def out(recording: Recording, why: str) -> float:
    return increase("taken_out_total", 0, 10, labels=f'why="{why}"').of(recording)


def test_a_probe_takes_out_who_does_not_answer() -> None:
    """After three probes, and puts it back after two good ones."""
    recording = ran(FROZEN)
    assert out(recording, "probe") == 1
    assert success_ratio(4.5, 6).of(recording) == 1
    assert success_ratio(8, 10).of(recording) == 1
    assert calls("node-1", 8, 10).of(recording) > 30
    assert lowest("healthy", 4.5, 6, labels='"node-1"').of(recording) == 0


def test_one_bad_probe_is_no_sickness() -> None:
    """A pause that one probe falls into takes nobody out, and three would."""
    assert out(ran(during(2, 2.7, Pause("node-1"))), "probe") == 0


def test_failures_eject_who_is_well_by_its_probes() -> None:
    """A shallow probe sees the process; the requests show the bug."""
    shallow, passive = ran(BUG), ran(BUG, eject_after=5)
    assert out(shallow, "probe") == 0
    assert success_ratio(2.5, 6).of(shallow) == pytest.approx(0.75, abs=0.06)
    assert success_ratio(2.5, 6).of(passive) > 0.95
    assert out(ran(BUG, probe="/"), "probe") == 1


def test_failures_count_in_a_row() -> None:
    """One in two fails: five in a row come by chance only, and soon enough."""
    half = during(2, 6, Configure("node-1", error_ratio=0.5))
    assert out(ran(half, eject_after=40), "failures") == 0
    assert out(ran(half, eject_after=3), "failures") >= 1


def test_an_ejection_ends_by_its_time() -> None:
    """Whoever is well then stays, whoever is not is out again."""
    recording = ran(during(2, 4, Configure("node-1", error_ratio=1)), eject_after=3, eject_ms=1000)
    assert 2 <= out(recording, "failures") <= 3
    assert success_ratio(5.5, 10).of(recording) == 1
    assert calls("node-1", 6, 10).of(recording) > 60


def test_no_more_than_a_share_is_out() -> None:
    """All fail, so half of them are out; else the other half would get everything."""
    every = [during(2, 6, Configure(name, error_ratio=1)) for name in NODES]
    recording = ran(*every, probe="/", most=0.5)
    assert out(recording, "probe") == 2


def test_a_slow_start_gives_little_at_first() -> None:
    """Of a quarter of the requests, some in the first second, and all of them in the end."""
    back = during(1, 3, Kill("node-1"))
    at_once, slow = (ran(back, slow_start_ms=slow_ms) for slow_ms in (0, 4000))
    first = [calls("node-1", 4, 5).of(one) for one in (at_once, slow)]
    assert first[1] < 0.6 * first[0]
    assert calls("node-1", 8.5, 10).of(slow) > 25


def test_turns_are_even_among_those_that_are_in() -> None:
    """A quarter each, a third each while one is out, and then a quarter each again."""
    recording = ran(during(2, 6, Kill("node-1")), in_turn=True)

    def asked(start_s: float, end_s: float, *names: str) -> list[float]:
        return [calls(name, start_s, end_s).of(recording) for name in names]

    # Each is probed as well, at moments of its own.
    for window, there in (((0, 2), NODES), ((4, 6), NODES[1:]), ((8, 10), NODES)):
        counts = asked(*window, *there)
        assert max(counts) - min(counts) <= 2
        assert min(counts) >= 200 / len(there)
    assert asked(4, 6, "node-1") < [10]


def test_a_deep_probe_that_kills_makes_overload_worse() -> None:
    """What is overloaded still does what it can; whoever is killed for it does nothing."""
    surge = Paced(to="front", rate_rps=100, phases=(Surge(start_s=2, end_s=8, times=6),))
    slow: dict[str, Setting] = {"workers": 1, "service_ms": 20, "queue_limit": 5}
    deep, shallow = (
        ran(node=slow, load=surge, back_after_s=5, kills=True, probe=probe, down_after=2)
        for probe in ("/", "/healthz")
    )
    assert sum("ended with code 1" in note for note in deep.notes) >= 2
    assert increase("killed_total", 0, 10).of(shallow) == 0
    served = [success_ratio(4, 7).of(one) for one in (deep, shallow)]
    assert served[0] < 0.8 * served[1]


def test_what_is_wrong_with_it_is_said() -> None:
    """In one line."""
    with pytest.raises(SettingError, match="probe is 'healthz'; write a path"):
        settings_of(load("services.health"), {"probe": "healthz"})
    value = lab(Service("front", app="services.health"), load=Paced(to="front", rate_rps=1))
    with pytest.raises(LabError, match="it has nobody to send requests to"):
        run(value)
    assert level("healthy", 1, 9).of(ran()) == 4
