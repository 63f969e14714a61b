"""Live progress: a line for each run, good answers second by second, the faults marked."""

import math
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.text import Text

from harness.engines.protocol import Engine, Observer
from harness.model.lab import Broken, Lab, Variant
from harness.report.lines import HEADROOM, NO_FAULT, windows
from harness.report.text import sparkline

VERBS = {"sim": "simulated", "compose": "measured"}


class Line:
    """One run's line; the console shows it anew at each second."""

    def __init__(self, view: "Live", engine: str, variant: str, lab: Lab) -> None:
        self._view = view
        self.name = variant if lab.faults else variant + NO_FAULT
        self.is_slow = engine == "compose"
        self._engine = VERBS[engine]
        self._lab = lab
        self._good: list[float] = []
        self._step = "waits"

    def second(self, number: int, good: int) -> None:
        """Add a second's good answers."""
        self._good.extend([0.0] * (number - len(self._good)))
        self._good.append(good)
        self._view.refresh()
        if len(self._good) == math.ceil(self._lab.duration_s):
            self._view.completed(self)

    def step(self, what: str) -> None:
        """Show what goes on while no second passes."""
        self._step = what
        self._view.refresh()

    def text(self) -> Text:
        """Draw the line."""
        name = f"{self.name:<{_room(self._lab)}}"
        line = Text(f"  {self._engine:<10}{name}", no_wrap=True)
        top = HEADROOM * getattr(self._lab.load, "rate_rps", max([*self._good, 1.0]))
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
    """The lines of a command while it runs: where there is no terminal, only what takes long.

    They go when the block ends well, for the result draws them again, each lab in its own way.
    """

    def __init__(self, console: Console, lab: Lab) -> None:
        self._console = console
        self._lab = lab
        self._lines: dict[tuple[str, str, bool], Line] = {}
        self._live = RichLive(console=console, refresh_per_second=12, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.transient = kind is None
            self._live.stop()

    def watch(self, engine: Engine, variant: Variant, lab: Lab) -> Observer:
        """Give the line of a run; there is one for each, in the order in which they were asked."""
        key = engine.name, variant.name, bool(lab.faults)
        if key not in self._lines:
            self._lines[key] = Line(self, engine.name, variant.name, lab)
        return self._lines[key]

    def refresh(self) -> None:
        """Draw again."""
        if self._console.is_terminal:
            lines = [line.text() for line in self._lines.values()]
            self._live.update(Group(*_axis(self._lab), *lines))

    def completed(self, line: "Line") -> None:
        """Tell of a run that has taken its time, where nobody has seen it."""
        if not self._console.is_terminal and line.is_slow:
            self._console.print(f"  {line.name}: measured", style="dim")


def _axis(lab: Lab) -> Iterator[Text]:
    """Draw the head lines: where each fault lies, and what it is."""
    for marks, said in windows(lab):
        axis = Text(" " * (12 + _room(lab)), no_wrap=True)
        yield axis.append(marks, "bold red").append(f"  {said}", "red")


def _room(lab: Lab) -> int:
    """Count the characters that names take, with a space behind the longest."""
    names = [one.name + NO_FAULT * isinstance(one, Broken) for one in lab.variants]
    return max(map(len, names)) + 1
