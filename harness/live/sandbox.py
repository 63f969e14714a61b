"""A system that a person puts together from the library: a form's values, and the lab of them.

Two designs are played side by side: `plain`, and `guarded`, whose hosts have the guards and the
settings that the form gives them besides. What is claimed of the two is the person's own guess.
Nothing of a form is ever run: a service is one of the library's, and values are values.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import LabError
from harness.live.library import apps
from harness.measures import success_ratio
from harness.model.expect import baseline, on
from harness.model.fault import Setting, during
from harness.model.fault_json import fault_from_json
from harness.model.lab import Lab, Service
from harness.model.loads import Paced, Poisson
from harness.model.names import nearest
from harness.model.phases import Surge
from harness.model.plain_values import short, value_of
from harness.model.validate import problems
from harness.model.variant import Broken, Fixed

PLAIN, GUARDED = "plain", "guarded"
FALLS, HOLDS = "falls", "holds"
QUESTION = "Which guards keep this system up, and which make it worse?"
LOADS: Mapping[str, type[Poisson | Paced]] = {"Poisson": Poisson, "Paced": Paced}
HEALTHY = 0.99
LONGEST_S = 120.0
MOST_RPS = 2000.0
BEFORE = 0.9
"""The part of the time before it that is held to be so: what is due at its end meets the fault."""
LEAST_BEFORE_S = 1.0
"""How long the system is seen healthy before anything happens to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostForm:
    """A host: its service, whom it calls, its settings, and those of the guarded design."""

    name: str
    service: str
    calls: tuple[str, ...] = ()
    replicas: int = 1
    settings: Mapping[str, Setting] = field(default_factory=dict)
    guards: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadForm:
    """What is sent; with `surge_times` above 1, so many times as much for a while."""

    to: str
    rate_rps: float
    kind: str = "Poisson"
    path: str = "/"
    timeout_ms: float = 2000.0
    surge_times: float = 1.0
    surge_start_s: float = 5.0
    surge_end_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultForm:
    """A fault and its window."""

    start_s: float
    end_s: float
    fault: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The whole; shares are of the requests that are due between the two judged moments."""

    title: str
    hosts: tuple[object, ...]
    load: object
    faults: tuple[object, ...] = ()
    duration_s: float = 20.0
    judged_from_s: float = 10.0
    judged_to_s: float = 20.0
    plain_at_most: float = 0.5
    guarded_at_least: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The lab of a form, and the form's parts in their types."""

    form: Form
    hosts: tuple[HostForm, ...]
    load: LoadForm
    lab: Lab

    healthy_s: float
    """Until when the system is held to be healthy."""


def made_of(document: object) -> Made:
    """Make the lab of a form's JSON object.

    Raises:
        LabError: a value is missing or of another type, or validation refuses the lab.

    """
    form = value_of(Form, document, "system")
    hosts = tuple(_host(one, number) for number, one in enumerate(form.hosts, 1))
    load = value_of(LoadForm, form.load, "load")
    for why in _against(form, hosts, load):
        raise LabError(why)
    windows = tuple(value_of(FaultForm, one, f"fault {n}") for n, one in enumerate(form.faults, 1))
    lab = _lab(form, hosts, load, windows)
    for problem in problems(lab):
        raise LabError(problem)
    healthy_s = round(BEFORE * _begins_s(load, windows), 3)
    return Made(form=form, hosts=hosts, load=load, lab=lab, healthy_s=healthy_s)


def _host(document: object, number: int) -> HostForm:
    host = value_of(HostForm, document, f"host {number}")
    if host.service not in apps():
        close = nearest(host.service, apps())
        raise LabError(f"host {host.name}: no service {short(host.service)} in the library{close}")
    return host


def _against(form: Form, hosts: Sequence[HostForm], load: LoadForm) -> Iterator[str]:
    """Say what is wrong that validation of a lab would not say, or not in the form's words."""
    if not form.title.strip():
        yield "the system has no title; give it one"
    if not hosts:
        yield "there is no host; add one"
    if not any(host.guards for host in hosts):
        yield "both designs are the same; give a host a guard, or another setting, when guarded"
    if load.kind not in LOADS:
        yield f"the load's kind is {short(load.kind)}; it may be {', '.join(LOADS)}"
    if not 0 < load.rate_rps * max(1.0, load.surge_times) <= MOST_RPS:
        yield f"the load may come to {MOST_RPS:g} requests a second at most, and above 0"
    if not 0 < form.duration_s <= LONGEST_S:
        yield f"duration_s is {form.duration_s:g}; it must be above 0, at most {LONGEST_S:g}"
    if not form.faults and load.surge_times <= 1:
        yield "nothing happens to the system; add a fault, or a surge of the load"
    if not 0 <= form.plain_at_most < form.guarded_at_least <= 1:
        yield (
            f"plain is to answer at most {form.plain_at_most:g} and guarded at least "
            f"{form.guarded_at_least:g}; the second must be more, and both shares, 0 to 1"
        )


