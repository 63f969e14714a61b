"""The site's pages: every question, every lesson, and links that lead somewhere."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from PIL import Image

from harness import catalogue
from harness.cli.cmd_site import command
from harness.errors import LabError
from harness.held_predictions import Held, every
from harness.live.session import Session
from harness.live.tools import TOOLS
from harness.measures import success_ratio
from harness.model import predict
from harness.model.experiment import experiment_from_json
from harness.site import build
from harness.site.build import MARK
from harness.site.pages import series_title
from harness.site.pictures import PICTURES, SCHEMES, TALL, WIDE, Picture
from harness.site.prediction_page import place

MOST_PICTURE_BYTES = 300_000
"""A twentieth of what a first visit may fetch."""


class Links(HTMLParser):
    """What a page refers to, the ids that it has, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.found.append(value)
            elif name == "id" and value:
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the pages alone."""
    out = tmp_path_factory.mktemp("made") / "site"
    done = CliRunner().invoke(command, [str(out), "--no-play"], standalone_mode=False)
    assert done.exception is None, done.exception
    assert f"{out}: " in done.output
    return out


def pages(site: Path) -> Iterator[tuple[Path, Links]]:
    for path in sorted(site.rglob("*.html")):
        yield path, Links(path.read_text())


def test_the_index_asks_every_question_of_the_catalogue(site: Path) -> None:
    """Those that are written lead to their pages; the others are to come."""
    index = Links((site / "index.html").read_text())
    texts = [" ".join(text.split()) for text in index.texts]
    for row in catalogue.planned():
        assert " ".join(row.question.split()) in texts, row.slug
    there = {link for link in index.found if link.startswith("labs/")}
    assert there == {f"labs/{slug}.html" for slug in catalogue.slugs()}


def test_the_episodes_are_listed_with_the_labs_that_answer_them(site: Path) -> None:
    """Each that names a lab, once, by its own title; the lab's level and question stand beside."""
    text = (site / "episodes.html").read_text()
    texts = [" ".join(text.split()) for text in Links(text).texts]
    questions = {row.slug: " ".join(row.question.split()) for row in catalogue.planned()}
    for episode in catalogue.episodes():
        assert episode.title in texts
        assert any(one.endswith(questions[episode.lab]) for one in texts)
    there = {one.lab for one in catalogue.episodes()} & set(catalogue.slugs())
    assert {slug for slug in catalogue.slugs() if f'data-lab="{slug}"' in text} == there
    assert text.count("data-level=") == text.count('aria-label="level ')


def test_a_series_has_a_name_for_readers() -> None:
    """Without the numbers, counts and capitals of the list that it comes from."""
    assert [
        series_title(told)
        for told in (
            "2",
            "SERIES 4: FAILURE FORENSICS (15 Episodes)",
            "-",
            "Episodes 1-2 (Deep Dives)",
        )
    ] == ["Series 2", "Failure forensics", "Single episodes", "Deep dives"]


