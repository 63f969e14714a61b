"""A system that a person puts together from the library: a form's values, and the lab of them.

Two designs are played side by side: `plain`, and `guarded`, whose hosts have the guards and the
settings that the form gives them besides. What is claimed of the two is the person's own guess.
Nothing of a form is ever run: a service is one of the library's, and values are values.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import LabError
from harness.live.library import STORE, STORES, apps, needs
from harness.live.sandbox_form import (
    GUARDED,
    LOADS,
    PLAIN,
    FaultForm,
    Form,
    HostForm,
    LoadForm,
)
from harness.measures import success_ratio
from harness.model.expect import baseline, on
from harness.model.fault import Setting, during
from harness.model.fault_json import fault_from_json
from harness.model.lab import Lab, Redis, Service
from harness.model.names import nearest
from harness.model.phases import Surge
from harness.model.plain_values import short, value_of
from harness.model.send import METHODS, Send
from harness.model.validate import problems
from harness.model.variant import Broken, Fixed

FALLS, HOLDS = "falls", "holds"
QUESTION = "Which guards keep this system up, and which make it worse?"
HEALTHY = 0.99
LONGEST_S = 120.0
MOST_RPS = 2000.0
BEFORE = 0.9
"""The part of the time before it that is held to be so: what is due at its end meets the fault."""
LEAST_BEFORE_S = 1.0
"""How long the system is seen healthy before anything happens to it."""


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
    if host.service not in (*apps(), STORE):
        close = nearest(host.service, (*apps(), STORE))
        raise LabError(f"host {host.name}: no service {short(host.service)} in the library{close}")
    return host


def _host_problems(hosts: Sequence[HostForm]) -> Iterator[str]:
    """Say what is wrong with the hosts that hosts call, as the form has them."""
    stores = {host.name for host in hosts if host.is_store}
    for host in hosts:
        if not host.is_store:
            yield from _unmet(host, stores)
        elif host.calls or host.guards or host.replicas != 1:
            yield f"host {host.name}: a Redis has no calls, no guards and no replicas"


def _unmet(host: HostForm, stores: Collection[str]) -> Iterator[str]:
    """Name settings that must be one of the host's calls, and are not."""
    for name in needs(host.service):
        kind = f"host that runs {STORE}" if name in STORES else "host"
        there = {call for call in host.calls if (call in stores) == (name in STORES)}
        given = [host.settings.get(name), *([host.guards[name]] if name in host.guards else [])]
        if not there.issuperset(given):
            yield f"host {host.name}: {name} must be a {kind}, and one of its calls; tick one"


def _load_problems(load: LoadForm) -> Iterator[str]:
    for name, there in (("kind", LOADS), ("method", METHODS)):
        if getattr(load, name) not in there:
            yield f"the load's {name} is {short(getattr(load, name))}; it may be {', '.join(there)}"
    if not 0 < load.rate_rps * max(1.0, load.surge_times) <= MOST_RPS:
        yield f"the load may come to {MOST_RPS:g} requests a second at most, and above 0"


def _against(form: Form, hosts: Sequence[HostForm], load: LoadForm) -> Iterator[str]:
    """Say what is wrong that validation of a lab would not say, or not in the form's words."""
    if not form.title.strip():
        yield "the system has no title; give it one"
    if not hosts:
        yield "there is no host; add one"
    if not any(host.guards for host in hosts):
        yield "both designs are the same; give a host a guard, or another setting, when guarded"
    yield from _host_problems(hosts)
    yield from _load_problems(load)
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
        services=tuple(_service(host) for host in hosts if not host.is_store),
        stores=tuple(_store(host) for host in hosts if host.is_store),
        load=LOADS[load.kind](
            to=load.to,
            **_asked(load),
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


def _asked(load: LoadForm) -> dict[str, Any]:
    if load.method == "GET":
        return {"path": load.path}
    return {"mix": (Send(method=load.method, path=load.path),)}


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


def _store(host: HostForm) -> Redis:
    return value_of(Redis, {"name": host.name, **host.settings}, f"host {host.name}")


def _guards(hosts: Sequence[HostForm]) -> dict[str, Setting]:
    """Give the settings of the guarded design, as a variant has them."""
    return {f"{host.name}.{name}": to for host in hosts for name, to in host.guards.items()}
