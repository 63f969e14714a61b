"""labs/EVIDENCE.md: each prediction beside what was seen of it, and the page as it would be now."""

import math
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from harness import catalogue, held_predictions, prediction_record, track_record
from harness.check_results import Checked
from harness.checks.verdict import Control, Kind
from harness.cli import evidence_tables
from harness.model.expect import Bound
from harness.model.numbers import MINUS
from harness.prediction_record import Row
from harness.report.text import UNKNOWN
from tests.cli.workshop import SMALL, Workshop

DAY = datetime(2026, 11, 28, tzinfo=UTC)
FORETOLD = SMALL.replace("on\n\nLAB", "on, predict\n\nLAB").replace(
    "    expect=(",
    """    predict=(
        predict("half", success_ratio(1, 2), on="calm", equals=0.5, because="x",
                source="counted", model=0.1, leaves_out="a little", chance=0.05),
        predict("none", success_ratio(2, 3), on="calm", equals=0, because="x", source="counted"),
    ),
    expect=(""",
)
PAGE = (
    "Before.\n\n<!-- begin predictions: made by ./lab evidence -->\nold\n"
    "<!-- end predictions -->\n\nAfter.\n"
)


def checked(seed: int, value: float, *, error: str = "") -> Checked:
    """Make a result with one prediction's control in it, and one of another kind."""
    control = Control(
        kind=Kind.PREDICTION,
        claim="half",
        variant="calm",
        engine="sim",
        measure="good answers, 1-2 s",
        unit="",
        value=value,
        bound=Bound.around(0.5, model=0.1),
    )
    other = replace(control, kind=Kind.TELLS_APART, value=9)
    return Checked(
        slug="small", seed=seed, began=DAY, took_s=1, error=error, controls=(control, other)
    )


def add(*values: float) -> Row:
    """Add a check of as many seeds to what is kept, and give its row."""
    results = [checked(seed, value) for seed, value in enumerate(values, 1)]
    prediction_record.write(prediction_record.added(prediction_record.load(), results))
    return next(row for row in prediction_record.load() if row.claim == "half")


def cells(table: str, figure: str) -> list[str]:
    """Give what stands behind a figure in its line of the table."""
    (line,) = [line for line in table.splitlines() if f"| {figure} |" in line]
    return line.strip("| ").split(" | ")[2:]


def test_the_page_is_as_it_would_be_written_now() -> None:
    """Whoever changes a prediction or a lesson's runs writes it anew: ./lab evidence --write."""
    page = catalogue.home() / evidence_tables.PAGE
    assert evidence_tables.renewed(page.read_text()) == page.read_text()


def test_every_mean_is_as_near_to_theory_as_it_must_be() -> None:
    """What many seeds show and one does not is a finding: of the theory, the lab or the code."""
    held = held_predictions.every()
    assert [(one.lab, one.prediction.name) for one in held if one.is_beyond] == []


def test_a_mean_is_of_all_seeds_that_prove_something(shop: Workshop) -> None:
    """A run that fails its prediction counts as well, or the mean would flatter the theory."""
    shop.write(FORETOLD)
    results = [checked(1, 0.5), checked(2, 0.9), checked(3, math.nan), checked(4, 0.1, error="x")]
    (row,) = prediction_record.added([], results)
    assert (row.key, row.mean, row.seeds) == (("small", "calm", "half"), 0.7, 2)


def test_more_seeds_take_the_place_of_fewer(shop: Workshop) -> None:
    """And not fewer that of more, unless the lab is another."""
    shop.write(FORETOLD)
    assert prediction_record.load() == []
    assert add(0.4, 0.5).mean == 0.45
    assert add(0.9).mean == 0.45
    assert add(0.5, 0.6).mean == 0.55
    assert add(0.5, 0.5, 0.5).seeds == 3
    shutil.rmtree(shop.root / "labs" / "trial" / "small")
    for name in [name for name in sys.modules.copy() if name.startswith("labs.trial.small")]:
        del sys.modules[name]
    shop.write(FORETOLD.replace("rate_rps=20", "rate_rps=21"))
    assert cells(evidence_tables.predictions(), "good answers, 1-2 s") == [
        *("50 %", "±50 %", UNKNOWN, UNKNOWN, "0", UNKNOWN, UNKNOWN)
    ]
    assert add(0.4).seeds == 1


