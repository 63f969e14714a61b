"""The track record: seeds are kept for a lab as it is, and forgotten when it is another."""

import shutil
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from harness import catalogue, track_record
from harness.check_results import Checked
from harness.checks.verdict import Control, Kind
from harness.due import due, measured_s
from harness.model.expect import Bound
from harness.track_record import Now, Row
from tests.cli.workshop import SMALL, Workshop

DAY = datetime(2026, 11, 28, tzinfo=UTC)
SERVICE = '''"""A service of the lab's own."""

from services.relay import Settings, app

__all__ = ["Settings", "app"]
'''


HELD = Control(
    kind=Kind.HOLDS,
    claim="recovers",
    variant="calm",
    engine="sim",
    measure="time to recover",
    unit="s",
    value=1,
    bound=Bound(at_most=2),
)


def checked(*seeds: int, error: str = "") -> list[Checked]:
    return [
        Checked(slug="small", seed=seed, began=DAY, took_s=1, error=error, controls=(HELD,))
        for seed in seeds
    ]


def rewrite(shop: Workshop, text: str) -> None:
    """Put another lab in the place of the small one."""
    shutil.rmtree(shop.root / "labs" / "trial" / "small")
    for name in [name for name in sys.modules.copy() if name.startswith("labs.trial.small")]:
        del sys.modules[name]
    shop.write(text)


def only() -> Row:
    (row,) = track_record.load()
    return row


def now() -> Now:
    return Now(catalogue.find("small"))


def add(*seeds: int, error: str = "") -> None:
    made = track_record.added(track_record.load(), "sim", checked(*seeds, error=error))
    track_record.write(made)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((1,), "1"), ((1, 2, 3), "1-3"), ((1, 2, 4, 6, 7), "1-2,4,6-7")],
)
def test_seeds_are_written_as_ranges(numbers: tuple[int, ...], text: str) -> None:
    """And read again from them."""
    assert track_record.ranges(numbers) == text
    assert track_record.numbers(text) == frozenset(numbers)


def test_checks_of_the_same_lab_add_up(shop: Workshop) -> None:
    """In whatever order, and each seed once; what proved nothing is not counted."""
    shop.write()
    add(1, 2, 3)
    add(3, 4)
    add(9, error="its process was killed")
    assert only().passed == frozenset({1, 2, 3, 4})
    assert only().seeds() == "4 of 4"
    assert only().day == "2026-11-28"


def test_a_seed_that_failed_and_passes_now_is_one_that_passes(shop: Workshop) -> None:
    """The last check of it counts."""
    shop.write()
    add(1)
    row = replace(only(), passed=frozenset({2}), failed=frozenset({1}))
    track_record.write([row])
    assert only().seeds() == "1 of 2"
    assert track_record.added([row], "sim", checked(1))[0].failed == frozenset()
    assert only().since(now()) == ""


@pytest.mark.parametrize(
    ("old", "new", "since"),
    [
        ("rate_rps=20", "rate_rps=21", "the lab has changed since"),
        ('"A small lab"', '"A little lab"', ""),
        ("at_most=0.1", "at_most=0.2", "the lab has changed since"),
    ],
)
def test_a_lab_that_is_another_has_no_record(
    shop: Workshop, old: str, new: str, since: str
) -> None:
    """What decides a run or a verdict counts; words do not."""
    shop.write()
    add(1, 2)
    rewrite(shop, SMALL.replace(old, new))
    assert only().since(now()) == since
    add(3)
    assert only().passed == (frozenset({3}) if since else frozenset({1, 2, 3}))


def test_code_that_does_the_same_is_the_same(shop: Workshop) -> None:
    """A service of the lab's own that is written otherwise, and one that does otherwise."""
    text = SMALL.replace("services.relay", "labs.trial.small.own")
    folder = shop.write(text)
    (folder / "own.py").write_text(SERVICE)
    add(1)
    before = only().code
    (folder / "own.py").write_text(SERVICE + "\n# The same in other words.\n")
    assert now().code != before
    assert only().since(now()) == ""
    add(2)
    assert only().passed == frozenset({1, 2})
    assert only().code == now().code
    row = replace(only(), code="0" * 16, runs="0" * 16)
    assert row.since(now()) == "what it does has changed since"


def test_what_a_service_uses_is_part_of_its_code() -> None:
    """The retry of the relay, and not the circuit breaker's lab."""
    sources = {path.name for path in track_record.sources(catalogue.find("retry-storm"))}
    assert {"relay.py", "worker.py", "retry.py", "predictions.py", "lab.py"} <= sources
    assert not {"balancer.py", "reading.py"} & sources


def test_a_file_that_is_broken_is_one_line(shop: Workshop) -> None:
    """It says what to do."""
    shop.write()
    add(1)
    track_record.path().write_text(track_record.path().read_text().replace("\t1\t", "\tone\t"))
    assert "--add" in shop.run("evidence").complaint


def test_what_was_never_measured_is_due_first(shop: Workshop) -> None:
    """Then what is due in turn, another lab each day; and no more than there is time for."""
    for slug in ("one", "two", "three", "four"):
        shop.write(slug=slug)
    slugs = catalogue.slugs()
    assert due(slugs, 0, date(2026, 1, 1)) == due(slugs, 1, date(2026, 1, 1))[:1]
    made = track_record.added([], "compose", [replace(checked(1)[0], slug=slug) for slug in slugs])
    track_record.write([row for row in made if row.lab != "two"])
    days = [date(2026, 1, day) for day in range(1, 5)]
    assert {due(slugs, 0, day)[0] for day in days} == {"two"}
    track_record.write(made)
    assert {due(slugs, 0, day)[0] for day in days} == set(slugs)
    two = 2 * measured_s(catalogue.find("one").lab) / 60
    assert [len(due(slugs, two, day)) for day in days] == [2, 2, 2, 2]
    assert due(slugs, 1000, days[0]) != due(slugs, 1000, days[1])


def test_the_command_says_what_is_to_be_done(shop: Workshop) -> None:
    """Until a check has been added; of another tree there is nothing to add."""
    shop.write()
    assert "never: ./lab check small --engine sim" in shop.run("evidence").out
    results = shop.root / "results.jsonl"
    assert shop.run("check", "small", "--seeds", "2", "--results", str(results)).code == 0
    (shop.root / "labs" / "EVIDENCE.md").write_text(
        "Seeds.\n\n<!-- begin seeds: made by ./lab evidence -->\n<!-- end seeds -->\n\nMore.\n"
    )
    outcome = shop.run("evidence", "--add", str(results))
    assert "✓ small                   simulated      2 of 2 seeds" in outcome.out
    assert "✗ small                   on containers  never" in outcome.out
    assert outcome.code == 1
    table = (shop.root / "labs" / "EVIDENCE.md").read_text()
    assert "| small | 2 of 2, " in table
    assert table.endswith("<!-- end seeds -->\n\nMore.\n")
    rewrite(shop, SMALL + "# another tree\n")
    assert "results of another tree" in shop.run("evidence", "--add", str(results)).complaint
    assert "no results" in shop.run("evidence", "--add", str(shop.root / "none")).complaint
