"""The seed ledger of this tree: every line can be run as it was found, and what failed passes."""

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from harness import catalogue, seed_ledger
from harness.cli import checking
from harness.due import ledger_in_turn
from harness.engines.sim.collector import calm
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.invariants import checking as asserting
from harness.seed_ledger import SWARM, Row
from harness.swarm.draw import drawn
from harness.swarm.trial import failure

PROVEN = os.environ.get("CHAOSLAB_PROVE", "")
"""`all` at night, and otherwise the day on which this run of the tests began."""
ROWS = seed_ledger.load()
IN_TURN = ROWS if PROVEN == "all" else ledger_in_turn(ROWS, date.fromisoformat(PROVEN))


def named(row: Row) -> str:
    return f"{row.lab}-{row.seed}"


def test_no_line_is_stale_twice_there_or_open() -> None:
    """The swarm draws today what it drew then; and what is open would be a known failure."""
    assert len(ROWS) > 10
    assert list(seed_ledger.stale(ROWS, catalogue.slugs())) == []
    assert [job for job, count in Counter(row.job for row in ROWS).items() if count > 1] == []
    assert [named(row) for row in ROWS if row.is_open] == []


def test_it_is_written_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed that is added changes no other line, and their order is the one written."""
    before = seed_ledger.path().read_text()
    place = tmp_path / seed_ledger.FILE
    monkeypatch.setattr(seed_ledger, "path", lambda: place)
    seed_ledger.write(reversed(ROWS))
    assert place.read_text() == before
    assert seed_ledger.load() == ROWS


@pytest.mark.parametrize("row", [row for row in IN_TURN if row.lab != SWARM], ids=named)
def test_a_seed_that_failed_once_passes(row: Row) -> None:
    """With every control, as `./lab check --ledger` has it."""
    with calm(), asserting(dear=False):
        checked = checking.check(row.lab, row.seed, SimEngine())
    assert not seed_ledger.is_failing(checked)


@pytest.mark.parametrize("row", [row for row in IN_TURN if row.lab == SWARM], ids=named)
def test_a_plan_that_failed_once_holds(row: Row) -> None:
    with calm():
        assert failure(drawn(row.seed)) is None


def test_others_are_in_turn_each_day() -> None:
    """Within as many days as there are labs' seeds, each has been tried; no day is a long one."""
    seeds = [row for row in ROWS if row.lab != SWARM]
    days = [ledger_in_turn(ROWS, date(2026, 1, 1 + day)) for day in range(len(seeds))]
    assert {row.job for day in days for row in day} == {row.job for row in ROWS}
    assert max(map(len, days)) <= 4
    assert ledger_in_turn([], date(2026, 1, 1)) == []
