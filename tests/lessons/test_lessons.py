"""What lessons show is what their evidence holds, and the evidence is of the labs as they are."""

import pytest
from PIL import Image

from harness import catalogue
from harness.lessons import evidence, pictures, rewrite
from harness.lessons.evidence import ENGINES, FILE, LESSON
from harness.lessons.pictures import MARK, PICTURE
from harness.model.definition import definition

every_lab = pytest.mark.parametrize("slug", catalogue.slugs())
ANEW = "make it anew: ./lab run {slug} && ./lab lesson {slug}"


@every_lab
def test_evidence_is_of_the_lab_as_it_is(slug: str) -> None:
    """Services, load, faults, variants, claims and predictions are those that were run."""
    entry = catalogue.find(slug)
    kept = evidence.load(entry)
    assert "sim" in kept
    stale = [engine for engine, half in kept.items() if half.definition != definition(entry.lab)]
    assert stale == [], ANEW.format(slug=slug)
    for half in kept.values():
        assert set(half.seen) == {one.name for one in entry.lab.variants}


@every_lab
def test_a_lesson_shows_its_evidence(slug: str) -> None:
    """Nothing between markers was typed, or is of an earlier run."""
    entry = catalogue.find(slug)
    text = (entry.folder / LESSON).read_text()
    assert rewrite.BLOCK.search(text)
    assert rewrite.rewritten(text, entry, evidence.load(entry)) == text, ANEW.format(slug=slug)


@every_lab
def test_a_picture_shows_its_evidence(slug: str) -> None:
    """A picture keeps the digest of the curves and faults that were drawn."""
    entry = catalogue.find(slug)
    panels = pictures.panels(entry, evidence.load(entry))
    with Image.open(entry.folder / PICTURE) as picture:
        mark = picture.info[MARK]
    assert mark == pictures.digest(entry.lab.title, panels), ANEW.format(slug=slug)


@every_lab
def test_evidence_is_written_as_it_is_read(slug: str) -> None:
    """The file is what the tool would write of it: nobody has put a figure right by hand."""
    entry = catalogue.find(slug)
    kept = evidence.load(entry)
    assert list(kept) == [engine for engine in ENGINES if engine in kept]
    assert evidence.written(kept) == (entry.folder / FILE).read_text()
