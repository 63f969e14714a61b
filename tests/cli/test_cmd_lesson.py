"""`./lab lesson`: which runs count, what is written, and what is refused."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from harness.lessons.evidence import FILE, LESSON
from harness.lessons.pictures import MARK, PICTURE
from harness.report.text import UNKNOWN
from tests.cli.workshop import SMALL, Workshop

TEXT = """# A small lab

It has <!--=load.rate_rps-->1<!--/--> requests a second,
and <!--=naive: good answers, 3.5-5 s-->2<!--/--> came back;
`back` takes <!--=back.service_ms-->3<!--/--> ms.

<!-- begin: made by ./lab lesson: sparklines -->
typed by hand
<!-- end -->

<!-- begin: made by ./lab lesson: table
`naive`: in the end = naive: good answers, 3.5-5 s
`calm`: until well = calm: time to recover
-->
<!-- end -->

<!-- begin: made by ./lab lesson: text naive: request 25 -->
<!-- end -->

The end.
"""


@pytest.fixture
def lesson(shop: Workshop) -> Path:
    """Write the small lab with a lesson whose figures were typed."""
    path = shop.write() / LESSON
    path.write_text(TEXT)
    return path


def test_figures_come_from_the_last_run(shop: Workshop, lesson: Path) -> None:
    """Values, settings, sparklines and texts; whatever stood between markers is gone."""
    assert shop.run("run", "small", "--engine", "sim").code == 0
    outcome = shop.run("lesson", "small")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{'small':<24}simulated 20")
    assert "no measured run of small as it is" in outcome.out
    written = lesson.read_text()
    assert "typed by hand" not in written
    assert "It has <!--=load.rate_rps-->20<!--/--> requests" in written
    assert "<!--=back.service_ms-->20<!--/--> ms" in written
    assert "    simulated naive ▆" in written
    assert f"| `naive`: in the end | at most 10 % | 0 % | {UNKNOWN} |" in written
    assert f"{UNKNOWN}: not measured on containers since the lab has last changed." in written
    assert "    request 25, due at " in written
    assert written.endswith("The end.\n")


def test_a_second_time_changes_nothing(shop: Workshop, lesson: Path) -> None:
    """The lesson, its evidence and its picture come out the same."""
    shop.run("run", "small", "--engine", "sim")
    shop.run("lesson", "small")
    files = [lesson, lesson.with_name(FILE), lesson.with_name(PICTURE)]
    first = [file.read_bytes() for file in files]
    shop.run("lesson", "small")
    assert [file.read_bytes() for file in files] == first
    with Image.open(files[-1]) as picture:
        assert len(picture.info[MARK]) == 16


def test_without_a_run_it_says_what_makes_one(shop: Workshop, lesson: Path) -> None:
    """And leaves the lesson alone."""
    outcome = shop.run("lesson", "small")
    assert outcome.code == 2
    assert outcome.complaint == (
        "no simulated run of small as it is; ./lab run small --engine sim makes one"
    )
    assert lesson.read_text() == TEXT


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--seed", "2"), "has seed 2, lessons have 1"),
        (("--variant", "calm"), "is without naive"),
        (("--set", "front.timeout_ms=90"), "is of another version of the lab"),
        (("--set", "back.workers=40"), "is of another version of the lab"),
    ],
)
def test_other_runs_do_not_count(
    shop: Workshop, lesson: Path, arguments: tuple[str, ...], reason: str
) -> None:
    """Another seed, a part of the lab, settings of one's own: the lesson would not be true."""
    shop.run("run", "small", "--engine", "sim", *arguments)
    complaint = shop.run("lesson", "small").complaint
    assert reason in complaint
    assert lesson.read_text() == TEXT


def test_a_run_that_does_not_pass_is_no_evidence(shop: Workshop) -> None:
    """A lesson shows what its lab proves."""
    folder = shop.change(("at_most=2)", "at_most=0.5)"))
    (folder / LESSON).write_text(TEXT)
    assert shop.run("run", "small", "--engine", "sim").code == 1
    assert "is FAIL" in shop.run("lesson", "small").complaint


def measured(lesson: Path) -> None:
    """Write down that what was simulated was measured too, to other values."""
    file = lesson.with_name(FILE)
    document = json.loads(file.read_text())
    half = json.loads(json.dumps(document["sim"]))
    half["day"] = "2026-01-02"
    half["seen"]["naive"]["values"]["good answers, 3.5-5 s"] = 0.04
    file.write_text(json.dumps({**document, "compose": half}))


def test_what_was_measured_stays_until_the_lab_changes(shop: Workshop, lesson: Path) -> None:
    """A machine without containers keeps the measured column; another lab's figures go."""
    shop.run("run", "small", "--engine", "sim")
    shop.run("lesson", "small")
    measured(lesson)
    outcome = shop.run("lesson", "small")
    assert "measured 2026-01-02" in outcome.out
    assert "| `naive`: in the end | at most 10 % | 0 % | 4 % |" in lesson.read_text()
    assert "Measured on containers on 2 January 2026." in lesson.read_text()
    assert "    measured  naive " in lesson.read_text()
    (lesson.parent / "lab.py").write_text(SMALL.replace("at_most=2)", "at_most=3)"))
    del sys.modules["labs.trial.small.lab"]
    assert "is of another version of the lab" in shop.run("lesson", "small").complaint
    shop.run("run", "small", "--engine", "sim")
    assert "no measured run of small as it is" in shop.run("lesson", "small").out
    assert f"| `naive`: in the end | at most 10 % | 0 % | {UNKNOWN} |" in lesson.read_text()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("naive: good answers, 3.5-5 s-->", "naive: good answer-->", "no measure 'good answer'"),
        ("naive: good answers, 3.5-5 s-->", "nave: good answers, 3.5-5 s-->", "no variant 'nave'"),
        ("load.rate_rps", "load.rate", "no setting 'load.rate'"),
        ("back.service_ms", "what?", "write it as VARIANT: MEASURE, or as SERVICE.SETTING"),
        (
            "lesson: sparklines",
            "lesson: sparkline",
            "has a block 'sparkline'; there are: sparklines",
        ),
        ("`calm`: until well =", "`calm`: until well", "write it as WORDS = VARIANT: MEASURE"),
        ("naive: request 25", "naive: request 2500", "shows a request that is not there"),
        ("naive: request 25", "naive: poem", "there are: request NUMBER, notes"),
        ("naive: request 25", "nave: notes", "no text 'notes' of 'nave'"),
    ],
)
def test_a_wrong_marker_is_named(
    shop: Workshop, lesson: Path, old: str, new: str, complaint: str
) -> None:
    """One line says where in which lesson, and the lesson is left alone."""
    assert TEXT.count(old) == 1
    wrong = TEXT.replace(old, new)
    lesson.write_text(wrong)
    shop.run("run", "small", "--engine", "sim")
    outcome = shop.run("lesson", "small")
    assert outcome.code == 2
    assert complaint in outcome.complaint
    assert "small" in outcome.complaint
    assert lesson.read_text() == wrong
    assert not lesson.with_name(FILE).exists()
