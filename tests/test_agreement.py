"""Agreement of a measured run with the simulated one."""

import math
from dataclasses import replace

import pytest

from harness.checks.agreement import agreement
from harness.checks.verdict import Control, Kind, Verdict
from harness.conductor import conductor
from harness.model import Lab, Paced, Pause, Service, during
from harness.recording import Recording, Request, root_context
from services.tracing import Span
from tests.cached import CACHED
from tests.support import lab, recording, request
from tests.support import run as simulated

TWO_HOSTS = lab(
    Service("front", app="services.relay", calls=("back",)),
    Service("back", app="services.worker"),
    load=Paced(rate_rps=10, to="front"),
    faults=(during(4, 6, Pause("back")),),
)
CALM = TWO_HOSTS.without_trigger()


def run(good_rps: tuple[int, int, int], calls: int = 1, engine: str = "sim") -> Recording:
    """Record goodput before, during and after the fault, and that many calls per request.

    Each second has 100 requests, of which so many are good.
    """
    requests: list[Request] = []
    spans: list[Span] = []
    for second in range(10):
        good = good_rps[(second >= 4) + (second >= 6)]
        for place in range(100):
            number = len(requests)
            status = "200" if place < good else "504"
            requests.append(request(number, second + place / 100, status=status))
            spans += [_call(number, attempt) for attempt in range(calls)]
    return replace(recording(requests, spans=spans), engine=engine)


def _call(number: int, attempt: int) -> Span:
    root = root_context(0, number)
    return Span(
        root.trace,
        f"{number}.{attempt}",
        root.span,
        "client",
        "front",
        "back",
        attempt,
        0,
        0,
        "200",
    )


def held(simulated: Recording, measured: Recording, of: Lab = TWO_HOSTS) -> dict[str, Control]:
    """Give the controls by their claims, for short: before, during, after, calls."""
    controls = list(agreement(of, simulated, replace(measured, engine="compose")))
    assert {control.kind for control in controls} <= {Kind.AGREEMENT}
    assert {control.engine for control in controls} == {"compose"}
    short = ("without", "before", "during", "after", "calls")
    return {next(word for word in short if word in c.claim): c for c in controls}


def verdicts(simulated: Recording, measured: Recording) -> dict[str, Verdict]:
    return {name: control.verdict for name, control in held(simulated, measured).items()}


def test_equal_runs_agree() -> None:
    """Goodput in three windows and calls over each inner link are held; all lie in the middle."""
    controls = held(run((100, 0, 80)), run((100, 0, 80)))
    assert list(controls) == ["before", "during", "after", "calls"]
    for control in controls.values():
        assert control.verdict is Verdict.PASS
        assert control.value == control.bound.equals


@pytest.mark.parametrize(
    ("measured", "verdict"), [(73, "PASS"), (87, "PASS"), (71, "FAIL"), (90, "FAIL")]
)
def test_a_tenth_of_the_simulated_figure_is_allowed(measured: int, verdict: str) -> None:
    """Ten in a hundred either way; more is a failure, and the other windows do not care."""
    found = verdicts(run((100, 0, 80)), run((100, 0, measured)))
    assert found.pop("after") == verdict
    assert set(found.values()) == {Verdict.PASS}


@pytest.mark.parametrize(
    ("measured", "verdict"), [(6, "PASS"), (15, "PASS"), (5, "FAIL"), (16, "FAIL")]
)
def test_small_counts_may_differ_by_chance(measured: int, verdict: str) -> None:
    """Two standard deviations of the larger count: nine of twenty in two seconds, 11 of thirty."""
    assert verdicts(run((100, 10, 80)), run((100, measured, 80)))["during"] == verdict


def test_chance_does_not_hang_on_which_engine_counted_more() -> None:
    """A count of none may have been one of a few."""
    for one, other in ((0, 2), (2, 0)):
        assert verdicts(run((10, one, 8)), run((10, other, 8)))["during"] is Verdict.PASS
    for one, other in ((0, 3), (3, 0)):
        assert verdicts(run((10, one, 8)), run((10, other, 8)))["during"] is Verdict.FAIL


def test_two_systems_that_are_down_agree() -> None:
    """Nothing and a few stragglers are the same: neither answers a tenth of the healthy rate."""
    assert set(verdicts(run((100, 0, 0)), run((100, 0, 0))).values()) == {Verdict.PASS}
    assert verdicts(run((100, 0, 0)), run((100, 0, 9)))["after"] is Verdict.PASS
    assert verdicts(run((100, 4, 0)), run((100, 9, 0)))["during"] is Verdict.PASS
    assert verdicts(run((100, 0, 0)), run((100, 0, 11)))["after"] is Verdict.FAIL
    assert verdicts(run((100, 9, 0)), run((100, 20, 0)))["during"] is Verdict.FAIL


def test_one_that_recovers_and_one_that_does_not_disagree() -> None:
    """A simulation that stays down is no prediction of a system that comes back."""
    assert verdicts(run((100, 0, 0)), run((100, 0, 90)))["after"] is Verdict.FAIL
    assert verdicts(run((100, 0, 90)), run((100, 0, 0)))["after"] is Verdict.FAIL


