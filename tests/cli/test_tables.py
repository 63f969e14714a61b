"""The table of a run on a terminal: its columns, and what a run that shows nothing leaves out."""

from dataclasses import replace
from io import StringIO

from rich.console import Console

from harness.checks.verdict import Control, Kind
from harness.cli import tables
from harness.model import Measured
from harness.model.expect import Bound
from harness.result import Result
from tests.report.test_report_reading import CALM, DOWN, LAB, WISE, recorded

LATE = Control(
    kind=Kind.TIMING,
    claim="requests are sent when due",
    variant="calm",
    engine="compose",
    measure="delay, p99",
    unit="ms",
    value=50.9,
    bound=Bound(at_most=50),
)


def shown(*controls: Control, engines: tuple[str, ...] = ("sim",), verbose: bool = False) -> str:
    said = StringIO()
    runs = [recorded(name, engine=one) for one in engines for name in ("naive", "calm", "wise")]
    result = Result(slug="small", lab=LAB, seed=1, recordings=runs, controls=list(controls))
    tables.show(Console(file=said, width=80, highlight=False), result, verbose=verbose)
    assert all(len(line) <= 80 for line in said.getvalue().splitlines())
    return said.getvalue()


def test_one_engine_shows_what_is_to_spare() -> None:
    """And what a claim was missed by, in a part of its own that comes first."""
    said = shown(DOWN, CALM, replace(WISE, value=9.0))
    head, _, rest = said.partition("✗")
    assert " ".join(head.splitlines()[-2].split()) == "Does not hold seen expected missed by"
    assert " ".join(rest.splitlines()[0].split()) == "wise recovers 9 s at most 4 s 5 s"
    assert "to spare" in rest
    assert "\nFAIL  2 of 3 claims hold" in said


def test_two_engines_stand_side_by_side() -> None:
    """The margin gives way to the second value, and there is no empty column."""
    measured = [replace(one, engine="compose") for one in (DOWN, CALM)]
    said = shown(DOWN, CALM, *measured, engines=("sim", "compose"))
    assert "Good answers each second (higher is better), simulated and measured:\n" in said
    assert "simulated  measured" in said
    assert "to spare" not in said
    assert "\nPASS  4 of 4 claims hold: naive breaks, both fixes hold" in said


def test_a_late_run_judges_nothing() -> None:
    """Only what slipped has a row, unless everything is asked for."""
    said = shown(DOWN, CALM, LATE, engines=("compose",))
    assert said.startswith("Measured on containers, good answers each second")
    assert "No answer this time: your computer was too busy to keep the schedule." in said
    assert "? calm keeps time: delay, p99" in said
    assert "50.9 ms  at most 50 ms     0.9 ms" in said
    assert "stays down" not in said
    assert "\nINCONCLUSIVE  neither passed nor failed: this run shows nothing" in said
    assert "naive stays down" in shown(DOWN, CALM, LATE, engines=("compose",), verbose=True)


def test_a_pass_says_what_is_shown_of_each_kind() -> None:
    """Designs that are compared neither break nor hold; whatever a lab has none of goes unsaid."""
    result = Result(slug="small", lab=LAB, seed=1, recordings=[], controls=[DOWN])
    compared = tuple(Measured(f"slots-{number}") for number in range(3))
    meaning = tables._meaning  # noqa: SLF001 - one of its lines
    assert meaning(result) == ": naive breaks, both fixes hold"
    assert meaning(replace(result, lab=replace(LAB, variants=compared))) == (": all 3 are compared")
    beside = replace(LAB, variants=(*LAB.variants, compared[0]))
    assert meaning(replace(result, lab=beside)).endswith("both fixes hold, slots-0 is compared")


def test_marks_are_named_before_them_where_the_line_would_be_too_long() -> None:
    """The marks stay where they are."""
    marks = " " * 20 + "▼▼▼" + " " * 10
    wide = tables._window(marks, "old figures", 10, 80).plain  # noqa: SLF001 - one of its lines
    narrow = tables._window(marks, "old figures", 10, 50).plain  # noqa: SLF001 - as above
    assert wide.endswith("▼▼▼" + " " * 12 + "old figures")
    assert narrow.endswith("old figures  ▼▼▼")
    assert wide.index("▼") == narrow.index("▼")
    assert len(narrow) <= 50


def test_marks_that_come_early_are_named_right_behind_them() -> None:
    """Where the line would be too long, and the name before them too."""
    marks = " " * 5 + "▼▼▼▼▼▼" + " " * 20
    said = "load ramps to x 10, 5-15 s"
    early = tables._window(marks, said, 18, 80).plain  # noqa: SLF001 - one of its lines
    assert early == " " * 27 + "▼▼▼▼▼▼  " + said
