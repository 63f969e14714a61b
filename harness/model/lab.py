"""A lab is a value: what runs, what loads it, what breaks, and what must then be seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from harness.model.across import Across
from harness.model.distance import Distance
from harness.model.drawn import Drawn
from harness.model.expect import Expectation, Plot, Prediction
from harness.model.fault import Setting, Timed
from harness.model.load import Load
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.changes import Change
from harness.model.reading import UNREAD, Reading
from harness.model.script import Script, windows

CLIENT = "client"
"""The name under which the load's own host appears in links and spans."""

BESIDE = ("toxiproxy", "prometheus", "load")
"""What runs beside a lab's hosts on containers."""

RESERVED = (CLIENT, *BESIDE, "fault")
"""Names that hosts of a lab may not have; `--set` means a fault, or the load, by theirs."""


@dataclass(frozen=True, slots=True)
class Service:
    """The module that a host runs, whom it may call, and its settings.

    With `replicas` above 1 it runs on the hosts `app-1`, `app-2` and so on. Its name then stands
    for all of them: each caller's proxy dials them in turn, and passes over those that refuse.
    `each` holds settings in which the replicas differ: one value for each, in their order.

    A process that crashes stays down, unless `restart_after_s` says that its host has it up again
    after so long, loading included. One that a fault has ended starts when the fault is over.
    """

    name: str
    app: str = field(kw_only=True)
    calls: tuple[str, ...] = field(default=(), kw_only=True)
    settings: Mapping[str, Setting] = field(default_factory=dict, kw_only=True)
    replicas: int = field(default=1, kw_only=True)
    restart_after_s: float | None = field(default=None, kw_only=True)
    each: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict, kw_only=True)

    def hosts(self) -> tuple[str, ...]:
        """Name the hosts on which it runs: its own name, unless it has replicas."""
        if self.replicas == 1:
            return (self.name,)
        return tuple(f"{self.name}-{number}" for number in range(1, self.replicas + 1))

    def placed(self) -> "dict[str, Service]":
        """Give the service as it runs on each of its hosts, with that one's own settings."""
        if not self.each:
            return dict.fromkeys(self.hosts(), self)
        rows = zip(*self.each.values(), strict=True)
        owns = (dict(zip(self.each, row, strict=True)) for row in rows)
        return {
            host: replace(self, settings={**self.settings, **own}, each={})
            for host, own in zip(self.hosts(), owns, strict=True)
        }

    def given(self, settings: Mapping[str, Setting]) -> "Service":
        """Put in settings, which then are those of all replicas."""
        others = {name: values for name, values in self.each.items() if name not in settings}
        return replace(self, settings={**self.settings, **settings}, each=others)

    def callees(self, host: str) -> tuple[str, ...]:
        """Name whom one of its hosts calls; no replica calls itself by its host's name."""
        own = {host} - {self.name}
        return tuple(callee for callee in self.calls if callee not in own)


