"""Ways to fool a verdict, each of them refused before a run, or judged FAIL or INCONCLUSIVE.

Those that take a real lab (a setting of its fix left out, a service that answers by itself, a
figure typed by hand) are in `test_fooling_labs.py`.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from harness import catalogue, runner
from harness.catalogue import Entry
from harness.checks.timing import LAG_LIMIT_MS, SCHEDULE_LIMIT_MS
from harness.checks.verdict import Control, Kind, Verdict, failures, judge
from harness.conductor import conductor
from harness.engines.compose.clocks import Clocks
from harness.engines.compose.loadlog import LoadLog, end_line, request_line
from harness.engines.protocol import Conductor, Observer, Plan
from harness.engines.sim.engine import SimEngine
from harness.errors import EnvironmentNotReadyError, ExitCode, FaultNotAppliedError
from harness.measures import attempts_per_request, recovery_s, success_ratio
from harness.measures import failures as failed
from harness.measures.series import increase
from harness.model import (
    Broken,
    Configure,
    Fixed,
    Kill,
    Lab,
    Latency,
    Paced,
    Partition,
    Pause,
    Service,
    Stop,
    Stream,
    baseline,
    during,
    noted,
    on,
    predict,
)
from harness.model.expect import Expectation, Measure, Prediction
from harness.model.fault import Fault, HostState, Setting, System, Timed, ToxicSpec
from harness.model.validate import problems
from harness.recording import FaultRecord, Recording, SeriesKey
from harness.result import Result
from tests.support import Silent, WholeSystem, recording, request, virtually

LAB = Lab(
    title="A small lab",
    question="Does it hold?",
    services=(
        Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 100}),
        Service("back", app="services.worker", settings={"workers": 1, "service_ms": 20}),
    ),
    load=Paced(rate_rps=20, to="front", timeout_ms=500),
    duration_s=5,
    faults=(during(1, 2, Pause("back")),),
    variants=(Broken("naive", {"front.tries": 4}), Fixed("calm", {"front.tries": 1})),
    expect=(
        baseline(success_ratio(0, 0.75), at_least=0.99),
        on("naive", claim="stays down", measure=success_ratio(3.5, 5), at_most=0.1),
        on("calm", claim="recovers", measure=recovery_s(), at_most=2),
    ),
)
CALLS = attempts_per_request("back", 3.5, 5)


@dataclass
class Replaying:
    """An engine that simulates each variant of the small lab once, and may spoil a recording."""

    real_time: bool = False
    spoil: Callable[[Recording], None] = lambda _: None
    name: str = SimEngine.name

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        del conduct, observer
        made = simulated(plan.variant.name, calm=not plan.lab.faults)
        copy = replace(made, requests=list(made.requests), faults=list(made.faults))
        self.spoil(copy)
        return copy


@cache
def simulated(variant: str, *, calm: bool) -> Recording:
    lab = LAB.without_trigger() if calm else LAB
    plan = Plan(slug="small", lab=lab, variant=lab.variant(variant), seed=1)
    return SimEngine().run(plan, conductor(lab.faults, lab.duration_s), Silent())


def checked(lab: Lab = LAB, engine: Replaying | None = None, *variants: str) -> Result:
    """Judge a lab that differs from the small one only in what it says of it."""
    assert list(problems(lab)) == []
    entry = Entry(slug="small", track="trial", folder=Path(), lab=lab)
    chosen = [one for one in lab.variants if not variants or one.name in variants]
    return runner.run(entry, chosen, 1, [engine or Replaying()], lambda *_: Silent())


def saying(*more: Expectation, predicts: Sequence[Prediction] = ()) -> Lab:
    return replace(LAB, expect=(*LAB.expect, *more), predict=tuple(predicts))


def only(result: Result) -> Control:
    """Give the one control that did not pass."""
    (found,) = failures(result.controls)
    return found


def refused(lab: Lab) -> str:
    """Give the one thing that is wrong with a lab before it runs."""
    (problem,) = problems(lab)
    return problem


def test_the_lab_that_is_to_be_fooled_passes() -> None:
    """So each of the others fails for its own reason."""
    assert checked().verdict is Verdict.PASS


@pytest.mark.parametrize("window", [(3, 3), (4, 3), (5, 9), (-1, 2), (60, 90)], ids=str)
def test_an_empty_window(window: tuple[float, float]) -> None:
    """One without requests would hold for no failures; it is refused before anything runs."""
    claim = on("calm", claim="no failures", measure=failed(*window), at_most=0)
    assert "window" in refused(saying(claim)) or "not within the run" in refused(saying(claim))
    assert math.isnan(failed(*window).of(simulated("naive", calm=False)))


def test_a_real_lab_judged_after_its_end() -> None:
    """`config-push` lasts 20 s; nobody fails at 60-90 s."""
    lab = catalogue.find("config-push").lab
    late = on("validated", claim="nobody notices", measure=failed(60, 90), at_most=0)
    said = "requests failed, 60-90 s: 60-90 s is not within the run, which lasts 20 s"
    assert refused(replace(lab, expect=(*lab.expect, late))) == said


def test_a_misspelt_callee() -> None:
    """Nobody calls `app4`, so it gets few calls; the name that was meant is told."""
    lab = catalogue.find("load-balancing").lab
    few = on(
        "two-choices",
        claim="the slow replica is avoided",
        measure=attempts_per_request("app4", 4.5, 6.5),
        at_most=0.22,
    )
    problem = refused(replace(lab, expect=(*lab.expect, few)))
    assert problem.startswith("calls to app4 per request, 4.5-6.5 s: no service calls 'app4'")
    assert "did you mean app-4" in problem
    reading = few.measure.read(simulated("calm", calm=False))
    assert math.isnan(reading.value)
    assert reading.missing == "no call to app4 in the whole run"


def test_a_misspelt_path() -> None:
    """No request is for it, so none of them fails."""
    measure = success_ratio(0, 5, path="/read")
    problem = refused(saying(on("calm", claim="reads go on", measure=measure, at_least=0.9)))
    assert "the load asks for no path '/read', only for /" in problem
    assert "no request for /read was due" in measure.read(simulated("calm", calm=False)).missing


@pytest.mark.parametrize(("at_least", "at_most"), [(-math.inf, 0), (0, math.inf)])
def test_a_series_of_nan(at_least: float, at_most: float) -> None:
    """A metric that no sample ever came of is no 0: it satisfies no bound, and no opposite."""
    metric = increase("breaker_trips_total", 0, 5)
    made = recording(duration_s=5)
    made.series = {SeriesKey("front", "breaker_trips_total", ""): [math.nan] * 6}
    assert metric.read(made).missing.startswith("fewer than two samples of breaker_trips_total")
    claim = on("calm", claim="trips", measure=metric, at_least=at_least, at_most=at_most)
    for bound in (claim.bound, claim.bound.complement()):
        assert not bound.holds(metric.of(made))
    found = failures(checked(saying(claim)).controls)
    assert {one.kind for one in found} == {Kind.HOLDS, Kind.TELLS_APART}
    assert all("no host has a metric" in one.missing for one in found)


@pytest.mark.parametrize(
    ("variant", "measure"),
    [("calm", success_ratio(0, 1)), ("naive", success_ratio(1, 2))],
    ids=["fixed", "broken"],
)
def test_a_claim_that_is_true_of_all(variant: str, measure: Measure) -> None:
    """Of the fixed variant and the broken one alike, with the fault and without it."""
    claim = on(variant, claim="empty", measure=measure, at_least=0)
    result = checked(saying(claim))
    assert result.verdict is Verdict.FAIL
    assert {one.kind for one in failures(result.controls)} == {Kind.TELLS_APART}
    told = noted(variant, claim="empty", measure=measure, at_least=0)
    assert checked(saying(told)).verdict is Verdict.PASS


def test_a_claim_about_nothing_but_notes() -> None:
    """A variant of which things are only noted cannot fail, so the lab is refused."""
    claims = [item for item in LAB.expect if "calm" not in item.variants]
    told = noted("calm", claim="recovers", measure=recovery_s(), at_most=2)
    assert "variant calm has no claim" in refused(replace(LAB, expect=(*claims, told)))


def predicted(**changes: object) -> Prediction:
    given = {
        "equals": 1.0,
        "because": "one try",
        "source": "counted",
        "on": "calm",
        **changes,
    }
    return predict("calls", CALLS, **given)  # type: ignore[arg-type]


def test_a_prediction_that_is_true_of_all() -> None:
    """Every variant answers before the fault; that predicts nothing, unless it says why."""
    same = predict(
        "all is well", success_ratio(0, 0.75), on="calm", equals=1, because="", source="counted"
    )
    control = only(checked(saying(predicts=[same])))
    assert (control.kind, control.variant) == (Kind.TELLS_APART, "naive")
    assert checked(saying(predicts=[predicted()])).verdict is Verdict.PASS
    excused = replace(same, also={"naive": "nothing is broken yet"})
    assert checked(saying(predicts=[excused])).verdict is Verdict.PASS


class Half(WholeSystem):
    """A system in which a fault only ever reaches the first of its links or hosts."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.stuck = stuck
        self.there: dict[str, list[str]] = {}
        self.changes: dict[str, Mapping[str, Setting]] = {}

    async def links(self) -> Collection[str]:
        return ["a->b", "b->a"]

    async def behind(self, name: str) -> Collection[str]:
        return [f"{name}-1", f"{name}-2"]

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        if self.stuck or not self.there:
            self.there.setdefault(link, []).append(toxic.name)

    async def remove_toxic(self, link: str, name: str) -> None:
        if not self.stuck or link == "a->b":
            self.there[link] = [one for one in self.there.get(link, []) if one != name]

    async def toxics(self, link: str) -> Collection[str]:
        return self.there.get(link, [])

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        if self.stuck and host.endswith("2") and not changes:
            return
        if self.stuck or host.endswith("1"):
            self.changes[host] = dict(changes)

    async def configured(self, host: str) -> Mapping[str, Setting]:
        return self.changes.get(host, {})


