"""What a page shows of a calculator: its value, its curve and a table, made anew at each change.

The site's build asks for the values to begin with, and the Python of a browser's tab for those that
a visitor chooses: both get the same from the same code.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from harness.calculators import formulas
from harness.calculators.curves import NO_CURVE, curve
from harness.calculators.formulas import Calculator
from harness.calculators.inputs import Argument
from harness.calculators.svg import svg
from harness.calculators.units import Value, said, typed
from harness.errors import LabError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A value in words, or why there is none; the curve and its table as HTML, and its gaps."""

    value: str = ""
    refused: str = ""
    figure: str = ""
    table: str = ""
    gaps: str = ""


def answered(text: str) -> str:
    """Answer a page's question; both are JSON.

    The question has `name`, `values` as they were typed in, by argument, and `vary`, the argument
    that the curve goes over, or nothing.
    """
    asked: dict[str, Any] = json.loads(text)
    return json.dumps(asdict(answer(asked["name"], asked["values"], asked["vary"])))


def answer(name: str, texts: Mapping[str, str], vary: str | None) -> Answer:
    """Compute a formula and draw its curve; what cannot be read or computed is refused."""
    try:
        calculator = formulas.find(name)
        values = calculator.starts()
        for one, text in texts.items():
            values[one] = calculator.argument(one).read(text)
        varied = calculator.argument(vary) if vary else None
    except LabError as error:
        return Answer(refused=str(error))
    value, refused = "", ""
    try:
        value = said(calculator.compute(values), calculator.unit)
    except LabError as error:
        refused = str(error)
    if varied is None:
        return Answer(value=value, refused=refused, gaps=f"{NO_CURVE.capitalize()}.")
    return _drawn(calculator, values, varied, value, refused)


def first(calculator: Calculator) -> Answer:
    """Answer with the values to begin with."""
    texts = {one.name: typed(one.start) for one in calculator.arguments}
    return answer(calculator.name, texts, calculator.vary)


def _drawn(
    calculator: Calculator, values: Mapping[str, Value], varied: Argument, value: str, refused: str
) -> Answer:
    found = curve(calculator, values, varied)
    here = values[varied.name]
    at = float(here) if isinstance(here, int | float) and not refused else None
    label = f"{calculator.short} over {varied.name}; the same as a table below"
    rows = "".join(
        f'<tr><th scope="row">{escape(place)}</th><td>{escape(height)}</td></tr>'
        for place, height in found.rows()
    )
    head = f'<tr><th scope="col">{varied.name}</th><th scope="col">{calculator.short}</th></tr>'
    return Answer(
        value=value,
        refused=refused,
        figure=svg(found, label, at) if any(found.lines) else "",
        table=f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>",
        gaps=f"Where there is no line: {found.gaps}." if found.gaps else "",
    )
