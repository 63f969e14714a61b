"""The tables of laws and incidents: complete, true to the code, and named by what cites them."""

import csv
import importlib
import inspect
import re
from pathlib import Path

import pytest

from harness import catalogue, truth

THEORY = Path(truth.__file__).parent / "theory"
HEAD = "# A lab\n\n## What happened to real people\n\n"
NOT_FORMULAS = {"__init__", "domain"}
"""Modules that hold no formula: the package's own words, and the checks of arguments."""

VERIFIED = {"published", "derived", "computed", "simulated", "measured", "memory"}
CHECKED = {"official", "digest", "press", "memory"}


def functions() -> set[str]:
    """Name every public function of `harness.theory` as the table does."""
    found = set()
    for path in THEORY.glob("*.py"):
        if path.stem not in NOT_FORMULAS:
            module = importlib.import_module(f"harness.theory.{path.stem}")
            found |= {
                f"{path.stem}.{name}"
                for name, value in vars(module).items()
                if inspect.isfunction(value)
                and value.__module__ == module.__name__
                and not name.startswith("_")
            }
    return found


@pytest.mark.parametrize("name", truth.TABLES.values())
def test_a_table_is_whole(name: str) -> None:
    """Every line has all columns, none with spaces around it; slugs differ, and are slugs."""
    with (catalogue.LABS / name).open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    slugs = [line[0] for line in lines]
    assert len(slugs) == len(set(slugs))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)
    for line in lines:
        assert len(line) == len(head), line[0]
        assert all(cell == cell.strip() for cell in line), line[0]


def test_every_formula_is_told_in_full() -> None:
    """What it says, where it is from, where its figures come from."""
    rows = truth.formulas()
    assert len(rows) > 95
    for row in rows.values():
        assert row.topic, row.slug
        assert row.formula, row.slug
        assert row.source, row.slug
        assert set(row.verified) <= VERIFIED, row.slug


def test_a_row_has_functions_or_says_why_not() -> None:
    """And most have: the laws are there to be computed."""
    rows = truth.formulas().values()
    assert [row.slug for row in rows if bool(row.functions) == bool(row.reason)] == []
    assert sum(bool(row.functions) for row in rows) > 85


def test_the_table_and_the_code_name_each_other() -> None:
    """No row names a function that is not there, and no function is without a row."""
    named = {name for row in truth.formulas().values() for name in row.functions}
    assert named == functions()


def test_every_incident_is_told_in_full() -> None:
    """With its source, and what the row was held against."""
    rows = truth.incidents()
    assert len(rows) > 65
    for row in rows.values():
        assert all((row.name, row.date, row.impact, row.source)), row.slug
        assert row.checked in CHECKED, row.slug
        assert row.caveat or row.checked != "memory", row.slug


def test_every_prediction_cites_a_row() -> None:
    """Or is counted from the lab's own numbers."""
    problems = [
        f"{slug}, {prediction.name!r}: {problem}"
        for slug in catalogue.slugs()
        for prediction in catalogue.find(slug).lab.predict
        if (problem := truth.unknown(prediction.source))
    ]
    assert problems == []


def test_a_prediction_calls_a_function_of_the_row_that_it_cites() -> None:
    """A source that does not carry the formula is none: the row's own code gives the figure."""
    lacking = []
    for slug in catalogue.slugs():
        entry = catalogue.find(slug)
        code = "".join(path.read_text() for path in sorted(entry.folder.glob("*.py")))
        for prediction in entry.lab.predict:
            kind, _, row = prediction.source.partition(":")
            names = truth.formulas()[row].functions if kind == "theory" else ()
            if kind == "incident" or (kind == "theory" and not any(name in code for name in names)):
                lacking.append((slug, prediction.name, prediction.source))
    assert lacking == []


def test_a_misspelt_source_gets_the_nearest_name() -> None:
    """And what is no source at all is told."""
    assert truth.unknown("theory:cache-stampede") is None
    assert truth.unknown("incident:github-2018-partition") is None
    assert truth.unknown("counted") is None
    assert "is no source" in (truth.unknown("the definition") or "")
    assert str(truth.unknown("theory:cache-stampde")).startswith(
        "'theory:cache-stampde' names no row of labs/theory.tsv (did you mean cache-stampede or "
    )
    assert str(truth.unknown("incident:")).startswith("'incident:' names no row")


