"""`./lab new`: a lab to start from, that is right from the start."""

import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest

from harness import catalogue
from harness.cli.cmd_new import LabKind
from tests.cli.workshop import ROOT, Workshop

ADD = (
    "Add one line to labs/catalogue.tsv (slug, track, level, title, question); "
    "CONTRIBUTING.md shows one."
)


@pytest.mark.parametrize("kind", LabKind)
def test_a_new_lab_passes_its_check(shop: Workshop, kind: LabKind) -> None:
    """What is written is shown, listed, and holds all its controls, unchanged.

    It predicts from theory, and its lesson says what to write under each heading.
    """
    outcome = shop.run("new", "brand-new", "--track", "cascades", "--kind", kind.value)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "wrote labs/cascades/brand_new/lab.py",
        "wrote labs/cascades/brand_new/README.md",
        f"brand-new is not in the catalogue. {ADD}",
        "next: ./lab check brand-new",
    ]
    assert shop.run("check", "brand-new").code == 0
    entry = catalogue.find("brand-new")
    assert entry.lab.predict or entry.lab.across
    _, *parts = (entry.folder / "README.md").read_text().split("\n## ")
    assert all("<!-- write: " in part for part in parts if not part.startswith("Run it"))
    assert shop.run("show", "brand-new").code == 0
    assert "brand-new" in shop.run("list").out


def test_a_lab_of_the_catalogue_has_its_title_and_question(shop: Workshop) -> None:
    """What the catalogue knows need not be typed again."""
    row = next(row for row in catalogue.planned() if len(row.question) > 90)
    outcome = shop.run("new", row.slug, "--track", row.track)
    assert outcome.code == 0
    assert "catalogue" not in outcome.out
    lab = catalogue.find(row.slug).lab
    assert (lab.title, lab.question) == (row.title, row.question)


def test_every_lab_of_the_catalogue_is_written_in_the_houses_style(shop: Workshop) -> None:
    """Whatever a title or a question holds, the linter and the formatter have no objections."""
    for row, kind in zip(catalogue.planned(), cycle(LabKind)):
        assert shop.run("new", row.slug, "--track", row.track, "--kind", kind.value).code == 0
        assert catalogue.find(row.slug).lab.question == row.question
    written = str(shop.root / "labs")
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = _tool("ruff", *command, "--config", str(ROOT / "pyproject.toml"), written)
        assert done.returncode == 0, done.stdout


def test_new_labs_are_well_typed(shop: Workshop) -> None:
    """Strict mypy accepts what is written, of every kind."""
    for kind in LabKind:
        shop.run("new", f"brand-new-{kind}", "--track", "cascades", "--kind", kind.value)
    written = [str(shop.root / f"labs/cascades/brand_new_{kind.value}/lab.py") for kind in LabKind]
    done = _tool("mypy", *written)
    assert done.returncode == 0, done.stdout


def _tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own tools
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name",
    ["", "Upper", "under_score", "two--dashes", "-dash", "dash-", "3rd", "a b", "../up", "ü"],
)
def test_a_bad_name_is_refused(shop: Workshop, name: str) -> None:
    """A name is a folder, a slug and a container's label; the message says what it may hold."""
    outcome = shop.run("new", "--track", "cascades", "--", name)
    assert outcome.code == 2
    assert outcome.complaint.startswith(f"invalid name {name!r} for a lab: use lower-case")
    assert _written(shop) == []


def test_an_unknown_track_is_refused(shop: Workshop) -> None:
    """Tracks are those of the catalogue, and near ones are offered."""
    outcome = shop.run("new", "brand-new", "--track", "cascade")
    assert outcome.code == 2
    assert "no track 'cascade' (did you mean cascades?); there are " in outcome.complaint
    assert _written(shop) == []


def test_a_planned_lab_goes_into_its_track(shop: Workshop) -> None:
    """The catalogue knows where a lab belongs."""
    outcome = shop.run("new", "retry-layers", "--track", "data")
    assert outcome.code == 2
    assert outcome.complaint.endswith("in another track; use --track cascades")
    assert _written(shop) == []


def test_what_is_there_is_never_overwritten(shop: Workshop) -> None:
    """Neither a lab, in whichever track, nor a folder without one."""
    shop.run("new", "brand-new", "--track", "cascades")
    shop.change(slug="other")
    leftover = shop.root / "labs" / "data" / "half_done"
    leftover.mkdir(parents=True)
    (leftover / "README.md").write_text("mine")
    before = _written(shop)
    said = {
        "brand-new": "there is a lab brand-new already; ./lab show brand-new",
        "other": "there is a lab other already; ./lab show other",
        "half-done": "labs/data/half_done is there already; remove it first",
    }
    for name, complaint in said.items():
        outcome = shop.run("new", name, "--track", "data")
        assert (outcome.code, outcome.complaint) == (2, complaint)
    assert _written(shop) == before


def _written(shop: Workshop) -> list[tuple[Path, str]]:
    files = sorted(path for path in (shop.root / "labs").rglob("*/*") if path.is_file())
    return [(path, path.read_text()) for path in files]