def test_each_link_leads_to_a_page_and_a_place_of_it(site: Path) -> None:
    """Nothing is asked of anybody else; where a fact's source is named, a reader may go there."""
    ids = {path: set(links.ids) for path, links in pages(site)}
    for path, links in pages(site):
        for link in links.found:
            target = urlsplit(link)
            if target.scheme in ("http", "https"):
                continue
            if target.scheme == "data":
                continue
            to = (path.parent / target.path).resolve() if target.path else path
            assert to.is_file(), f"{path.name}: {link}"
            if target.fragment:
                assert target.fragment in ids[to], f"{path.name}: {link}"


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_a_lab_has_its_question_its_lesson_and_its_command(site: Path, slug: str) -> None:
    """With an id for each heading, each once."""
    links = Links((site / "labs" / f"{slug}.html").read_text())
    text = "".join(links.texts)
    assert catalogue.find(slug).lab.question in text
    assert f"./lab run {slug}" in text
    assert "break-the-fix" in links.ids
    assert len(set(links.ids)) == len(links.ids)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    """A site that was made before is made anew; a file is no folder."""
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(LabError, match="mine holds other files; name a new folder"):
        build.build(out, playable=False)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]
    with pytest.raises(LabError, match=r"thesis.txt is a file; name a folder"):
        build.build(out / "thesis.txt", playable=False)
    (out / "thesis.txt").rename(tmp_path / "thesis.txt")
    build.build(out, playable=False)
    (out / "index.html").write_text("old")
    build.build(out, playable=False)
    assert (out / "index.html").read_text() != "old"
    assert (out / MARK).exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_index_shows_the_player_in_light_and_dark(site: Path) -> None:
    """At the size that the page reserves for it, and with what a first visit can carry."""
    text = (site / "index.html").read_text()
    assert f'width="{WIDE}" height="{TALL}"' in text
    files = [site / "pictures" / one.file(scheme) for one in PICTURES for scheme in SCHEMES]
    for file in files:
        assert f"pictures/{file.name}" in text
        with Image.open(file) as picture:
            assert picture.size == (WIDE, TALL)
    assert sorted(files) == sorted((site / "pictures").iterdir())
    assert sum(file.stat().st_size for file in files) < MOST_PICTURE_BYTES


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_leads_to_the_run_that_it_shows(picture: Picture) -> None:
    """Its address names variants of the lab, a moment of it, and the lab's faults as a script."""
    lab = catalogue.find(picture.lab).lab
    given = {name: values[0] for name, values in parse_qs(picture.address[1:]).items()}
    (run,) = json.loads(given["runs"])
    document = {**run, "lab": given["lab"], "seed": int(given["seed"])}
    for name in given["with"].split(","):
        experiment = experiment_from_json({**document, "variant": name})
        with Session(picture.lab, lab, experiment) as session:
            session.advance(lab.faults[0].start_s)
            (fault,) = session.look().faults
            assert fault.target == lab.faults[0].fault.target
    assert float(given["t"]) < float(given["lasts"]) == lab.duration_s


def test_every_prediction_stands_beside_what_came_of_it(site: Path) -> None:
    """With its arithmetic, and a strip in which what was seen lies; a lab's page leads there."""
    text = (site / "predictions.html").read_text()
    page = Links(text)
    texts = [" ".join(one.split()) for one in page.texts]
    held = every()
    for one in held:
        assert {one.prediction.name, " ".join(one.prediction.because.split())} <= set(texts)
        assert f"{one.prediction.on}: {one.prediction.measure.name}" in texts
        lab = (site / "labs" / f"{one.lab}.html").read_text()
        shows_formulas = "Formulas that it predicts with" in lab
        assert (f"predictions.html#{one.lab}" in lab) == shows_formulas
    assert f"{len(held)} figures, foretold before anything runs" in texts
    assert text.count('class="ring"') == 1 + sum(not math.isnan(one.measured) for one in held)
    assert [one for one in page.ids if one in catalogue.slugs()] == list(catalogue.slugs())


@pytest.mark.parametrize(
    ("seen", "where"),
    [(4, 60), (4.2, 80), (3.6, 20), (4.5, 110), (9, 116), (-9, 4), (math.nan, None)],
)
def test_a_strip_shows_how_near_a_value_is(seen: float, where: float | None) -> None:
    """Its band is the tolerance, and what is far beyond stands at its end."""
    wanted = predict(
        *("calls", success_ratio(0, 1)), on="a", equals=4, because="", source="", model=0.1
    )
    held = Held(lab="x", prediction=wanted, simulated=seen, seeds=1, measured=seen)
    assert place(held, seen) == where
    exact = replace(held, prediction=replace(wanted, model=0))
    assert place(exact, seen) == (where if seen == 4 or where is None else (116, 4)[seen < 4])


def test_each_tool_is_offered_with_what_it_is_and_its_lesson(site: Path) -> None:
    """Where nothing runs in a tab, no link claims that it does, and the command is named."""
    text = (site / "tools.html").read_text()
    texts = [" ".join(one.split()) for one in Links(text).texts]
    for tool in TOOLS:
        assert {tool.title, tool.said, tool.asks} <= set(texts)
        assert tool.makes or f"labs/{tool.lab}.html" in text
    assert "play/" not in text
    assert "./lab play" in text
    assert 'href="tools.html"' in (site / "index.html").read_text()