def _begins_s(load: LoadForm, windows: Sequence[FaultForm]) -> float:
    """Give when something happens to the system first."""
    surge = [load.surge_start_s] if load.surge_times > 1 else []
    return min([*surge, *(one.start_s for one in windows)])


def _lab(
    form: Form, hosts: Sequence[HostForm], load: LoadForm, windows: Sequence[FaultForm]
) -> Lab:
    faults = tuple(
        during(one.start_s, one.end_s, fault_from_json(one.fault, f"fault {number}"))
        for number, one in enumerate(windows, 1)
    )
    surges = (_surge(load),) if load.surge_times > 1 else ()
    begins_s = _begins_s(load, windows)
    if not (math.isfinite(begins_s) and begins_s >= LEAST_BEFORE_S):
        raise LabError(
            f"something happens at {begins_s:g} s; let it begin at {LEAST_BEFORE_S:g} s or later, "
            "so that the system is seen healthy before"
        )
    judged = success_ratio(form.judged_from_s, form.judged_to_s)
    return Lab(
        title=form.title.strip(),
        question=QUESTION,
        services=tuple(_service(host) for host in hosts),
        load=LOADS[load.kind](
            to=load.to,
            path=load.path,
            rate_rps=load.rate_rps,
            timeout_ms=load.timeout_ms,
            phases=surges,
        ),
        duration_s=form.duration_s,
        faults=faults,
        variants=(Broken(PLAIN), Fixed(GUARDED, _guards(hosts))),
        expect=(
            baseline(success_ratio(0, round(BEFORE * begins_s, 3)), at_least=HEALTHY),
            on(PLAIN, claim=FALLS, measure=judged, at_most=form.plain_at_most),
            on(GUARDED, claim=HOLDS, measure=judged, at_least=form.guarded_at_least),
        ),
    )


def _surge(load: LoadForm) -> Surge:
    return Surge(start_s=load.surge_start_s, end_s=load.surge_end_s, times=load.surge_times)


def _service(host: HostForm) -> Service:
    return Service(
        host.name,
        app=apps()[host.service],
        calls=host.calls,
        settings=dict(host.settings),
        replicas=host.replicas,
    )


def _guards(hosts: Sequence[HostForm]) -> dict[str, Setting]:
    """Give the settings of the guarded design, as a variant has them."""
    return {f"{host.name}.{name}": to for host in hosts for name, to in host.guards.items()}


def labels() -> dict[str, Any]:
    """Give the fields of the load and of the guess as a page shows them, in their order."""
    load = {
        "kind": "kind",
        "to": "to",
        "path": "path",
        "rate_rps": "requests/s",
        "timeout_ms": "patience, ms",
        "surge_times": "surge, \N{MULTIPLICATION SIGN}",
        "surge_start_s": "from, s",
        "surge_end_s": "to, s",
    }
    guess = {
        "duration_s": "the run lasts, s",
        "judged_from_s": "judged from, s",
        "judged_to_s": "to, s",
        "plain_at_most": f"{PLAIN} answers at most (share)",
        "guarded_at_least": f"{GUARDED} at least (share)",
    }
    chosen = {"kind": list(LOADS), "to": "hosts"}
    told = [{"name": name, "label": label, "of": chosen.get(name)} for name, label in load.items()]
    return {
        "load": told,
        "guess": [{"name": name, "label": label} for name, label in guess.items()],
    }


def start() -> dict[str, Any]:
    """Give the form that a person finds first: a dependency that freezes under four tries."""
    return {
        "title": "My system",
        "hosts": [
            {
                "name": "shop",
                "service": "relay",
                "calls": ["stock"],
                "replicas": 1,
                "settings": {"timeout_ms": 500, "tries": 4},
                "guards": {"tries": 1},
            },
            {
                "name": "stock",
                "service": "worker",
                "calls": [],
                "replicas": 1,
                "settings": {"workers": 4, "service_ms": 40},
                "guards": {},
            },
        ],
        "load": {
            "kind": "Poisson",
            "to": "shop",
            "path": "/",
            "rate_rps": 70,
            "timeout_ms": 4000,
            "surge_times": 1,
            "surge_start_s": 5,
            "surge_end_s": 10,
        },
        "faults": [{"start_s": 5, "end_s": 8, "fault": {"kind": "Pause", "target": "stock"}}],
        "duration_s": 25,
        "judged_from_s": 18,
        "judged_to_s": 25,
        "plain_at_most": 0.5,
        "guarded_at_least": 0.9,
    }
