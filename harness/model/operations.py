"""Operations: what a person does to a lab while it runs, as values with a JSON form.

An operation happens at the end of its instant, after all else that is due then. It speaks to a
`Stage`, the running lab, so that a new operation is one class here and its primitive there.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

from harness.errors import LabError
from harness.model.fault import Fault, Setting
from harness.model.fault_json import fault_from_json, fault_to_json
from harness.model.names import nearest
from harness.model.plain_values import short, value_of
from harness.model.send import METHODS

DO = "do"
MOST_TIMES = 100.0
"""By how much a load may be multiplied."""
MOST_BURST = 10_000
"""How many requests may be sent at one instant."""


class Asking(Protocol):
    """A load, as far as one must know it to say what may be sent beside it."""

    def targets(self) -> Collection[str]:
        """Name the services that the load asks."""


class Stage(Asking, Protocol):
    """A running lab as operations see it; what it refuses leaves nothing behind."""

    def against(self, fault: Fault) -> Iterator[str]:
        """Say why a fault cannot begin now, beside all that are there; nothing if it can."""

    def against_setting(self, name: str, value: Setting) -> Iterator[str]:
        """Say why a live setting cannot have a value now; nothing if it can."""

    def injected(self) -> Collection[int]:
        """Give the numbers of the faults that were injected and not healed, in their order."""

    def changed(self) -> Collection[str]:
        """Name the settings that were set by hand, as `service.setting`."""

    async def inject(self, fault: Fault) -> int:
        """Break something, read it back, and give its number."""

    async def heal(self, number: int) -> None:
        """Put one fault right, and read that back."""

    async def set(self, name: str, value: Setting) -> None:
        """Change a live setting, and read it back."""

    async def unset(self, name: str) -> None:
        """Put a setting back that was changed by hand."""

    async def pace(self, times: float) -> None:
        """Let the load come so many times as fast as its own rate."""

    async def send(self, count: int, *, to: str, path: str, method: str) -> None:
        """Send requests now; what is not given is drawn as the load draws it."""


class Operation(Protocol):
    """Something that is done to a running lab at one moment."""

    do: ClassVar[str]
    """How it is called in JSON."""

    def problems(self, stage: Stage) -> Iterator[str]:
        """Say why it cannot be done now, in sentences for people; nothing if it can."""

    async def act(self, stage: Stage) -> int | None:
        """Do it; an injected fault gives its number."""

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object from which `operation_from_json` makes the same."""


class _Plain:
    """An operation whose fields are plain values."""

    __slots__ = ()

    do: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object of its fields."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        return {DO: self.do} | {name: value for name, value in values.items() if value != ""}


@dataclass(frozen=True, slots=True)
class Inject:
    """Break something until it is healed, or until the load's time is over."""

    fault: Fault

    do: ClassVar[str] = "inject"

    def problems(self, stage: Stage) -> Iterator[str]:
        """Say what validation says of the fault, beside those that are there."""
        yield from stage.against(self.fault)

    async def act(self, stage: Stage) -> int:
        """Break it."""
        return await stage.inject(self.fault)

    def to_json(self) -> dict[str, Any]:
        """Give the fault with its kind and fields."""
        return {DO: self.do, "fault": fault_to_json(self.fault)}


@dataclass(frozen=True, slots=True)
class Heal(_Plain):
    """Put one fault right, by its number: the first that was injected is 1."""

    fault: int

    do: ClassVar[str] = "heal"

    def problems(self, stage: Stage) -> Iterator[str]:
        """Say that there is no such fault."""
        there = stage.injected()
        if self.fault not in there:
            are = f"there are {', '.join(map(str, there))}" if there else "there is none to heal"
            yield f"no fault {self.fault} is under way; {are}"

    async def act(self, stage: Stage) -> None:
        """Put it right."""
        await stage.heal(self.fault)


@dataclass(frozen=True, slots=True)
class HealAll(_Plain):
    """Put all injected faults right, the last first; nothing happens where there is none."""

    do: ClassVar[str] = "heal all"

    def problems(self, stage: Stage) -> Iterator[str]:
        """Give nothing: it can always be done."""
        del stage
        yield from ()

    async def act(self, stage: Stage) -> None:
        """Put them right."""
        for number in reversed(list(stage.injected())):
            await stage.heal(number)


