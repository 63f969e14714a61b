"""What a sweep looks at in each run: a measure as labs write it, a verdict, or time to recover.

`success_ratio(18, 25)` is read as an expression of Python and never run as one: a name of the
reference, and plain values in brackets.
"""

import ast
import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from harness import measures
from harness.catalogue import Entry, home
from harness.checks.verdict import Control, Verdict, judge, verdict_of
from harness.errors import LabError
from harness.measures.requests import recovery_s
from harness.model.expect import Measure, Value, noted
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.sweep_map import SweepMap
from harness.model.validate import problems
from harness.recording import Recording

VERDICT, RECOVERY, OWN = "verdict", "recovery", "map"
WORDS = (VERDICT, RECOVERY, OWN)
NAMED = f"{OWN}:"
"""What a lab's second map is looked at by: `map:trigger-size`."""
HOLDS, FAILS = 1.0, 0.0
"""What a verdict is as a value."""
ANY = -1e300
"""A bound that any value meets: the measure is only held against the lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is looked at: a measure, or all claims of the variant; and its name and unit."""

    name: str
    unit: str = ""
    is_share: bool = False
    measure: Measure | None = None

    @property
    def is_verdict(self) -> bool:
        """Whether the value is 1 where all claims hold, and 0 where one does not."""
        return self.measure is None

    def known_from_s(self, lab: Lab, variant: str) -> float:
        """Give the second from which on the value may be known; infinite if only at the end."""
        if self.measure is not None:
            return _ends_s(self.measure)
        about = [one for one in lab.expect if one.is_baseline or variant in one.variants]
        return max((_ends_s(one.measure) for one in about), default=math.inf)

    def read(self, lab: Lab, recording: Recording) -> Value:
        """Look at a run that is over."""
        if self.measure is not None:
            return self.measure.read(recording)
        return _judged(_controls(lab, recording))

    def known(self, lab: Lab, recording: Recording) -> Value | None:
        """Look at a run that goes on: None where what is missing may still come."""
        if self.measure is not None:
            value = self.measure.read(recording)
            return None if value.missing else value
        controls = _controls(lab, recording)
        return None if any(one.missing for one in controls) else _judged(controls)


def looked(entry: Entry, variant: str, text: str) -> Looked:
    """Read what `--measure` asks for, and hold it against the lab.

    Raises:
        LabError: there is no such measure, it is called wrongly, or the lab has no such thing.

    """
    if text == VERDICT:
        return Looked(name="all claims hold")
    measure = recovery_s() if text == RECOVERY else _own(entry, text)
    measure = measure or _called(entry, text)
    for problem in _problems(entry.lab, variant, measure):
        raise LabError(f"--measure {text}: {problem}")
    return Looked(name=measure.name, unit=measure.unit, is_share=measure.is_share, measure=measure)


def own_map(entry: Entry, name: str = "") -> SweepMap | None:
    """Give a map that a lab declares in `maps.py` beside it; its first one where none is named.

    Raises:
        LabError: the file cannot be imported, or holds none, or the lab has none of that name.

    """
    module = _beside(entry, "maps")
    declared = getattr(module, "MAP", None)
    if module is not None and not isinstance(declared, SweepMap):
        raise LabError(f"{entry.slug}: maps.py defines no MAP = SweepMap(...)")
    if not name:
        return declared
    named = getattr(module, "MAPS", {})
    if name not in named:
        there = f"there are {', '.join(named)}" if named else "leave --map out"
        raise LabError(
            f"--map {name}: {entry.slug} has no map of that name{nearest(name, named)}; {there}"
        )
    found: SweepMap = named[name]
    return found


def map_names(entry: Entry) -> tuple[str, ...]:
    """Name all maps that a lab declares, "" for its first one; none where it has none."""
    if own_map(entry) is None:
        return ()
    return ("", *getattr(_beside(entry, "maps"), "MAPS", ()))


def own_measure(name: str) -> str:
    """Write what a map looks at as `--measure` takes it."""
    return f"{NAMED}{name}" if name else OWN