def conducted(timed: Timed, system: System) -> list[FaultRecord]:
    async def main() -> list[FaultRecord]:
        return await conductor((timed,), 5)(system)

    return virtually(main())


WIDE: tuple[Fault, ...] = (Partition(("a",), ("b",)), Configure("a", x=1))


@pytest.mark.parametrize("fault", WIDE, ids=lambda fault: fault.name)
def test_a_fault_that_is_there_in_half(fault: Fault) -> None:
    """On one link of two, or one replica of two: it was not applied, and the run ends."""
    with pytest.raises(FaultNotAppliedError, match="not all of it is there") as caught:
        conducted(during(1, 2, fault), Half())
    assert caught.value.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("fault", WIDE, ids=lambda fault: fault.name)
def test_a_fault_of_which_half_stays(fault: Fault) -> None:
    """What comes after it would be measured under the other half."""
    with pytest.raises(FaultNotAppliedError, match="still there after its removal"):
        conducted(during(1, 2, fault), Half(stuck=True))


def test_a_toxic_in_one_direction_of_two() -> None:
    """A latency both ways puts a toxic on each stream of one link."""

    class OneWay(Half):
        async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
            if toxic.stream == "upstream":
                self.there.setdefault(link, []).append(toxic.name)

    slow = during(1, 2, Latency("a->b", latency_ms=100, stream=Stream.BOTH))
    with pytest.raises(FaultNotAppliedError, match="not all of it is there"):
        conducted(slow, OneWay())