def test_a_story_with_a_marker_is_cited() -> None:
    """In any form that holds the slug; wrapped lines are one story."""
    lesson = (
        HEAD + "- **GitHub, 21 October 2018.** A link was cut\n"
        "  for 43 seconds. (*Analysis*, `incident:github-2018-partition`)\n"
    )
    assert truth.uncited(lesson) == []


@pytest.mark.parametrize(
    "link", ["([Analysis](https://example.org/2018))", "(<https://example.org/a>)"]
)
def test_a_story_with_a_link_is_cited(link: str) -> None:
    """Its years are the source's business."""
    assert truth.uncited(f"{HEAD}- **Somebody, in 1999.** A thing broke. {link}\n") == []


def test_a_story_without_a_source_is_told() -> None:
    """With a date or without one: a list item tells what happened to somebody."""
    lesson = f"{HEAD}- **GitHub, 2018.** A cut.\n- **Somebody.** A slow clock.\n"
    assert truth.uncited(lesson) == [
        "'- **GitHub, 2018.** A cut.': names no source; add `incident:<slug>` or a link",
        "'- **Somebody.** A slow clock.': names no source; add `incident:<slug>` or a link",
    ]


def test_each_story_needs_its_own_source() -> None:
    """That of the one before it does not count, nor that of a paragraph between."""
    lesson = (
        HEAD + "- **GitHub, 2018.** `incident:github-2018-partition`\n\n"
        "  It went on.\n\n"
        "- **Square, 2017.** Retries.\n\n"
        "Both were in 2019, so they say.\n"
    )
    assert [line.split(":")[0] for line in truth.uncited(lesson)] == [
        "'- **Square, 2017.** Retries.'",
        "'Both were in 2019, so they say.'",
    ]


def test_plain_words_between_stories_need_no_source() -> None:
    """As long as they give no year; ports, versions and times are no years."""
    lesson = f"{HEAD}All four are of one kind: 2,018 servers, port 8.2018, at 20:19.\n"
    assert truth.uncited(lesson) == []


def test_a_marker_that_names_no_row_is_told() -> None:
    """With the nearest that does, even beside a link."""
    lesson = f"{HEAD}- A cut. `incident:github-2018` [x](https://example.org)\n"
    (problem,) = truth.uncited(lesson)
    assert "'incident:github-2018' names no row of labs/incidents.tsv" in problem
    assert "github-ddos-2018" in problem


def test_years_must_be_those_of_the_row() -> None:
    """One that no row knows is a slip, or has another source, which is then linked."""
    story = "- **GitHub, 21 October {}.** A cut. `incident:github-2018-partition`"
    assert truth.uncited(HEAD + story.format(2018)) == []
    (problem,) = truth.uncited(HEAD + story.format(2017))
    assert problem.endswith("2017 is in no row that it names; add a link, or fix the year")
    assert truth.uncited(HEAD + story.format(2017) + " [x](https://example.org)") == []


def test_a_theorys_row_carries_its_figures_too() -> None:
    """As for what a paper measured."""
    story = "- **Facebook, described in 2013.** From 17,000 to 1,300. (`theory:memcache-leases`)\n"
    assert truth.uncited(HEAD + story) == []


def test_only_the_section_is_read() -> None:
    """Up to the next heading of its rank; deeper headings are inside."""
    before = "# 1999\n\n- told in 1998\n\n"
    after = "## Predict\n\n- in 1997, who knows?\n"
    inside = "### More\n\n- told in 1996\n\n"
    assert truth.uncited(before + HEAD.removeprefix("# A lab\n\n") + after) == []
    (problem,) = truth.uncited(before + HEAD.removeprefix("# A lab\n\n") + inside + after)
    assert "1996" in problem
    assert truth.uncited("# A lab without stories, of 1999\n") == []


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_every_story_of_a_lesson_has_a_source(slug: str) -> None:
    """A row of the incidents' table, or a link of its own."""
    lesson = (catalogue.find(slug).folder / "README.md").read_text()
    assert truth.STORIES in lesson
    assert truth.uncited(lesson) == []


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_a_lesson_asks_what_the_list_has_shown(slug: str) -> None:
    """The same question in the catalogue, in the lab and at the head of the lesson."""
    question = catalogue.find(slug).lab.question
    rows = {row.slug: row for row in catalogue.planned()}
    assert rows[slug].question == question
    head = (catalogue.find(slug).folder / "README.md").read_text().partition("## ")[0]
    assert question in " ".join(head.split())
