"""What can be wrong with a lab: everything that is, in one line each, the most basic first."""

import math
import sys
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, NoReturn

import pytest

from harness import catalogue
from harness.measures import (
    answer_ratio,
    attempts_per_request,
    attempts_rps,
    first_good_call_s,
    recovery_s,
    success_ratio,
    wasted_ratio,
)
from harness.measures.plots import calls_to, failures_by_host
from harness.model import (
    Broken,
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Fixed,
    Kill,
    Lab,
    Paced,
    Partition,
    Pause,
    Poisson,
    Redis,
    RefuseNew,
    Service,
    Stop,
    Unanswered,
    baseline,
    during,
    noted,
    on,
    predict,
)
from harness.model.expect import Measure
from harness.model.fault import Fault, Timed
from harness.model.operations import HealAll
from harness.model.script import Act
from harness.model.toxic import Down, Latency, Slicer, Stream, Timeout
from harness.model.validate import problems
from harness.model.variant import Variant
from tests.support import probe

LINK = "front->back"

LAB = Lab(
    title="",
    question="",
    services=(
        Service("front", app="services.relay", calls=("back",)),
        Service("back", app="services.worker"),
    ),
    load=Paced(rate_rps=10, to="front"),
    duration_s=10,
    faults=(during(2, 4, Pause("back")),),
    variants=(Broken("naive", {"front.tries": 4}), Fixed("calm")),
    expect=(
        baseline(success_ratio(0, 2), at_least=0.99),
        on("naive", claim="stays down", measure=success_ratio(5, 10), at_most=0.1),
        on("calm", claim="recovers", measure=recovery_s(), at_most=2),
    ),
)


THEORY = predict("recovers", recovery_s(), on="calm", equals=1, because="", source="")


def faulty(*faults: Timed) -> Lab:
    return replace(LAB, faults=faults)


def said(lab: Lab) -> list[str]:
    return list(problems(lab))


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_the_labs_of_the_repository_have_no_problems(slug: str) -> None:
    """Nothing is said of a lab that makes sense."""
    assert said(catalogue.find(slug).lab) == []


def test_a_lab_that_makes_sense_has_no_problems() -> None:
    """Faults on hosts and links, one after the other or on different places, are fine."""
    assert said(LAB) == []
    fine = faulty(
        during(1, 2, Pause("back")),
        during(2, 3, Kill("back")),
        during(1, 3, Pause("front")),
        during(1, 3, ClockSkew("back", skew_s=1)),
        during(1, 3, CpuSlow("back", factor=2)),
        during(1, 9, Latency(LINK, latency_ms=5)),
        during(1, 9, Latency(LINK, latency_ms=5, stream=Stream.UPSTREAM)),
        during(1, 9, Timeout(LINK)),
        during(1, 10, Down("client->front")),
    )
    assert said(fine) == []


def test_all_problems_are_told_the_basic_ones_first() -> None:
    """A reader who mends one after the other mends the causes before what follows from them."""
    wrong = replace(
        LAB,
        services=(*LAB.services, Service("back", app="services.nowhere", calls=("void",))),
        load=Poisson(rate_rps=-1, to="void", timeout_ms=-2),
        duration_s=-1,
        variants=(Broken("naive", {"x": 1}),),
        expect=(on("other", claim="recovers", measure=recovery_s(), at_most=2),),
    )
    assert said(wrong) == [
        "2 hosts are called 'back'; names must differ",
        "back calls 'void', which is not one of back, front",
        "service back: No module named 'services.nowhere'",
        "duration_s is -1; it must be above 0",
        "the load goes to 'void', not one of back, front",
        "load: timeout_ms is -2; it must be above 0",
        "load: rate_rps is -1; it must be above 0",
        "pause back: ends at 4 s, after the run, which lasts -1 s",
        "no Fixed variant: a lab shows what breaks and what holds",
        "variant naive: 'x' is no service.setting of back, front",
        "variant naive: service back: No module named 'services.nowhere'",
        (
            "no baseline(...) in expect=; add one that shows the system healthy before the "
            "fault, for without it a run proves nothing"
        ),
        "'recovers' is about 'other', which is not one of naive",
        'variant naive has no claim, so it cannot fail; add on("naive", ...) to it',
    ]


