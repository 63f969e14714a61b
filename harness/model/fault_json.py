"""Faults as JSON objects: their kind, and their fields under their own names."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, get_origin, get_type_hints

from harness.errors import LabError
from harness.model.change import Configure
from harness.model.fault import Fault, Kill, Pause, Setting
from harness.model.host_faults import ClockSkew, CpuSlow, DiskFull, MemoryLimit, Stop
from harness.model.names import nearest
from harness.model.partition import Partition, RefuseNew, Unanswered
from harness.model.plain_values import short, value_of
from harness.model.toxic import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    LinkFault,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    WholeLink,
)

KIND = "kind"
FAULTS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Pause, Kill, Stop, ClockSkew, CpuSlow, MemoryLimit, DiskFull, Configure),
        *(Partition, RefuseNew, Unanswered, Down),
        *(Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData),
    )
}
"""All faults of the model, by the names under which labs write them."""


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """Give a JSON object from which `fault_from_json` makes the same fault."""
    document: dict[str, Any] = {KIND: type(fault).__name__}
    for one in fields(fault):  # type: ignore[arg-type]
        value = getattr(fault, one.name)
        if one.default is MISSING or value != one.default:
            document[one.name] = _plain(value)
    return document


def fault_from_json(document: object, what: str = "fault") -> Fault:
    """Make a fault of a JSON object, such as `{"kind": "Pause", "target": "payments"}`.

    Whether it fits a lab is not looked at. `what` names it in a refusal.

    Raises:
        LabError: it is no fault, or a field is missing, unknown, or of another type.

    """
    if not isinstance(document, Mapping):
        raise LabError(f"{what}: expected an object, got {short(document)}")
    values = dict(document)
    name = values.pop(KIND, None)
    if name is None:
        raise LabError(f"{what}: kind is missing; it may be {', '.join(FAULTS)}")
    if not isinstance(name, str) or name not in FAULTS:
        close = nearest(str(name), FAULTS)
        raise LabError(f"{what}: no kind {short(name)}{close}; it may be {', '.join(FAULTS)}")
    if FAULTS[name] is Configure:
        made = value_of(_Configured, values, f"{what}, {name}")
        return Configure(made.target, made.values)
    fault: Fault = value_of(FAULTS[name], values, f"{what}, {name}")
    return fault


def described(kind: type[Any]) -> dict[str, Any]:
    """Describe a kind of fault to a page: what it hits, and its other fields with their types."""
    hints = get_type_hints(kind)
    on = "link" if issubclass(kind, LinkFault | WholeLink) else "host"
    return {
        KIND: kind.__name__,
        "on": "hosts" if kind is Partition else on,
        "about": (kind.__doc__ or "").partition("\n")[0],
        "fields": [
            {"name": one.name, "type": _type(hints[one.name]), "choices": _choices(hints[one.name])}
            | ({} if one.default is MISSING else {"default": _plain(one.default)})
            for one in fields(kind)
            if one.name != "target"
        ],
    }


@dataclass(frozen=True, slots=True)
class _Configured:
    """The fields of `Configure`, whose constructor takes settings by their names."""

    target: str
    values: Mapping[str, Setting]


def _type(kind: Any) -> str:  # noqa: ANN401 - any type of a field
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "choice"
    if get_origin(kind) is tuple:
        return "names"
    return kind.__name__ if isinstance(kind, type) and get_origin(kind) is None else "settings"


def _choices(kind: Any) -> list[str]:  # noqa: ANN401 - any type of a field
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(one.value) for one in kind]
    return []


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case Enum():
            return value.value
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
    return value