def test_calls_per_request_are_held() -> None:
    """Twice the calls is another system, even when it answers as well."""
    simulated = run((100, 0, 80), calls=2)
    assert verdicts(simulated, run((100, 0, 80), calls=2))["calls"] is Verdict.PASS
    assert verdicts(simulated, run((100, 0, 80), calls=4))["calls"] is Verdict.FAIL
    none = run((100, 0, 80), calls=0)
    assert verdicts(none, none)["calls"] is Verdict.PASS
    assert verdicts(none, simulated)["calls"] is Verdict.FAIL


def test_calls_to_replicas_count_together() -> None:
    """Which of them is asked may be chance; how often one of them is asked is not."""
    back = Service("back", app="services.worker", replicas=2)
    front = Service("front", app="services.relay", calls=("back-1", "back-2"))
    two = replace(CALM, services=(front, back))

    def all_to(callee: str, calls: int) -> Recording:
        made = run((100, 100, 100), calls=calls)
        made.spans = [span._replace(callee=callee) for span in made.spans]
        return made

    same = held(all_to("back-1", 1), all_to("back-2", 1), of=two)["calls"]
    assert (same.claim, same.value, same.verdict) == ("calls to back", 1, Verdict.PASS)
    assert same.measure == "calls to back per request, 0-10 s"
    twice = held(all_to("back-1", 1), all_to("back-2", 2), of=two)["calls"]
    assert twice.verdict is Verdict.FAIL


def test_without_trigger_the_whole_run_is_one_window() -> None:
    """There is then no during and no after."""
    controls = held(run((90, 90, 90)), run((90, 90, 90)), of=CALM)
    assert list(controls) == ["without", "calls"]
    assert controls["without"].value == pytest.approx(90)
    assert "0-" in controls["without"].measure
    assert {control.verdict for control in controls.values()} == {Verdict.PASS}


def test_a_fault_to_the_end_has_no_after() -> None:
    """Windows of no length are left out."""
    to_the_end = replace(TWO_HOSTS, faults=(during(4, 10, Pause("back")),))
    controls = held(run((100, 0, 0)), run((100, 0, 0)), of=to_the_end)
    assert list(controls) == ["before", "during", "calls"]


def test_several_faults_are_one_window() -> None:
    """From the first one's start to the last one's end."""
    twice = replace(TWO_HOSTS, faults=(during(5, 6, Pause("back")), during(4, 5, Pause("back"))))
    controls = held(run((100, 7, 80)), run((100, 7, 80)), of=twice)
    assert controls["before"].value == pytest.approx(100)
    assert controls["during"].value == pytest.approx(7)


def test_an_empty_simulation_agrees_with_nothing() -> None:
    """Calls per request of no requests are unknown, and nothing is within a tenth of unknown."""
    controls = held(recording([]), run((100, 5, 80)))
    assert {control.verdict for control in controls.values()} == {Verdict.FAIL}
    assert math.isnan(controls["calls"].margin)


def test_commands_to_a_store_are_held_as_calls_are() -> None:
    """Each callee that a service has is a control, be it a service or a store."""
    conduct = conductor(CACHED.faults, CACHED.duration_s)
    once, again = (simulated(CACHED, conduct) for _ in range(2))
    claims = {control.claim: control for control in agreement(CACHED, once, again)}
    assert {"calls to store", "calls to back"} <= set(claims)
    assert claims["calls to store"].value > 1
    silent = replace(again, spans=[span for span in again.spans if span.callee != "store"])
    verdict = {one.claim: one.verdict for one in agreement(CACHED, once, silent)}
    assert verdict["calls to store"] is Verdict.FAIL
    assert verdict["calls to back"] is Verdict.PASS


def test_what_is_healthy_is_what_the_simulation_says() -> None:
    """A tenth of its own goodput before the fault, not of the measured one's."""
    simulated = run((100, 0, 100))
    assert held(simulated, run((50, 1, 100)))["during"].bound.at_most == pytest.approx(10)
    assert held(run((50, 0, 100)), run((100, 0, 100)))["during"].bound.at_most == pytest.approx(5)


def test_what_the_measured_run_lacks_is_said() -> None:
    """Not that it differs: it has nothing to differ with."""
    controls = held(run((100, 5, 80)), recording([]))
    assert controls["calls"].missing == "no request was due in 0-10 s"
    assert controls["calls"].verdict is Verdict.FAIL


def test_a_window_without_requests_is_not_compared() -> None:
    """As after the fault of a lab whose load is over by then: there is nothing to be alike."""
    calm = [one for one in run((100, 5, 80)).requests if one.intended_s < 6]
    short = replace(run((100, 5, 80)), requests=calm)
    assert set(held(short, short)) == {"before", "during", "calls"}
    assert held(short, run((100, 5, 80)))["after"].verdict is Verdict.FAIL
    assert "after" in held(run((100, 5, 80)), short)
