"""Every public function of `harness.theory` as a calculator."""

import importlib
import inspect
import pkgutil
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness import theory
from harness.calculators import inputs
from harness.calculators.docstrings import Told, told
from harness.calculators.inputs import Argument
from harness.calculators.units import Value
from harness.errors import LabError
from harness.model.names import nearest

NO_SUBJECT = ("domain",)
"""Modules of the theory that hold no formula, but the checks of arguments."""
LISTED = "./lab calc lists them all"
TOO_LARGE = "these numbers are too large to compute with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """A formula by the name `subject.function`, with its arguments and the unit of its result."""

    name: str
    function: Callable[..., Any]
    told: Told
    arguments: tuple[Argument, ...]
    unit: str
    vary: str | None
    """The argument that its curve goes over; None where all are lists or choices."""

    @property
    def subject(self) -> str:
        """The module, such as `queues`."""
        return self.name.partition(".")[0]

    @property
    def short(self) -> str:
        """The function alone."""
        return self.name.partition(".")[2]

    def argument(self, name: str) -> Argument:
        """Give an argument by its name.

        Raises:
            LabError: it has none of that name.

        """
        names = {one.name: one for one in self.arguments}
        if name not in names:
            raise LabError(
                f"{self.name} has no argument {name!r}{nearest(name, names)}; "
                f"it takes {', '.join(names)}"
            )
        return names[name]

    def starts(self) -> dict[str, Value]:
        """Give the values to begin with."""
        return {one.name: one.start for one in self.arguments}

    def compute(self, values: Mapping[str, Value]) -> Value:
        """Compute the formula.

        Raises:
            LabError: a value is outside of the domain; the message is the function's own sentence.

        """
        given, rest = dict(values), typing.cast("Sequence[Value]", ())
        for one in inspect.signature(self.function).parameters.values():
            if one.kind is one.VAR_POSITIONAL:
                rest = typing.cast("Sequence[Value]", given.pop(one.name))
        try:
            found: Value = self.function(*rest, **given)
        except ValueError as error:
            raise LabError(str(error)) from error
        except (ArithmeticError, MemoryError) as error:
            raise LabError(f"{self.name}: {TOO_LARGE}") from error
        if isinstance(found, int) and abs(found) > sys.float_info.max:
            raise LabError(f"{self.name}: {TOO_LARGE}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A module of the theory: its name, what it is about, and its calculators."""

    name: str
    title: str
    calculators: tuple[Calculator, ...]


@cache
def subjects() -> tuple[Subject, ...]:
    """Give all calculators by subject, in the order in which modules define them."""
    found = []
    for module in sorted(one.name for one in pkgutil.iter_modules(theory.__path__)):
        if module not in NO_SUBJECT:
            loaded = importlib.import_module(f"{theory.__name__}.{module}")
            title = (loaded.__doc__ or module).splitlines()[0].rstrip(".").partition(". ")[0]
            made = tuple(
                _made(f"{module}.{name}", one)
                for name, one in vars(loaded).items()
                if inspect.isfunction(one)
                and one.__module__ == loaded.__name__
                and not name.startswith("_")
            )
            found.append(Subject(name=module, title=title, calculators=made))
    return tuple(found)


def calculators() -> dict[str, Calculator]:
    """Give all calculators by name."""
    return {one.name: one for subject in subjects() for one in subject.calculators}


def find(name: str) -> Calculator:
    """Find a calculator by its name, or by its function alone where only one is called so.

    Raises:
        LabError: there is none, or more than one.

    """
    there = calculators()
    if name in there:
        return there[name]
    called = [one for one in there.values() if one.short == name]
    if len(called) == 1:
        return called[0]
    if called:
        raise LabError(f"{name}: choose {' or '.join(one.name for one in called)}")
    known = [*(one.name for one in subjects()), *(one.short for one in there.values())]
    close = nearest(name.rpartition(".")[2], known)
    raise LabError(f"no calculator {name!r}{close}; {LISTED}")


def _made(name: str, function: Callable[..., Any]) -> Calculator:
    hints = typing.get_type_hints(function)
    hints.pop("return")
    parameters = inspect.signature(function).parameters
    defaults = {
        key: one.default
        for key, one in parameters.items()
        if one.default is not inspect.Parameter.empty
    }
    lists = [key for key, one in parameters.items() if one.kind is one.VAR_POSITIONAL]
    taken = inputs.arguments(name, hints, defaults, lists)
    return Calculator(
        name=name,
        function=function,
        told=told(function),
        arguments=taken,
        unit=inputs.unit(name),
        vary=inputs.varied(name, [one.name for one in taken if one.slides]),
    )
