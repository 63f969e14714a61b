"""Maps in lessons are those that the labs declare, and what is simulated today."""

from pathlib import Path

import pytest

from harness import catalogue
from harness.errors import LabError
from harness.lessons import lesson_map
from harness.sweep.cells import simulate
from harness.sweep.measures import map_names

WITH_MAPS = [
    slug for slug in catalogue.slugs() if (catalogue.find(slug).folder / "maps.py").is_file()
]
MAPS = [(slug, name) for slug in WITH_MAPS for name in map_names(catalogue.find(slug))]


def test_some_labs_have_more_than_one_map() -> None:
    """The first has no name, the others have."""
    assert {slug for slug, name in MAPS if not name} == set(WITH_MAPS)
    assert ("retry-storm", "trigger-size") in MAPS


@pytest.mark.parametrize(("slug", "name"), MAPS)
def test_a_map_is_what_is_simulated_today(slug: str, name: str) -> None:
    """Its first cell, its last, and one between, under the first seed; no figure was typed."""
    entry = catalogue.find(slug)
    found = lesson_map.load(entry, name)
    places = list(found.cells)
    for place in (places[0], places[len(places) // 2 + 1], places[-1]):
        kept = found.cells[place].found[0]
        (now,) = simulate((kept.run,))
        assert now.value == pytest.approx(kept.value, rel=1e-6, nan_ok=True), kept.run.settings
    assert lesson_map.written(found) == lesson_map.path_of(entry, name).read_text()


@pytest.mark.parametrize(("slug", "name"), MAPS)
def test_a_lesson_shows_its_map(slug: str, name: str) -> None:
    """Where there is one, it is to be read, with the command that draws it."""
    entry = catalogue.find(slug)
    lesson = (entry.folder / "README.md").read_text()
    assert f"made by ./lab lesson: map{' ' * bool(name)}{name} -->" in lesson
    assert lesson_map.command(entry, name) in lesson


@pytest.mark.parametrize("slug", WITH_MAPS[:1])
def test_a_map_of_another_grid_is_none(
    slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says which commands make one."""
    entry = catalogue.find(slug)
    text = lesson_map.path_of(entry).read_text()
    monkeypatch.setattr(lesson_map, "path_of", lambda *_: tmp_path / lesson_map.FILE)
    with pytest.raises(LabError, match=f"./lab sweep {slug}"):
        lesson_map.load(entry)
    for wrong in ("", "{}", text.replace('"seeds": [1', '"seeds": [7', 1), text[:-30] + "}}\n"):
        (tmp_path / lesson_map.FILE).write_text(wrong)
        with pytest.raises(LabError, match=f"./lab sweep {slug}"):
            lesson_map.load(entry)
    (tmp_path / lesson_map.FILE).write_text(text)
    assert lesson_map.written(lesson_map.load(entry)) == text