@dataclass(frozen=True, slots=True)
class Set(_Plain):
    """Change a live setting of a service or host, named as `payments.service_ms`."""

    name: str
    value: Setting

    do: ClassVar[str] = "set"

    def problems(self, stage: Stage) -> Iterator[str]:
        """Say what validation says of the change."""
        yield from stage.against_setting(self.name, self.value)

    async def act(self, stage: Stage) -> None:
        """Change it."""
        await stage.set(self.name, self.value)


@dataclass(frozen=True, slots=True)
class Unset(_Plain):
    """Put a setting back that was set by hand."""

    name: str

    do: ClassVar[str] = "unset"

    def problems(self, stage: Stage) -> Iterator[str]:
        """Say that it was not set."""
        if self.name not in stage.changed():
            are = f"set are {', '.join(stage.changed())}" if stage.changed() else "nothing is set"
            yield f"{short(self.name)} was not set by hand; {are}"

    async def act(self, stage: Stage) -> None:
        """Put it back."""
        await stage.unset(self.name)


@dataclass(frozen=True, slots=True)
class Pace(_Plain):
    """Let the load come `times` as fast as its own rate; 0 stops it, 1 is its own again."""

    times: float

    do: ClassVar[str] = "pace"

    def problems(self, stage: Asking) -> Iterator[str]:
        """Say what is wrong with the value."""
        del stage
        if not 0 <= self.times <= MOST_TIMES:
            yield f"times is {self.times:g}; it must be 0 or more, and at most {MOST_TIMES:g}"

    async def act(self, stage: Stage) -> None:
        """Change the pace."""
        await stage.pace(self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNow(_Plain):
    """Send `count` requests at once, drawn as the load's own where nothing else is given."""

    count: int = 1
    to: str = ""
    path: str = ""
    method: str = ""

    do: ClassVar[str] = "send"

    def problems(self, stage: Asking) -> Iterator[str]:
        """Say what is wrong with the values."""
        if not 1 <= self.count <= MOST_BURST:
            yield f"count is {self.count}; it must lie between 1 and {MOST_BURST:,}"
        if self.to and self.to not in stage.targets():
            close = nearest(self.to, stage.targets())
            asks = ", ".join(stage.targets())
            yield f"the load does not ask {short(self.to)}{close}; it asks {asks}"
        if self.path and not (self.path.startswith("/") and self.path.isprintable()):
            yield f"path is {short(self.path)}; it must begin with /"
        if self.method and self.method not in METHODS:
            yield f"method is {short(self.method)}; it may be {', '.join(METHODS)}"

    async def act(self, stage: Stage) -> None:
        """Send them."""
        await stage.send(self.count, to=self.to, path=self.path, method=self.method)


OPERATIONS: Mapping[str, type[Any]] = {
    kind.do: kind for kind in (Inject, Heal, HealAll, Set, Unset, Pace, SendNow)
}
"""All operations, by their names in JSON."""


@dataclass(frozen=True, slots=True)
class _Injected:
    """The field of `Inject` as JSON has it."""

    fault: object


def operation_from_json(document: object, what: str = "operation") -> Operation:
    """Make an operation of a JSON object, such as `{"do": "heal", "fault": 1}`.

    Raises:
        LabError: it is none, or a field is missing, unknown, or of another type.

    """
    if not isinstance(document, Mapping):
        raise LabError(f"{what}: expected an object, got {short(document)}")
    values = dict(document)
    name = values.pop(DO, None)
    if not isinstance(name, str) or name not in OPERATIONS:
        close = nearest(str(name), OPERATIONS)
        raise LabError(f"{what}: do is {short(name)}{close}; it may be {', '.join(OPERATIONS)}")
    kind = OPERATIONS[name]
    if kind is Inject:
        made = value_of(_Injected, values, f"{what}, {name}")
        return Inject(fault_from_json(made.fault, f"{what}, {name}"))
    operation: Operation = value_of(kind, values, f"{what}, {name}")
    return operation
