"""Live progress: a line for each run, goodput second by second, the fault's window marked."""

import math
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.text import Text

from harness.engines.protocol import Engine, Observer
from harness.model.fault import Timed
from harness.model.lab import Lab
from harness.model.variant import Broken, Variant
from harness.report.text import sparkline

VERBS = {"sim": "simulated", "compose": "measured"}
NO_FAULT = ", no fault"


class Line:
    """One run's line; the console shows it anew at each second."""

    def __init__(self, view: "Live", engine: str, variant: str, lab: Lab) -> None:
        self._view = view
        self._name = variant + NO_FAULT * lab.is_control
        self._engine = VERBS[engine]
        self._lab = lab
        self._good: list[float] = []
        self._step = "waits"

    def second(self, number: int, good: int) -> None:
        """Add a second's good answers."""
        self._good.extend([0.0] * (number - len(self._good)))
        self._good.append(good)
        self._view.refresh()

    def step(self, what: str) -> None:
        """Show what goes on while no second passes."""
        self._step = what
        self._view.refresh()

    @property
    def complete(self) -> bool:
        """Whether every second has passed."""
        return len(self._good) >= self._lab.duration_s

    def text(self) -> Text:
        """Draw the line."""
        name = f"{self._name:<{_room(self._lab)}}"
        line = Text(f"  {self._engine:<10}{name}", no_wrap=True)
        top = 1.4 * self._lab.load.peak_rps(self._lab.duration_s)
        for second, mark in enumerate(sparkline(self._good, top=top)):
            line.append(mark, "bold red" if self._faulty(second) else "green")
        missing = math.ceil(self._lab.duration_s) - len(self._good)
        line.append("·" * missing, "dim")
        if self._good:
            line.append(f"  {self._good[-1]:>3.0f} good/s", "dim")
        else:
            line.append(f"  {self._step}", "dim")
        return line

    def _faulty(self, second: int) -> bool:
        return any(
            timed.start_s < second + 1 and second < timed.end_s for timed in self._lab.faults
        )


class Live:
    """All lines of a command; where there is no terminal, each is printed once, when complete."""

    def __init__(self, console: Console, lab: Lab) -> None:
        self._console = console
        self._lab = lab
        self._lines: dict[tuple[str, str, bool], Line] = {}
        self._printed = 0
        self._live = RichLive(console=console, refresh_per_second=12)

    def __enter__(self) -> Self:
        axis = _axis(self._lab)
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print(axis)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def watch(self, engine: Engine, variant: Variant, lab: Lab) -> Observer:
        """Give the line of a run; there is one for each, in the order in which they were asked."""
        key = engine.name, variant.name, lab.is_control
        if key not in self._lines:
            self._lines[key] = Line(self, engine.name, variant.name, lab)
        return self._lines[key]

    def refresh(self) -> None:
        """Draw again; where there is no terminal, print what is complete, in the lines' order."""
        lines = list(self._lines.values())
        if self._console.is_terminal:
            self._live.update(Group(_axis(self._lab), *(line.text() for line in lines)))
            return
        while self._printed < len(lines) and lines[self._printed].complete:
            self._console.print(lines[self._printed].text())
            self._printed += 1


def _axis(lab: Lab) -> Text:
    """Draw the head line: where the faults lie, and what they are."""
    marks = [" "] * math.ceil(lab.duration_s)
    for timed in lab.faults:
        for second in range(int(timed.start_s), math.ceil(timed.end_s)):
            marks[second] = "▼"
    named: dict[tuple[str, float], list[Timed]] = {}
    for timed in lab.faults:
        target, place = timed.fault.target, lab.folded(timed.fault.target)
        # What hits one replica after the other is one fault to people; one that comes again is not.
        again_s = timed.start_s if target == place else -1.0
        key = (timed.fault.name.replace(target, place), again_s)
        named.setdefault(key, []).append(timed)
    names = ", ".join(f"{name} {_between(group)}" for (name, _), group in named.items())
    axis = Text(" " * (12 + _room(lab)), no_wrap=True)
    axis.append("".join(marks), "bold red")
    axis.append(f"  {names}", "red")
    return axis


def _room(lab: Lab) -> int:
    """Count the characters that names take, with a space behind the longest."""
    names = [one.name + NO_FAULT * isinstance(one, Broken) for one in lab.variants]
    return max(map(len, names)) + 1


def _between(group: list[Timed]) -> str:
    """Say when a fault is there, which may hit several replicas at about the same time."""
    return f"{min(t.start_s for t in group):g}-{max(t.end_s for t in group):g} s"