@pytest.mark.parametrize("part", ["services", "faults", "variants", "expect"])
def test_a_single_item_wants_its_comma(part: str) -> None:
    """Parentheses alone make no tuple, and nothing else is said before that is mended."""
    (first, *_) = getattr(LAB, part)
    (line,) = said(_with(part, first))
    kind = type(first).__name__
    assert line == f"{part} is one {kind}; write a tuple, with a comma after a single item"


@pytest.mark.parametrize(
    ("part", "item", "line"),
    [
        ("services", "front", "services holds a str; it may hold Service"),
        ("faults", Pause("back"), "faults holds a Pause; it may hold Timed"),
        (
            "variants",
            Variant("naive"),
            "variants holds a Variant; it may hold Broken or Fixed or Measured",
        ),
        ("expect", recovery_s(), "expect holds a Measure; it may hold Expectation"),
        ("predict", LAB.expect[0], "predict holds a Expectation; it may hold Prediction"),
    ],
)
def test_an_item_of_another_kind_is_told(part: str, item: object, line: str) -> None:
    """What was meant is seen from what a part may hold."""
    assert said(_with(part, (item,))) == [line]


def _with(part: str, value: object) -> Lab:
    """Replace a part as somebody does who runs no type checker."""
    untyped: Any = replace
    changed: Lab = untyped(LAB, **{part: value})
    return changed


def test_a_lab_has_faults_and_no_script() -> None:
    """What is done by hand is no part of what it proves."""
    act = Act(at_s=1, operation=HealAll())
    assert said(replace(LAB, script=(act,))) == [
        "script is for runs by hand, which containers do not know; write faults= and steps="
    ]


@pytest.mark.parametrize("duration_s", [0, -1, float("nan"), float("inf")])
def test_a_run_has_an_end_and_is_not_empty(duration_s: float) -> None:
    """No duration that would hang the simulator or make no second of it."""
    lines = said(replace(LAB, duration_s=duration_s, faults=()))
    assert lines == [f"duration_s is {duration_s:g}; it must be above 0"]


@pytest.mark.parametrize("value", ["10", None, True])
def test_a_duration_is_a_number(value: object) -> None:
    """Words, nothing and truth are none."""
    assert said(_with("duration_s", value)) == [f"duration_s is {value!r}; it must be a number"]


@pytest.mark.parametrize("rate_rps", [float("inf"), float("nan")])
def test_a_rate_is_finite(rate_rps: float) -> None:
    """An endless rate would draw arrivals for ever, and an unknown one none at all."""
    lines = said(replace(LAB, load=Poisson(rate_rps=rate_rps, to="front")))
    assert lines == [f"load: rate_rps is {rate_rps:g}; it must be a finite number"]


@pytest.mark.parametrize(
    ("start_s", "end_s", "line"),
    [
        (
            4,
            2,
            "pause back: ends (2 s) before it starts (4 s). Swap the two numbers in during(...).",
        ),
        (3, 3, "pause back: starts and ends at 3 s. Give during(...) a later end."),
        (-1, 2, "pause back: starts at -1 s, before the run. Let it start after 0 s."),
        (
            float("nan"),
            2,
            "pause back: starts at nan s and ends at 2 s. Give during(...) two numbers.",
        ),
        (
            2,
            float("nan"),
            "pause back: starts at 2 s and ends at nan s. Give during(...) two numbers.",
        ),
        (9, 10.1, "pause back: ends at 10.1 s, after the run, which lasts 10 s"),
        (9, float("inf"), "pause back: ends at inf s, after the run, which lasts 10 s"),
        (0, 2, "pause back: begins at 0 s; leave time to see a healthy start"),
    ],
)
def test_a_fault_has_its_time_within_the_run(start_s: float, end_s: float, line: str) -> None:
    """It begins after a healthy start and is over when the run is."""
    assert said(faulty(during(start_s, end_s, Pause("back")))) == [line]


