"""The site's calculators: a page that lists all formulas, and one with sliders for each subject."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from harness.calculators import formulas, shown_by
from harness.calculators.answers import Answer, first
from harness.calculators.formulas import Calculator
from harness.calculators.inputs import Argument
from harness.calculators.shown_by import Shown
from harness.calculators.units import Value, counted, said, typed
from harness.truth import Formula

FOLDER = "calculators"
OWN = Path(__file__).parent / "static" / FOLDER
"""What these pages alone fetch."""
STEPS = 100
"""Steps of a slider, at most."""
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An argument as a page shows it; `step` is where its slider stands, of so many `steps`."""

    argument: Argument
    text: str
    words: str
    step: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A calculator as a page shows it, with its answer to the values to begin with."""

    calculator: Calculator
    fields: tuple[Field, ...]
    answer: Answer
    rows: tuple[Formula, ...]
    labs: tuple[Shown, ...]

    @property
    def varied(self) -> tuple[str, ...]:
        """The arguments that its curve may go over."""
        return tuple(one.argument.name for one in self.fields if one.argument.slides)

    @property
    def figure(self) -> Markup:
        """The curve; what it is made of is escaped where it is made."""
        return Markup(self.answer.figure)  # noqa: S704

    @property
    def table(self) -> Markup:
        """The table, likewise."""
        return Markup(self.answer.table)  # noqa: S704


def write(out: Path, templates: Environment, *, playable: bool) -> None:
    """Write the pages and what they alone fetch into the site's folder."""
    folder = out / FOLDER
    folder.mkdir()
    for file in sorted(OWN.iterdir()):
        if playable or file.suffix == ".css":
            shutil.copy(file, folder)
    every = {"playable": playable, "coded": coded, "subjects": formulas.subjects()}
    pages = {"index.html": templates.get_template("calculators.html").render(every)}
    for subject in formulas.subjects():
        cards = tuple(map(card, subject.calculators))
        template = templates.get_template("calculators_of.html")
        pages[f"{subject.name}.html"] = template.render(every, subject=subject, cards=cards)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def card(calculator: Calculator) -> Card:
    """Make what a page shows of a calculator."""
    return Card(
        calculator=calculator,
        fields=fields(calculator),
        answer=first(calculator),
        rows=shown_by.rows(calculator.name),
        labs=shown_by.labs(calculator.name),
    )


def fields(calculator: Calculator) -> tuple[Field, ...]:
    """Make what a page shows of a calculator's arguments."""
    return tuple(map(_field, calculator.arguments))


def coded(text: str) -> Markup:
    """Show names that stand between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _field(argument: Argument) -> Field:
    steps = _steps(argument)
    return Field(
        argument=argument,
        text="" if argument.start is None else typed(argument.start),
        words=_words(argument, argument.start),
        step=_step(argument, steps),
        steps=steps,
    )


def _words(argument: Argument, value: Value) -> str:
    if argument.is_list:
        return counted(typed(value), value, argument.unit)
    return said(value, argument.unit)


def _steps(argument: Argument) -> int:
    if not argument.slides:
        return 0
    whole = argument.kind is int and not argument.logarithmic
    return min(STEPS, round(argument.high - argument.low)) if whole else STEPS


def _step(argument: Argument, steps: int) -> int:
    """Give the step whose value is nearest to the one to begin with."""
    start = argument.start
    if not steps or not isinstance(start, int | float):
        return 0
    values = [argument.at(step / steps) for step in range(steps + 1)]
    distances = [abs(value - start) for value in values if isinstance(value, int | float)]
    return distances.index(min(distances))
