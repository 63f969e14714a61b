"""An experiment: a lab, what is changed of it, and what is done to it by hand, as one JSON object.

Every field but the script may be left out. With the same tree, it replays to the byte:

    {"lab": "retry-storm", "variant": "naive", "seed": 1, "permute": 7, "duration_s": 40,
     "faults": "none", "settings": {"checkout.tries": 3},
     "script": [
      {"at_s": 5, "do": "inject", "fault": {"kind": "Pause", "target": "payments"}},
      {"at_s": 8, "do": "heal", "fault": 1},
      {"at_s": 9, "do": "set", "name": "payments.service_ms", "value": 20},
      {"at_s": 9.5, "do": "unset", "name": "payments.service_ms"},
      {"at_s": 10, "do": "pace", "times": 0.5},
      {"at_s": 12, "do": "send", "count": 50, "to": "checkout", "path": "/", "method": "GET"},
      {"at_s": 15, "do": "heal all"}]}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from harness.errors import LabError
from harness.model.fault import Setting
from harness.model.lab import Lab
from harness.model.plain_values import value_of
from harness.model.script import AT, Script, script_from_json, script_to_json

SCRIPT = "script"
LONGEST_S = 3600.0


class OwnFaults(StrEnum):
    """Whether the lab's own faults come beside the script."""

    NONE = "none"
    LAB = "lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What decides a run: None, and "" for names, stand for what is usual."""

    lab: str = ""
    variant: str = ""
    seed: int | None = None
    permute: int | None = None
    duration_s: float | None = None
    faults: OwnFaults = OwnFaults.NONE
    settings: Mapping[str, Setting] = field(default_factory=dict)
    script: Script = ()

    def to_json(self) -> dict[str, Any]:
        """Give a JSON object, without what is usual."""
        document: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name != SCRIPT and value not in (None, "", {}, OwnFaults.NONE):
                document[one.name] = value.value if isinstance(value, OwnFaults) else value
        return {**document, SCRIPT: script_to_json(self.script)}

    @property
    def is_scripted(self) -> bool:
        """Whether it is another run than the lab's own."""
        return self != UNCHANGED

    def of(self, lab: Lab) -> Lab:
        """Give a lab as the experiment has it, but for its settings.

        Raises:
            LabError: something is done after the end of the run.

        """
        lab = replace(lab, script=self.script, duration_s=self.duration_s or lab.duration_s)
        for number, act in enumerate(self.script, 1):
            if act.at_s >= lab.duration_s:
                raise LabError(
                    f"script, entry {number}: {AT} is {act.at_s:g}, but the run lasts "
                    f"{lab.duration_s:g} s; give a longer duration_s beside the script"
                )
        if self.faults is OwnFaults.LAB:
            return lab
        variants = [replace(one, faults=one.faults and ()) for one in lab.variants]
        return replace(lab, faults=(), drawn=(), variants=tuple(variants))


UNCHANGED = Experiment(faults=OwnFaults.LAB)
"""A lab as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """The fields of an experiment as JSON has them."""

    lab: str = ""
    variant: str = ""
    seed: int = -1
    permute: int = -1
    duration_s: float = -1
    faults: OwnFaults = OwnFaults.NONE
    settings: Mapping[str, Setting] = field(default_factory=dict)
    script: object = None


def experiment_from_json(document: object, what: str = "experiment") -> Experiment:
    """Make an experiment of a JSON object; whether it fits its lab is not looked at.

    Raises:
        LabError: a field is missing, unknown, or of another type; an entry of the script is wrong.

    """
    read: _Read = value_of(_Read, document, what)
    if read.script is None:
        raise LabError(f"{what}: script is missing; give a list of operations, as in []")
    assert isinstance(document, Mapping)  # noqa: S101 - `value_of` has seen to it
    for name in ("seed", "permute"):
        if name in document and getattr(read, name) < 0:
            raise LabError(f"{what}: {name} is {getattr(read, name)}; it must be 0 or more")
    if "duration_s" in document and not 0 < read.duration_s <= LONGEST_S:
        raise LabError(
            f"{what}: duration_s is {read.duration_s:g}; it must be above 0, and at most "
            f"{LONGEST_S:g}"
        )
    return Experiment(
        lab=read.lab,
        variant=read.variant,
        seed=read.seed if read.seed >= 0 else None,
        permute=read.permute if read.permute >= 0 else None,
        duration_s=read.duration_s if read.duration_s > 0 else None,
        faults=read.faults,
        settings=read.settings,
        script=script_from_json(read.script),
    )