def test_a_fault_hits_what_there_is() -> None:
    """A host's fault wants a host, a link's a link, and both are told what there is."""
    hosts, links = "back, front", "client->front, front->back"
    wanted: dict[Fault, str] = {
        Pause("bakc"): f"pause bakc: 'bakc' is not one of {hosts} (did you mean back?)",
        Kill(LINK): f"kill {LINK}: '{LINK}' is not one of {hosts} (did you mean front or back?)",
        Pause("client"): f"pause client: 'client' is not one of {hosts}",
        Down("back"): f"down back: 'back' is not one of {links}",
        Down("back->front"): f"down back->front: 'back->front' is not one of {links} "
        "(did you mean client->front?)",
        Timeout("back"): f"timeout back: 'back' is not one of {links}",
    }
    for fault, line in wanted.items():
        (problem,) = said(faulty(during(1, 2, fault)))
        assert problem.startswith(line)


def test_a_faults_own_problems_are_told_with_its_name() -> None:
    """Values that a toxic cannot take are the lab's problem."""
    slicer = Slicer(LINK, average_bytes=0)
    assert said(faulty(during(1, 2, slicer))) == [
        f"{slicer.name}: average_bytes is 0; below 1 it crashes Toxiproxy"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Pause("back"), Pause("back")),
        (Kill("back"), Kill("back")),
        (Down(LINK), Down(LINK)),
        (Latency(LINK, latency_ms=5), Latency(LINK, latency_ms=9)),
        (Latency(LINK, latency_ms=5, stream=Stream.BOTH), Latency(LINK, latency_ms=9)),
        (Pause("back"), Kill("back")),
        (Kill("back"), Stop("back")),
        (Stop("back"), Pause("back")),
        (CpuSlow("back", factor=2), CpuSlow("back", factor=3)),
        (Configure("back", service_ms=80), Configure("back", service_ms=90)),
        (Partition(("front",), ("back",)), Partition(("back",), ("front", "client"))),
        (RefuseNew(LINK), Unanswered(LINK)),
    ],
    ids=str,
)
def test_faults_that_would_undo_each_other_are_refused(one: Any, other: Any) -> None:
    """Two that hold one thing at a time, of whatever kind: the end of one would undo the other."""
    (line,) = said(faulty(during(2, 4, one), during(3, 5, other)))
    assert line.startswith(f"{other.name}: overlaps in time with {one.name}, and both hold the ")
    assert said(faulty(during(2, 4, one), during(4, 5, other))) == []


@pytest.mark.parametrize("name", ["", "Front", "front end", "a/b", "a.b", "a->b", "..", "1st", "ü"])
def test_names_are_fit_for_hosts_and_folders(name: str) -> None:
    """A service is a host and a container, a variant is a folder."""
    wanted = (
        f"invalid name {name!r}: use lower-case letters, digits and single dashes, "
        "and begin with a letter"
    )
    assert wanted in said(
        replace(LAB, services=(*LAB.services, Service(name, app="services.worker")))
    )
    assert wanted in said(replace(LAB, variants=(*LAB.variants, Fixed(name))))


def test_a_prediction_expects_nothing() -> None:
    """Theory is held against the run as well, but a variant's claim is the lab's own."""
    lab = replace(LAB, expect=LAB.expect[:2], predict=(THEORY,))
    assert said(lab) == ['variant calm has no claim, so it cannot fail; add on("calm", ...) to it']
    lost = replace(LAB, predict=(replace(THEORY, on="clam"),))
    assert said(lost) == [
        "'recovers' is about 'clam', which is not one of calm, naive (did you mean calm?)"
    ]