def test_a_mean_of_what_a_lab_did_before_is_forgotten(shop: Workshop) -> None:
    """Its code has changed, not its definition: a seed of now says more than three of then."""
    shop.write(FORETOLD)
    results = shop.root / "results.jsonl"
    shop.run("check", "small", "--results", str(results))
    shop.run("evidence", "--add", str(results))
    add(0.5, 0.5, 0.5)
    shop.run("evidence", "--add", str(results))
    assert {row.seeds for row in prediction_record.load()} == {1, 3}
    track_record.write([replace(row, code="0", runs="0") for row in track_record.load()])
    shop.run("evidence", "--add", str(results))
    assert {row.seeds for row in prediction_record.load()} == {1}


def test_a_record_that_is_broken_is_one_line(shop: Workshop) -> None:
    """It says what to do."""
    shop.write(FORETOLD)
    add(0.5)
    text = prediction_record.path().read_text()
    prediction_record.path().write_text(text.replace("\t1\t", "\tone\t"))
    assert "--add" in shop.run("evidence", "--write").complaint


def test_the_table_says_how_far_off_theory_was(shop: Workshop) -> None:
    """In per cent of it, or where it says that there is nothing, in the measure's own unit."""
    shop.write(FORETOLD)
    add(0.45, 0.5)
    page = shop.root / "labs" / evidence_tables.PAGE
    page.write_text(PAGE)
    outcome = shop.run("evidence", "--write")
    assert (outcome.code, outcome.out) == (0, "")
    text = page.read_text()
    assert text.startswith("Before.\n\n<!-- begin")
    assert text.endswith("<!-- end predictions -->\n\nAfter.\n")
    assert "old" not in text
    assert "2 predictions, 0 of them from a formula" in text
    assert cells(text, "good answers, 1-2 s") == [
        *("50 %", "±50 %", "47.5 %", f"{MINUS}5 %", "2", UNKNOWN, UNKNOWN)
    ]
    assert "of 1 means over seeds, 1 are as near" in text
    assert cells(text, "good answers, 2-3 s") == [
        *("0 %", "±0 %", UNKNOWN, UNKNOWN, "0", UNKNOWN, UNKNOWN)
    ]


def test_a_mean_must_be_nearer_than_one_run(shop: Workshop) -> None:
    """Chance is four sigmas of 0.05: one run may be at 0.75, the mean of four at 0.65 at most."""
    shop.write(FORETOLD)
    add(0.7)
    assert "means over seeds" not in evidence_tables.predictions()
    add(0.6, 0.7, 0.6, 0.7)
    assert cells(evidence_tables.predictions(), "good answers, 1-2 s")[3] == "+30 %"
    add(0.7, 0.7, 0.6, 0.7)
    assert cells(evidence_tables.predictions(), "good answers, 1-2 s")[3] == "**+35 %**"
    assert "of 1 means over seeds, 0 are" in evidence_tables.predictions()


@pytest.mark.parametrize("page", [PAGE.replace("end pred", "end of pred"), "No table.\n"])
def test_a_page_without_its_markers_stays_as_it_is(shop: Workshop, page: str) -> None:
    """Nobody's text is lost to a marker that is misspelt."""
    shop.write(FORETOLD)
    assert evidence_tables.renewed(page) == page


def test_where_there_is_no_page_none_is_made(shop: Workshop) -> None:
    """A folder of somebody else's labs need not have one."""
    shop.write(FORETOLD)
    assert shop.run("evidence", "--write").code == 0
    assert not (shop.root / "labs" / evidence_tables.PAGE).exists()
