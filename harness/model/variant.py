"""The variants of a lab: what must fall, what must hold, and what is measured side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from harness.model.distance import Distance
from harness.model.fault import Setting, Timed
from harness.model.load import Load


@dataclass(frozen=True, slots=True)
class Variant:
    """A name and the settings, as `service.setting`, in which it differs from the lab.

    `load`, `faults`, `steps` and `distances` stand in place of the lab's own, where its question is
    about them. `at` is the value by which the members of a family differ.
    """

    kind: ClassVar[str] = "compared"
    must: ClassVar[str] = "is compared"
    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    load: Load | None = field(default=None, kw_only=True)
    faults: tuple[Timed, ...] | None = field(default=None, kw_only=True)
    steps: tuple[Timed, ...] | None = field(default=None, kw_only=True)
    distances: tuple[Distance, ...] | None = field(default=None, kw_only=True)
    at: float | None = field(default=None, kw_only=True)


class Broken(Variant):
    """A variant that must fall when the fault comes, and must stand without it."""

    __slots__ = ()
    kind = "broken"
    must = "must break"


class Fixed(Variant):
    """A variant that must hold, or recover, under the same fault."""

    __slots__ = ()
    kind = "fixed"
    must = "must hold"


class Measured(Variant):
    """One of several designs that are compared: it has a figure that the others have not."""

    __slots__ = ()


def family(
    name: str,
    values: Sequence[float],
    *,
    setting: str = "",
    load: Callable[[float], Load] | None = None,
) -> tuple[Measured, ...]:
    """Make a measured variant of each value, which is put into a name such as `slots-{:g}`.

    Each puts its value into the `setting`, or brings its own `load`, or both.
    """
    return tuple(
        Measured(
            name.format(value).replace(".", "-"),
            {setting: value} if setting else {},
            load=load(value) if load else None,
            at=value,
        )
        for value in values
    )