def test_what_is_noted_is_no_claim() -> None:
    """It is true of others as well, so a variant of which nothing else is said cannot fail."""
    told = noted("calm", claim="recovers", measure=recovery_s(), at_most=2)
    lab = replace(LAB, expect=(*LAB.expect[:2], told))
    assert said(lab) == ['variant calm has no claim, so it cannot fail; add on("calm", ...) to it']


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": 0.3, "leaves_out": "much"}, "leaves out 0.3 of its figure; a model may leave"),
        ({"model": -0.1, "leaves_out": "x"}, "leaves out -0.1 of its figure"),
        ({"model": 0.1}, "has a model tolerance; say in leaves_out="),
        ({"chance": -1.0}, "has a chance of -1; it is a standard deviation"),
        ({"chance": math.nan}, "has a chance of nan"),
        ({"chance": math.inf}, "has a chance of inf"),
        ({"equals": math.nan}, "equals nan; it must be a finite number"),
        ({"equals": 1.0, "chance": 0.126}, "accepts 1 ± 0.504, more than half of its figure"),
        ({"seeds": 0}, "is the mean of 0 seeds; it may be 1 to 32"),
        ({"seeds": 33}, "is the mean of 33 seeds"),
        ({"also": {"calm": "it is"}}, "is on calm already"),
        ({"also": {"naive": ""}}, "does not say why it is also true of naive"),
        ({"also": {"nobody": "x"}}, "is about 'nobody', which is not one of calm, naive"),
    ],
    ids=str,
)
def test_a_predictions_tolerance_is_no_free_choice(changes: Any, problem: str) -> None:
    """What the theory leaves out is small and has a reason; the rest is chance, or more seeds."""
    lines = said(replace(LAB, predict=(replace(THEORY, **changes),)))
    assert any(line.startswith(f"'recovers' {problem}") for line in lines), lines


