"""A control as JSON and back: what `run.json` and the results of a check hold of it."""

from dataclasses import asdict
from typing import Any

from harness.checks.verdict import Control, Kind
from harness.model.expect import Bound
from harness.rows import number, plain


def written(control: Control) -> dict[str, Any]:
    """Give a control's fields, its margin and its verdict; numbers that JSON lacks are texts."""
    values = asdict(control) | {"margin": control.margin, "verdict": control.verdict}
    values["bound"] = {name: plain(value) for name, value in asdict(control.bound).items()}
    return {name: plain(value) for name, value in values.items()}


def read(cells: dict[str, Any]) -> Control:
    """Make the control again.

    Raises:
        LookupError, TypeError, ValueError: it is not what `written` gave.

    """
    bound = cells["bound"]
    equals = bound["equals"]
    return Control(
        kind=Kind(cells["kind"]),
        claim=cells["claim"],
        variant=cells["variant"],
        engine=cells["engine"],
        measure=cells["measure"],
        unit=cells["unit"],
        value=number(cells["value"]),
        missing=cells["missing"],
        bound=Bound(
            at_least=number(bound["at_least"]),
            at_most=number(bound["at_most"]),
            equals=None if equals is None else number(equals),
            model=number(bound["model"]),
            chance=number(bound["chance"]),
            outside=bound["outside"],
        ),
    )
