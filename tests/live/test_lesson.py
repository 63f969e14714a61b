"""A lesson as the page gets it: the question, its choices, the text, and what to try."""

import re
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue
from harness.live.fault_words import WORDS, buttons
from harness.live.lesson import Lesson, Try, lesson_of
from harness.live.session import Session
from harness.model.experiment import Experiment
from harness.model.fault_json import FAULTS, fault_from_json

TEXT = """# A hall

One falls. <!--=load.rate_rps-->70<!--/--> come.

## What happened

It [fell](https://example.org/), and [not](javascript:alert(1)). <script>alert(2)</script>

## Predict

How many?

1. One, or
   two.
2. `None`.

## Run it

    ./lab run hall

## What you saw

![Good answers](picture.png)

| a | b |
|---|---|
| 1 | 2 |

## Break the fix

    ./lab run hall --variant calm --set front.tries=2 --set front.mode=fast --seed 3
    ./lab run hall --variant calm --set fault.for_s=3
    ./lab run hall --variant calm
<!-- PASS -->
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    path = tmp_path / "README.md"
    path.write_text(TEXT, encoding="utf-8")
    found = lesson_of(path)
    assert found is not None
    return found


def test_the_question_stands_apart_from_its_choices_and_its_answer(lesson: Lesson) -> None:
    """What comes before it is not in the answer, and the other way round."""
    assert lesson.question == "<p>How many?</p>\n"
    assert lesson.choices == ("One, or two.", "<code>None</code>.")
    assert "70 come" in lesson.before
    assert "What happened" in lesson.before
    assert "What you saw" in lesson.answer
    assert "What happened" not in lesson.answer
    assert not any(word in lesson.before + lesson.answer for word in ("Run it", "<img", "<!--"))


def test_what_it_links_to_is_safe(lesson: Lesson) -> None:
    """No script, and no address that is one."""
    assert 'href="https://example.org/"' in lesson.before
    assert "<script" not in lesson.before
    assert re.search(r'href="\s*javascript', lesson.before) is None


def test_its_experiments_are_variants_with_settings(lesson: Lesson) -> None:
    """A command without settings is none: the page has that variant already."""
    said = "calm: front.tries = 2, front.mode = fast, seed 3"
    settings: dict[str, Any] = {"front.tries": 2, "front.mode": "fast"}
    assert lesson.tries == (Try(said=said, variant="calm", seed=3, settings=settings),)


def test_there_may_be_none(tmp_path: Path) -> None:
    """As in a folder of somebody else's."""
    assert lesson_of(tmp_path / "README.md") is None


def test_questions_are_no_choices(tmp_path: Path) -> None:
    """Where the lesson numbers its questions, it is an open one."""
    path = tmp_path / "README.md"
    path.write_text("# A\n\n## Predict\n\n1. How many?\n2. When?\n", encoding="utf-8")
    found = lesson_of(path)
    assert found is not None
    assert found.choices == ()
    assert "When?" in found.question


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_every_lesson_has_its_question_and_experiments_that_open(slug: str) -> None:
    """Those of a lab that are there; each is a variant that the lab has, with settings it takes."""
    entry = catalogue.find(slug)
    found = lesson_of(entry.folder / "README.md")
    if found is None:
        return
    assert "Why" in found.answer
    assert found.question
    for one in found.tries:
        with Session(
            slug, entry.lab, Experiment(variant=one.variant, settings=one.settings)
        ) as run:
            assert not run.over


def test_every_fault_has_a_button_or_a_reason_for_none() -> None:
    """With all values that a click needs, but for the places that it hits."""
    assert set(WORDS) <= set(FAULTS)
    kinds = {one["kind"]: one for one in buttons()}
    assert set(FAULTS) - set(kinds) == {"Configure"}
    assert {one["kind"] for one in buttons(("Kill",))} == set(kinds) - {"Kill"}
    for kind, one in kinds.items():
        places = {"one": ["a"], "other": ["b"]} if one["on"] == "hosts" else {"target": "a->b"}
        fields = [field for field in one["fields"] if field["type"] != "names"]
        values = {field["name"]: field["default"] for field in fields}
        fault_from_json({"kind": kind, **places, **values})