def test_a_tolerance_of_half_the_figure_is_the_most() -> None:
    """And more seeds make it smaller."""
    assert said(replace(LAB, predict=(replace(THEORY, chance=0.125),))) == []
    assert said(replace(LAB, predict=(replace(THEORY, chance=0.25, seeds=4),))) == []


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (
            on("naive", "calm", claim="x", measure=recovery_s(), at_most=2),
            "'x' is about broken and fixed variants",
        ),
        (on("calm", claim="x", measure=recovery_s()), "'x' has no bound, so it cannot fail"),
        (on(claim="x", measure=recovery_s(), at_most=2), "'x' is about no variant; name one"),
        (
            on("calm", claim="x", measure=recovery_s(), at_most=2, unlike="naife"),
            "'x' is about 'naife', which is not one of calm, naive (did you mean naive?)",
        ),
        (
            on("calm", claim="x", measure=recovery_s(), at_most=2, unlike="calm"),
            "'x' cannot be true and false of calm",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_claim_says_of_whom_it_is_and_what_it_is_false_of(item: Any, problem: str) -> None:
    """Broken and fixed variants are told apart by other things, so they have claims apart."""
    lines = said(replace(LAB, expect=(*LAB.expect, item)))
    assert any(line.startswith(problem) for line in lines), lines


@pytest.mark.parametrize(
    ("measure", "problem"),
    [
        (success_ratio(5, 11), "5-11 s is not within the run, which lasts 10 s"),
        (success_ratio(60, 90), "60-90 s is not within the run"),
        (success_ratio(5, 5), "5-5 s is an empty window"),
        (success_ratio(-1, 5), "-1-5 s is an empty window"),
        (first_good_call_s("back", 10), "10-inf s is not within the run"),
        (success_ratio(5, 9, path="/x"), "the load asks for no path '/x', only for /"),
        (answer_ratio("a", 5, 9), "it reads answers, which the load does not keep"),
        (
            attempts_rps("bakc", 5, 9),
            "no service calls 'bakc'; called are back (did you mean back?)",
        ),
        (attempts_per_request("front", 5, 9), "no service calls 'front'; called are back"),
        (wasted_ratio("bakc", 5, 9), "'bakc' is not one of back, front (did you mean back?)"),
    ],
    ids=lambda value: value.name if isinstance(value, Measure) else "",
)
def test_a_measure_looks_at_what_the_lab_has(measure: Measure, problem: str) -> None:
    """Windows, callees and paths are known before anything runs, with the nearest name."""
    item = on("calm", claim="x", measure=measure, at_most=2)
    lines = said(replace(LAB, expect=(*LAB.expect, item)))
    assert len(lines) == 1
    assert lines[0].startswith(f"{measure.name}: {problem}")


def test_a_path_may_be_one_that_the_load_fills_in() -> None:
    """`/kv/` is asked for by `/kv/{key}`, and so is `/kv/3`; `/kw` is not."""
    lab = replace(LAB, load=Paced(rate_rps=10, to="front", path="/kv/{key}"))
    for path, count in (("/kv/", 0), ("/kv/3", 0), ("/", 0), ("/kw", 1)):
        item = on("calm", claim="x", measure=success_ratio(5, 9, path=path), at_most=2)
        assert len(said(replace(lab, expect=(*lab.expect, item)))) == count, path


def test_a_plot_looks_at_what_the_lab_has() -> None:
    """A curve of nobody would be flat, and look like a finding."""
    lab = replace(LAB, plots=(calls_to("bakc", title="Calls"), failures_by_host("frond")))
    assert said(lab) == [
        "plot 'Calls': no service calls 'bakc'; called are back (did you mean back?)",
        "plot 'Failed requests': 'frond' is not one of back, front (did you mean front?)",
    ]


def replicated(*others: Service, to: str = "front", calls: str = "back") -> Lab:
    """Give the lab with three backs."""
    front, back = LAB.services
    services = (replace(front, calls=(calls,)), replace(back, replicas=3), *others)
    return replace(LAB, services=services, load=Paced(rate_rps=10, to=to), faults=())


def test_replicas_are_called_by_their_common_name_or_one_by_one() -> None:
    """By services, by the load and by faults."""
    assert said(replicated()) == []
    assert said(replicated(to="back")) == []
    assert said(replicated(to="back-3", calls="back-2")) == []
    assert said(replace(replicated(), faults=(during(2, 4, Pause("back-3")),))) == []
    assert said(replace(replicated(), faults=(during(2, 4, Down("front->back")),))) == []
    known = "back, back-1, back-2, back-3, front"
    assert said(replicated(calls="back-4")) == [
        f"front calls 'back-4', which is not one of {known}"
    ]
    assert said(replicated(to="back-4")) == [f"the load goes to 'back-4', not one of {known}"]


def test_a_fault_hits_one_replica() -> None:
    """Their common name is no host."""
    lines = said(replace(replicated(), faults=(during(2, 4, Pause("back")),)))
    known = "back-1, back-2, back-3, front (did you mean back-3 or back-2 or back-1?)"
    assert lines == [f"pause back: 'back' is not one of {known}"]


@pytest.mark.parametrize("replicas", [0, -1, 101, 10**9, 1.5, "3", True, None])
def test_there_are_one_to_a_hundred_replicas(replicas: Any) -> None:
    """As a whole number."""
    front, back = LAB.services
    lab = replace(LAB, services=(front, replace(back, replicas=replicas)))
    assert said(lab) == [
        f"service back: replicas is {replicas!r}; it must be a whole number from 1 to 100"
    ]


def unequal(**each: Any) -> Lab:
    """Give the lab with three backs that differ."""
    front, back, *_ = replicated().services
    return replace(replicated(), services=(front, replace(back, each=each)))


def test_a_lab_has_as_many_hosts_as_containers_carry_or_says_why_not() -> None:
    """Fourteen are well; with more it is for the simulator alone, for a reason."""
    front, back = LAB.services
    few, many = (
        replace(LAB, services=(front, replace(back, replicas=count)), faults=())
        for count in (13, 14)
    )
    assert said(few) == []
    (told,) = said(many)
    assert told.startswith("15 hosts; containers carry 14 beside proxy, Prometheus and load.")
    assert said(replace(many, simulated_only="gossip needs a crowd")) == []


def test_replicas_may_differ() -> None:
    """By settings that the service has and values that it takes; what is on all is told once."""
    assert said(unequal(service_ms=(10, 20, 30))) == []
    bad = "service back: service_ms is -1; it must be at least 0"
    assert said(unequal(service_ms=(10, -1, -1)))[0] == bad
    assert said(unequal(service_ms=(10, -1, -1))).count(bad) == 1
    assert "no setting 'speed'" in said(unequal(speed=(1, 2, 3)))[0]


@pytest.mark.parametrize("values", [(1, 2), (1, 2, 3, 4), [1, 2, 3], 7])
def test_each_replica_has_one_value(values: Any) -> None:
    """As many as there are replicas, in a tuple."""
    wanted = f"each service_ms is {values!r}; it must be a tuple of 3 values, one for each replica"
    assert said(unequal(service_ms=values)) == [f"service back: {wanted}"]


def test_names_of_replicas_collide_with_nothing() -> None:
    """Neither a replica's own name nor the common one is another host's."""
    other = Service("back-1", app="services.worker")
    assert said(replicated(other)) == ["2 hosts are called 'back-1'; names must differ"]
    stores = (Redis("back"),)
    lines = said(replace(replicated(), stores=stores))
    assert lines == ["2 hosts are called 'back'; names must differ"]
    prometheus = Service("prometheus", app="services.worker", replicas=2)
    assert said(replicated(prometheus)) == [
        "host name 'prometheus' is reserved; every lab already has one. Choose another name."
    ]


def _unset(_: object) -> NoReturn:
    raise AssertionError


@dataclass(frozen=True, kw_only=True)
class Demanding:
    """Settings of which one must be given."""

    size: int
    depth: int = field(default=1)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size is {self.size}; it must be above 0")


def test_what_a_services_settings_refuse_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is missing, or that the service itself rejects, is a problem of the lab."""
    module = ModuleType("demanding")
    vars(module).update(Settings=Demanding, app=_unset)
    monkeypatch.setitem(sys.modules, "demanding", module)

    def lab(**settings: int) -> Lab:
        return replace(
            LAB, services=(*LAB.services, Service("deep", app="demanding", settings=settings))
        )

    assert said(lab(size=1)) == []
    assert said(lab())[0].startswith("service deep: ")
    assert "missing 1 required keyword-only argument: 'size'" in said(lab())[0]
    assert said(lab(size=0))[0] == ("service deep: size is 0; it must be above 0")


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (
            Configure("back", workers=2),
            "service back: 'workers' is no live setting; live are service_ms, slow_ratio",
        ),
        (
            Configure("back", sise=2),
            "service back: 'sise' is no live setting; live are service_ms, slow_ratio",
        ),
        (Configure("back", service_ms="x"), "service back: service_ms is 'x'; it must be of type"),
        (Configure("back", service_ms=-1), "service back: service_ms is -1; it must be at least 0"),
        (Configure("store", maxmemory=1), "it runs Redis, which has no settings that a lab could"),
        (
            Configure("still", ttl_ms=1),
            "service still: 'ttl_ms' is no live setting; live are incoming.*",
        ),
        (Configure("bare", ttl_ms=1), "service bare: 'ttl_ms' is no live setting; none of this"),
    ],
)
def test_a_change_that_no_process_would_take_is_refused(fault: Configure, problem: str) -> None:
    """Once for all variants, in a line that says what may be changed."""
    lab = replace(
        faulty(during(2, 4, fault)),
        stores=(Redis("store"),),
        services=(
            *LAB.services,
            Service("still", app="services.registers"),
            Service("bare", app=probe("bare", _unset)),
        ),
    )
    (line,) = [one for one in said(lab) if one.startswith("configure")]
    assert line.startswith(f"{fault.name}: {problem}")


@pytest.mark.parametrize("fault", [CpuSlow("store", factor=2), DiskFull("store")])
def test_what_a_redis_would_not_feel_is_refused(fault: Fault) -> None:
    """A fault that changes nothing proves nothing."""
    lab = replace(faulty(during(2, 4, fault)), stores=(Redis("store"),))
    assert said(lab) == [
        f"{fault.name}: it runs Redis, which in the simulation has neither a CPU nor a disk to hit"
    ]


@pytest.mark.parametrize("after_s", [0, -1, float("inf"), float("nan"), True, "2"])
def test_a_policy_of_restarts_is_a_time(after_s: Any) -> None:
    """Or None, which is none."""
    front, back = LAB.services
    wanted = f"service back: restart_after_s is {after_s!r}; it must be above 0, or None"
    for value, lines in ((after_s, [wanted]), (0.5, []), (2, [])):
        changed = replace(back, restart_after_s=value)
        assert said(replace(LAB, services=(front, changed))) == lines


def test_a_change_is_tried_under_every_variant() -> None:
    """A setting of a variant may be what does not go together with it."""
    lab = faulty(during(2, 4, Configure("back", service_ms=80)))
    assert said(lab) == []
    odd = replace(lab, variants=(*lab.variants[:1], Fixed("calm", {"back.workers": 0})))
    assert [line for line in said(odd) if line.startswith("configure")] == [
        "configure back (service_ms=80): service back: workers is 0; it must be at least 1"
    ]
