"""A check as Markdown: what is surprising first, in a table that a pull request can hold."""

from datetime import UTC, datetime

from harness import check_markdown
from harness.check_results import Checked
from harness.checks.verdict import Control, Kind
from harness.model.expect import Bound


def control(kind: Kind = Kind.HOLDS, claim: str = "recovers", value: float = 1) -> Control:
    return Control(
        kind=kind,
        claim=claim,
        variant="calm",
        engine="sim",
        measure="time to recover",
        unit="s",
        value=value,
        bound=Bound(at_most=2),
    )


def checked(slug: str, seed: int, *controls: Control, error: str = "") -> Checked:
    began = datetime(2026, 1, 2, tzinfo=UTC)
    return Checked(
        slug=slug, seed=seed, controls=controls or (control(),), began=began, took_s=1, error=error
    )


def told(*ones: Checked, total: int | None = None) -> list[str]:
    return list(
        check_markdown.lines(
            ones, lambda one: f"run {one.slug} {one.seed}", total=total or len(ones)
        )
    )


def rows(lines: list[str]) -> list[list[str]]:
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line[:1] == "|"][
        2:
    ]


def test_what_fails_comes_first_and_what_passes_is_one_row() -> None:
    """Then what proves nothing; the headline counts all three."""
    lines = told(
        checked("fine", 1),
        checked("sick", 1, control(Kind.BASELINE, "is healthy", 9)),
        checked("also-fine", 1),
        checked("broken", 1, control(value=7)),
    )
    assert lines[0] == "### ✗ Chaoslab FAIL: 1 FAIL, 1 INCONCLUSIVE, 2 PASS"
    assert [row[0] for row in rows(lines)] == ["✗ FAIL", "? INCONCLUSIVE", "✓ PASS"]
    assert [row[1] for row in rows(lines)] == ["broken", "sick", "fine, also-fine"]
    assert rows(lines)[0][2:] == [
        "calm, the fix holds: recovers (time to recover)",
        "7.00 s",
        "≤ 2 s",
        "1",
    ]


def test_it_says_how_to_see_each_lab_again() -> None:
    """Under the first seed that showed a failure; a lab that could not be loaded has no run."""
    lines = told(
        checked("a", 3, control(value=7)),
        checked("a", 4, control(value=7)),
        checked("wrong", 1, error="no LAB"),
    )
    assert lines[-1] == "    run a 3"
    assert not any("run wrong" in line for line in lines)


def test_a_claim_has_one_row_for_all_its_seeds() -> None:
    """With how many there are, and the first of them."""
    failing = [checked("a", seed, control(value=seed)) for seed in range(10, 17)]
    ((_, _, _, _, _, seeds),) = rows(told(*failing))
    assert seeds == "7: 10, 11, 12, 13, 14, …"


def test_the_table_is_short() -> None:
    """However much fails; how much was left out is said."""
    many = [control(claim=f"claim {number}", value=9) for number in range(90)]
    lines = told(checked("a", 1, *many))
    assert len(rows(lines)) == check_markdown.ROWS + 1
    assert f"and {90 - check_markdown.ROWS} more" in rows(lines)[-1]


def test_nothing_in_a_cell_breaks_the_table() -> None:
    """Bars, line ends, code marks and tags stay text; what is long is cut."""
    nasty = "a|b\n`c` <img> " + "long " * 90
    lines = told(checked("a", 1, error=nasty))
    (row,) = [line for line in lines if "can be checked" in line]
    assert row.replace("\\|", "").count("|") == 7
    assert "\\`c\\` &lt;img>" in row
    assert len(row) < 300


def test_a_check_that_broke_off_says_so() -> None:
    """What it has is not taken for all."""
    assert told(checked("a", 1), total=8)[0].endswith("1 PASS; broke off, 7 not checked")
    assert "nothing was checked" in told(total=8)[0]


def test_seeds_that_passed_are_counted() -> None:
    """Once for all labs."""
    lines = told(*(checked(slug, seed) for slug in ("a", "b") for seed in (1, 2, 3)))
    assert rows(lines) == [["✓ PASS", "a, b", "", "", "", "3 seeds each"]]