@pytest.mark.parametrize("inner", [Kill("back"), Stop("back", grace_s=1)], ids=lambda one: one.name)
def test_a_fault_within_another_that_it_would_undo(inner: Fault) -> None:
    """The end of a kill starts the process anew, and with it lifts the pause around it."""
    both = (during(1, 4, Pause("back")), during(2, 3, inner))
    problem = refused(replace(LAB, faults=both))
    assert problem.startswith(f"{inner.name}: overlaps in time with pause back")
    assert problem.endswith("the end of one would undo the other")


@dataclass
class Thawing(WholeSystem):
    """A system in which something else lets a paused host go on after a second."""

    paused_s: float = field(default=math.nan)

    async def pause(self, host: str) -> None:
        del host
        self.paused_s = self.now()

    async def resume(self, host: str) -> None:
        del host
        self.paused_s = math.nan

    async def state(self, host: str) -> HostState:
        del host
        return HostState.PAUSED if self.now() < self.paused_s + 1 else HostState.RUNNING


def test_a_fault_that_something_else_undoes_in_mid_run() -> None:
    """It was there when it began; at its end it must be there as well."""
    assert conducted(during(1, 1.5, Pause("back")), Thawing())
    with pytest.raises(FaultNotAppliedError, match="before its end at 4 s; something else has"):
        conducted(during(1, 4, Pause("back")), Thawing())


def late(**seconds: float) -> Callable[[Recording], None]:
    """Shift what is named of each request or fault by so many seconds."""

    def spoil(made: Recording) -> None:
        sent_s = seconds.get("sent_s", 0)
        made.requests = [one._replace(sent_s=one.sent_s + sent_s) for one in made.requests]
        made.faults = [_late(one, seconds) for one in made.faults]

    return spoil


def _late(one: FaultRecord, seconds: Mapping[str, float]) -> FaultRecord:
    shifts = {name: by_s for name, by_s in seconds.items() if name != "sent_s"}
    return replace(one, **{name: getattr(one, name) + by_s for name, by_s in shifts.items()})


