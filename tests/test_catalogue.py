"""The catalogue, the episodes, and the labs that are in the repository."""

import re
from collections import Counter
from pathlib import Path

import pytest

from harness import catalogue
from harness.errors import LabError
from harness.model.names import nearest

LABS = Path(catalogue.__file__).parents[1] / "labs"
TRACKS = {
    *("cascades", "consensus", "data", "delivery", "economics", "incidents", "modern"),
    *("observability", "operations", "resilience", "security", "traffic"),
}


def test_every_lab_of_the_catalogue_is_complete() -> None:
    """Slugs are names of folders and differ; tracks are known; nothing is left empty."""
    rows = catalogue.planned()
    assert {row.track for row in rows} == TRACKS
    assert [slug for slug, count in Counter(row.slug for row in rows).items() if count > 1] == []
    for row in rows:
        assert row.slug == row.slug.lower().strip()
        assert row.slug.replace("-", "_").isidentifier()
        assert row.level in (1, 2, 3, 4)
        assert row.title.strip()
        assert row.question.strip()


def test_every_slug_of_an_episode_is_a_lab_of_the_catalogue() -> None:
    """An episode names one lab that answers it, and any number of others that it touches."""
    known = {row.slug for row in catalogue.planned()}
    rows = catalogue.episodes()
    assert len(rows) > 300
    for row in rows:
        assert {row.lab, *row.also} <= known, row
        assert len(set(row.also)) == len(row.also), row


def test_every_row_of_the_series_names_a_lab_or_says_why_not() -> None:
    """What is no episode of its own is marked, so that none is forgotten."""
    lines = (catalogue.LABS / "episodes.tsv").read_text().splitlines()
    head = lines[0].split("\t")
    place = head.index("lab")
    marks = [line.split("\t")[place] for line in lines[1:]]
    assert all(len(line.split("\t")) == len(head) for line in lines)
    assert "" not in marks
    assert len(catalogue.episodes()) == sum(mark not in catalogue.NO_LAB for mark in marks)


def test_labs_are_given_in_the_catalogues_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the catalogue does not know come last, by name."""
    rows = [row.slug for row in catalogue.planned()]
    _write(tmp_path, monkeypatch, "zebra", rows[3], "aardvark", rows[0], rows[2])
    assert catalogue.slugs() == [rows[0], rows[2], rows[3], "aardvark", "zebra"]


def test_the_next_lab_is_the_next_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last comes the first again; a lab is never its own successor."""
    rows = [row.slug for row in catalogue.planned()]
    _write(tmp_path, monkeypatch, rows[1], rows[5], rows[-1])
    assert _following(rows[1]) == rows[5]
    assert _following(rows[5]) == rows[-1]
    assert _following(rows[-1]) is None
    assert _following("not-in-the-catalogue") == rows[1]


def test_a_lab_alone_has_no_successor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one lab written there is nowhere to go on to, and no lab is no successor."""
    (first, *_) = [row.slug for row in catalogue.planned()]
    _write(tmp_path, monkeypatch, first, "not-in-the-catalogue")
    assert catalogue.following(first) is None
    assert _following("not-in-the-catalogue") == first


def _write(root: Path, monkeypatch: pytest.MonkeyPatch, *slugs: str) -> None:
    catalogue.planned()  # kept from here on, so that the folder below needs no table
    monkeypatch.setattr(catalogue, "LABS", root)
    for slug in slugs:
        folder = root / "track" / slug.replace("-", "_")
        folder.mkdir(parents=True)
        (folder / "lab.py").touch()


def _following(slug: str) -> str | None:
    row = catalogue.following(slug)
    return row.slug if row else None


def test_near_names_are_offered() -> None:
    """Up to three that are close, and nothing when none is."""
    names = ["retry-storm", "retry-layers", "retry-storms", "retry-store", "saga"]
    assert nearest("retry-strom", names) == (
        " (did you mean retry-storm or retry-storms or retry-store?)"
    )
    assert nearest("sage", names) == " (did you mean saga?)"
    assert nearest("xyz", names) == ""
    assert nearest("", names) == ""
    assert nearest("saga", []) == ""
    assert nearest("Retry_Storm", names) == " (did you mean retry-storm?)"


def test_a_lab_is_found_by_its_slug() -> None:
    """The entry tells track and folder beside the value."""
    entry = catalogue.find("retry-storm")
    assert (entry.slug, entry.track) == ("retry-storm", "cascades")
    assert entry.folder == catalogue.LABS / "cascades" / "retry_storm"
    assert entry.lab.title


def test_the_name_of_a_folder_is_no_slug() -> None:
    """Underscores are offered as dashes."""
    with pytest.raises(LabError, match=r"no lab 'retry_storm' \(did you mean retry-storm\?\)"):
        catalogue.find("retry_storm")


def test_the_page_of_labs_has_a_row_for_each() -> None:
    """Under its track, with a link to its lesson; the README's rows are some of these."""
    row = re.compile(r"^\| \[`([a-z-]+)`\]\(([a-z_/]+README\.md)\) \| .+ \|$", re.MULTILINE)
    found = row.findall((LABS / "README.md").read_text())
    folders = {slug: catalogue.find(slug).folder for slug in catalogue.slugs()}
    assert sorted(found) == sorted(
        (slug, str((folder / "README.md").relative_to(LABS))) for slug, folder in folders.items()
    )
    some = row.findall((LABS.parent / "README.md").read_text())
    assert {(slug, link.removeprefix("labs/")) for slug, link in some} < set(found)