def named_map(text: str) -> str:
    """Give the name of the map that a `--measure` is of; "" for the first one, or another."""
    return text.removeprefix(NAMED) if text.startswith(NAMED) else ""


def _own(entry: Entry, text: str) -> Measure | None:
    if text != OWN and not text.startswith(NAMED):
        return None
    declared = own_map(entry, named_map(text))
    if declared is None:
        raise LabError(f"--measure map: {entry.slug} has no map of its own; name a measure")
    return declared.measure


def _controls(lab: Lab, recording: Recording) -> list[Control]:
    """Judge the claims; predictions are of the lab's own numbers, which a sweep changes."""
    return judge(replace(lab, predict=()), recording)


def _judged(controls: list[Control]) -> Value:
    verdict = verdict_of(controls)
    if verdict is Verdict.INCONCLUSIVE:
        unset = [one for one in controls if one.verdict is Verdict.INCONCLUSIVE]
        why = unset[0].claim if unset else "a claim"
        return Value(math.nan, f"nothing is proven: not {why}")
    return Value(HOLDS if verdict is Verdict.PASS else FAILS)


def _ends_s(measure: Measure) -> float:
    return measure.reads.window[1] if measure.reads.window else math.inf


def _problems(lab: Lab, variant: str, measure: Measure) -> list[str]:
    held = noted(variant, claim="swept", measure=measure, at_least=ANY)
    return [*problems(replace(lab, expect=(*lab.expect, held)))]


def _called(entry: Entry, text: str) -> Measure:
    name, arguments, options = _parsed(text)
    there = _there(entry)
    if name not in there:
        close = nearest(name, there)
        raise LabError(
            f"--measure {name}: there is no such measure{close}; ./lab reference measures lists "
            f"them, and there are {', '.join(WORDS)}"
        )
    function = there[name]
    try:
        inspect.signature(function).bind(*arguments, **options)
        made = function(*arguments, **options)
    except (TypeError, ValueError, AttributeError) as error:
        takes = inspect.signature(function)
        said = ", ".join(str(one).partition(":")[0] for one in takes.parameters.values())
        raise LabError(f"--measure {text}: {error}; it is {name}({said})") from error
    if not isinstance(made, Measure):
        raise LabError(f"--measure {text}: {name} is no measure")
    return made


def _parsed(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Take a call apart; nothing of it is run."""
    try:
        tree = ast.parse(text, mode="eval").body
        if not isinstance(tree, ast.Call):
            raise LabError(f"--measure {text}: write it with brackets, as in success_ratio(18, 25)")
        arguments = [ast.literal_eval(one) for one in tree.args]
        options = {str(one.arg): ast.literal_eval(one.value) for one in tree.keywords if one.arg}
    except (SyntaxError, ValueError) as error:
        raise LabError(
            f"--measure {text}: write a measure with plain values, as in success_ratio(18, 25), or "
            f"one of {', '.join(WORDS)}"
        ) from error
    return ast.unparse(tree.func), arguments, options


def _there(entry: Entry) -> dict[str, Callable[..., Any]]:
    """Give all measures by the names that labs use: shared ones, and the lab's own."""
    found: dict[str, Callable[..., Any]] = {}
    for info in pkgutil.iter_modules(measures.__path__):
        module = importlib.import_module(f"{measures.__name__}.{info.name}")
        found |= {f"{info.name}.{name}": one for name, one in _functions(module).items()}
    for own in ("measures", "figures", "maps"):
        beside = _beside(entry, own)
        found |= _functions(beside) if beside else {}
    return found | {name: getattr(measures, name) for name in measures.__all__}


def _functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    return {
        name: one
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and name[0] != "_"
    }


def _beside(entry: Entry, name: str) -> ModuleType | None:
    """Import a module that lies beside a lab's own, if there is one."""
    if not (entry.folder / f"{name}.py").is_file():
        return None
    place = ".".join(("labs", *entry.folder.relative_to(home()).parts, name))
    try:
        return importlib.import_module(place)
    except Exception as error:  # a lab is somebody's code: what it raises is no bug of ours
        said = f"{entry.slug}/{name}.py: {type(error).__name__}: {error}"
        raise LabError(said) from error