SEND_S = 1.1 * SCHEDULE_LIMIT_MS / 1000
LAG_S = 1.1 * LAG_LIMIT_MS / 1000


@pytest.mark.parametrize(
    "seconds",
    [
        {"sent_s": SEND_S},
        {"requested_s": LAG_S},
        {"seen_s": LAG_S},
        {"removal_s": LAG_S},
    ],
    ids=lambda seconds: next(iter(seconds)),
)
def test_a_load_or_a_fault_that_is_late(seconds: dict[str, float]) -> None:
    """A load behind its schedule, a fault behind its time, a harness that was held meanwhile.

    Every claim holds, and nothing is proven; in virtual time nothing is ever late.
    """
    result = checked(LAB, Replaying(real_time=True, spoil=late(**seconds)))
    assert {one.kind for one in failures(result.controls)} == {Kind.TIMING}
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.verdict.exit_code == 2
    in_time = {name: by_s / 2 for name, by_s in seconds.items()}
    assert checked(LAB, Replaying(real_time=True, spoil=late(**in_time))).verdict is Verdict.PASS


def test_a_late_run_without_the_fault() -> None:
    """It would show a broken variant as sick without its fault, or as well."""

    def spoil(made: Recording) -> None:
        if not made.faults:
            late(sent_s=SEND_S)(made)

    result = checked(LAB, Replaying(real_time=True, spoil=spoil))
    assert only(result).measure == "delay, p99, without the fault"
    assert result.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("ahead_s", [0.2, -0.2, 3600])
def test_clocks_that_are_apart(ahead_s: float) -> None:
    """Faults would come at other times than the requests say."""
    clocks = Clocks()
    clocks.hear(asked_s=100, told_s=100.001 + ahead_s, heard_s=100.002, boot="")
    with pytest.raises(EnvironmentNotReadyError, match=r"^the clock of .* faults would come") as it:
        clocks.check()
    assert it.value.exit_code is ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_lines_of_the_load_that_are_lost(lost: int) -> None:
    """Those that got no answer may be the ones; the end line has the count."""
    lines = [request_line(request(number, number)) for number in range(3)]
    log = LoadLog()
    for line in (*lines[lost:], end_line(3, len(lines))):
        log.take(line)
    if lost:
        with pytest.raises(EnvironmentNotReadyError, match=f"sent 3 .* tells of {3 - lost}: "):
            log.check()
    else:
        log.check()


def test_a_fix_undone_under_another_name() -> None:
    """A fixed variant that runs as the broken one does is the broken one."""
    broken = replace(simulated("naive", calm=False), variant="calm")
    (control,) = failures(judge(LAB, broken))
    assert (control.kind, control.claim) == (Kind.HOLDS, "recovers")


@pytest.mark.parametrize("variant", ["naive", "calm"])
def test_a_part_of_a_lab(variant: str) -> None:
    """What ran passes, and it says what did not run and which claims that leaves unproven."""
    result = checked(LAB, None, variant)
    assert result.verdict is Verdict.PASS
    (other,) = {"naive", "calm"} - {variant}
    assert result.left_out == (other,)
    assert f"recovers: {other} did not run" in result.unproven
    assert checked().unproven == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": 0.3, "leaves_out": "much"}, "a model may leave out 0 to 0.25"),
        ({"model": 0.1}, "say in leaves_out= what the theory leaves out"),
        ({"chance": 0.13}, "more than half of its figure either way"),
        ({"model": 0.25, "leaves_out": "x", "chance": 0.07}, "more than half of its figure"),
        ({"chance": -1.0}, "it is a standard deviation, 0 or more"),
        ({"chance": math.nan}, "it is a standard deviation, 0 or more"),
        ({"chance": math.inf}, "it is a standard deviation, 0 or more"),
        ({"model": math.nan, "leaves_out": "x"}, "a model may leave out 0 to 0.25"),
        ({"equals": math.nan}, "it must be a finite number"),
        ({"seeds": 0}, "it may be 1 to 32"),
        ({"seeds": 10_000}, "it may be 1 to 32"),
        ({"also": {"naive": ""}}, "does not say why it is also true of naive"),
    ],
    ids=str,
)
def test_a_bound_set_by_hand(changes: dict[str, object], said: str) -> None:
    """A tolerance so wide that anything fits, or without a reason, is refused before the run."""
    assert said in refused(saying(predicts=[predicted(**changes)]))


def test_a_claim_without_a_bound() -> None:
    """It could not fail."""
    endless = on("calm", claim="recovers some day", measure=recovery_s(), at_most=math.inf)
    assert "has no bound, so it cannot fail" in refused(saying(endless))