@dataclass(frozen=True, slots=True)
class Redis:
    """A host that runs Redis, for services that name it in `calls`.

    `persistent` is `appendonly yes`: a restart finds all that was written, else nothing.
    """

    name: str
    persistent: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A directed edge: who calls whom. Both engines put a Toxiproxy on each."""

    caller: str
    callee: str

    @property
    def name(self) -> str:
        """The proxy's name, `caller->callee`."""
        return f"{self.caller}->{self.callee}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A scenario that proves a claim; see CONTRIBUTING.md for what each field asks of you."""

    title: str
    question: str
    services: tuple[Service, ...]
    load: Load
    duration_s: float
    faults: tuple[Timed, ...]
    variants: tuple[Broken | Fixed | Measured, ...]
    expect: tuple[Expectation, ...]
    predict: tuple[Prediction, ...] = ()
    across: tuple[Across, ...] = ()
    stores: tuple[Redis, ...] = ()
    plots: tuple[Plot, ...] = ()
    reading: Reading = UNREAD
    calm: Load | None = None
    drawn: tuple[Drawn, ...] = ()
    steps: tuple[Timed, ...] = ()
    distances: tuple[Distance, ...] = ()
    script: Script = ()
    """What is done by hand, in the simulation alone."""
    simulated_only: str = ""
    """Why it is not for containers, if it is not."""
    is_control: bool = False
    """Whether this is what `without_trigger` gives."""

    def nodes(self) -> tuple[Service | Redis, ...]:
        """Give the services, then the stores: all that can be drawn and called."""
        return (*self.services, *self.stores)

    def hosts(self) -> tuple[str, ...]:
        """Name everything that runs, stores first: whoever calls them finds them up."""
        stores = (store.name for store in self.stores)
        return (*stores, *(host for service in self.services for host in service.hosts()))

    def placed(self, variant: Variant) -> dict[str, Service]:
        """Give each host's service, with a variant's settings put in."""
        services = (service.placed() for service in self.under(variant))
        return {host: service for placed in services for host, service in placed.items()}

    def behind(self, name: str) -> tuple[str, ...]:
        """Give the hosts that answer to a name, a service's or a host's own."""
        named = {service.name: service.hosts() for service in self.services}
        return named.get(name, (name,))

    def folded(self, place: str) -> str:
        """Give a host or link with services in place of their replicas, to be shown as one."""
        names = {host: service.name for service in self.services for host in service.hosts()}
        caller, arrow, callee = place.partition("->")
        return names.get(caller, caller) + arrow + names.get(callee, callee)

    def service(self, name: str) -> Service:
        """Find a service by its name.

        Raises:
            KeyError: the lab has none of that name.

        """
        return {service.name: service for service in self.services}[name]

    def variant(self, name: str) -> Broken | Fixed | Measured:
        """Find a variant by its name.

        Raises:
            KeyError: the lab has none of that name.

        """
        return {variant.name: variant for variant in self.variants}[name]

    def kind_of(self, name: str) -> type[Variant]:
        """Say of what kind a variant is; several that are compared are measured."""
        return next((type(one) for one in self.variants if one.name == name), Measured)

    def links(self) -> Iterator[Link]:
        """Give every edge over which calls go, from a host to a name, the load's own first."""
        yield from (Link(caller=CLIENT, callee=target) for target in self.load.targets())
        for service in self.services:
            for host in service.hosts():
                yield from (Link(caller=host, callee=callee) for callee in service.callees(host))

    def under(self, variant: Variant) -> tuple[Service, ...]:
        """Give the services with a variant's settings put in."""
        return tuple(
            service.given(_own(service.name, variant.settings)) for service in self.services
        )

    def facing(self, variant: Variant, seed: int) -> "Lab":
        """Give the lab as a variant meets it under a seed, with its own parts and what is drawn."""
        faults = self.faults if variant.faults is None else variant.faults
        for place, drawn in enumerate(self.drawn):
            faults += tuple(drawn.faults(seed, place))
        return replace(
            self,
            load=variant.load or self.load,
            faults=faults,
            drawn=(),
            steps=self.steps if variant.steps is None else variant.steps,
            distances=self.distances if variant.distances is None else variant.distances,
        )

    def apart(self) -> Iterator[tuple[Link, Distance]]:
        """Give every link that covers a distance, with it."""
        for link in self.links():
            callers = {link.caller, self.folded(link.caller)}
            callees = {link.callee, self.folded(link.callee)}
            for distance in self.distances:
                if distance.is_between(callers, callees):
                    yield link, distance

    def triggers(self) -> tuple[Change, ...]:
        """Name what a broken variant falls by, each with its window: faults, then the load's."""
        faults = (Change(one.fault.name, one.start_s, one.end_s) for one in self.faults)
        return (*faults, *self.surges(), *windows(self.script, self.duration_s))

    def moments(self) -> tuple[Change, ...]:
        """Name all that happens in a run, in a person's words: triggers, then steps to the end."""
        timed = (*self.faults, *self.steps)
        ends_s = self.duration_s
        told = [Change(one.said, one.start_s, min(one.end_s, ends_s)) for one in timed]
        faults, steps = told[: len(self.faults)], told[len(self.faults) :]
        drawn = [Change(one.said, one.start_s, one.end_s) for one in self.drawn]
        by_hand = windows(self.script, self.duration_s)
        return (*faults, *drawn, *self.surges(), *steps, *by_hand)

    def surges(self) -> tuple[Change, ...]:
        """Name the changes of the load, each with its window as far as the run goes."""
        ends_s = self.duration_s
        return tuple(one._replace(end_s=min(one.end_s, ends_s)) for one in self.load.changes())

    def without_trigger(self) -> "Lab":
        """Give the negative control: no fault, no script, the load without surges and additions.

        Where the level of the load itself is the trigger, `calm` is what is sent instead.
        """
        calm = self.calm or self.load.calm()
        return replace(self, faults=(), drawn=(), script=(), load=calm, is_control=True)


def _own(service: str, settings: Mapping[str, Setting]) -> dict[str, Setting]:
    prefix = f"{service}."
    return {
        name.removeprefix(prefix): value
        for name, value in settings.items()
        if name.startswith(prefix)
    }
