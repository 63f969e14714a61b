"""The site's pages: the index of all labs by track, and each lab's lesson."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness import catalogue
from harness.calculators import shown_by
from harness.calculators.formulas import calculators
from harness.catalogue import Episode, Planned
from harness.live.server import PAGE
from harness.live.tools import tools
from harness.report import lesson_page
from harness.site import calculator_pages, prediction_page
from harness.site.pictures import KEPT, PICTURES, TALL, WIDE

TEMPLATES = Environment(
    loader=PackageLoader("harness.site"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STATIC = Path(__file__).parent / "static"
SHARED = (
    STATIC / "site.css",
    STATIC / "site.mjs",
    STATIC / "offline_client.mjs",
    PAGE / "icon.svg",
)
"""What all pages refer to; the console and the site have one icon."""
LEVELS = 4
SINGLE = "Single episodes"
"""Those of no series, which come last."""
POLICY = Markup(
    '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'; '
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'\">"
)
"""Nothing is fetched from elsewhere, whatever a page says."""
TEMPLATES.globals["policy"] = POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A lab as the index shows it; `episodes` are how many of the series it answers."""

    row: Planned
    written: bool
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The labs of a track, the easiest first."""

    name: str
    cards: tuple[Card, ...]

    @property
    def title(self) -> str:
        """The track's name as a heading."""
        return self.name.capitalize()

    @property
    def written(self) -> int:
        """How many of its labs are there."""
        return sum(card.written for card in self.cards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An episode of the series, and the lab that answers it."""

    episode: Episode
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The episodes of a series, in its own order."""

    title: str
    answers: tuple[Answer, ...]

    @property
    def name(self) -> str:
        """The title as a place in a page."""
        return re.sub(r"\W+", "-", self.title.lower())

    @property
    def cards(self) -> tuple[Card, ...]:
        """The labs, one for each episode."""
        return tuple(answer.card for answer in self.answers)

    @property
    def written(self) -> int:
        """How many of its episodes have a lab that is there."""
        return sum(card.written for card in self.cards)


def write(out: Path, *, playable: bool) -> None:
    """Write all pages; with `playable`, each lab leads to the console."""
    (out / "labs").mkdir(parents=True)
    for file in SHARED:
        shutil.copy(file, out)
    shutil.copytree(KEPT, out / KEPT.name)
    pages = {
        "index.html": index(playable=playable),
        "episodes.html": by_episode(playable=playable),
        "tools.html": of_tools(playable=playable),
        "predictions.html": prediction_page.render(TEMPLATES),
    }
    for slug in catalogue.slugs():
        pages[f"labs/{slug}.html"] = lab(slug, playable=playable)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    calculator_pages.write(out, TEMPLATES, playable=playable)


def index(*, playable: bool) -> str:
    """Give the index: every question of the catalogue, written or not."""
    tracks = tuple(_tracks())
    return TEMPLATES.get_template("index.html").render(
        tracks=tracks,
        total=sum(len(track.cards) for track in tracks),
        written=sum(track.written for track in tracks),
        levels=range(1, LEVELS + 1),
        playable=playable,
        pictures=PICTURES,
        wide=WIDE,
        tall=TALL,
    )


def by_episode(*, playable: bool) -> str:
    """Render the index by episode: each of the series, with the lab that answers it."""
    series = tuple(_series())
    return TEMPLATES.get_template("episodes.html").render(
        series=series,
        total=sum(len(one.answers) for one in series),
        written=sum(one.written for one in series),
        levels=range(1, LEVELS + 1),
        playable=playable,
    )


def of_tools(*, playable: bool) -> str:
    """Render the list of tools: each opens in the tab, or leads to the lesson of its lab."""
    return TEMPLATES.get_template("tools.html").render(
        tools=list(tools(catalogue.slugs())),
        titles={slug: catalogue.find(slug).lab.title for slug in catalogue.slugs()},
        playable=playable,
    )


def lab(slug: str, *, playable: bool) -> str:
    """Give a lab's page: its question, its lesson, the episodes that it answers, what is next."""
    entry = catalogue.find(slug)
    lesson = lesson_page.lesson_of(slug)
    row = _rows().get(slug)
    return TEMPLATES.get_template("lab.html").render(
        slug=slug,
        lab=entry.lab,
        track=entry.track,
        level=row.level if row else 0,
        levels=range(1, LEVELS + 1),
        body=_without(entry.lab.question, lesson_page.body(lesson)) if lesson else Markup(),
        headings=lesson_page.headings(lesson) if lesson else (),
        formulas=sorted(shown_by.used(entry.folder) & set(calculators())),
        episodes=list(dict.fromkeys(e.title for e in catalogue.episodes() if e.lab == slug)),
        following=catalogue.following(slug),
        playable=playable,
    )


def _without(question: str, body: Markup) -> Markup:
    """Leave out the question at a lesson's beginning: it is the page's own heading."""
    asked = Markup("<p>{}</p>\n").format(question)
    return Markup(body.replace(asked, "", 1))  # noqa: S704 - it was one before


def _rows() -> Mapping[str, Planned]:
    return {row.slug: row for row in catalogue.planned()}


def _tracks() -> Iterator[Track]:
    there, episodes = set(catalogue.slugs()), catalogue.episodes()
    for name in dict.fromkeys(row.track for row in catalogue.planned()):
        rows = [row for row in catalogue.planned() if row.track == name]
        yield Track(
            name=name,
            cards=tuple(
                Card(row=row, written=row.slug in there, episodes=_answered(row, episodes))
                for row in sorted(rows, key=lambda row: row.level)
            ),
        )


def _series() -> Iterator[Series]:
    cards = {card.row.slug: card for track in _tracks() for card in track.cards}
    found: dict[str, dict[tuple[str, str], Answer]] = {}
    for one in catalogue.episodes():
        answers = found.setdefault(series_title(one.series), {})
        answers.setdefault(
            (one.title.casefold(), one.lab), Answer(episode=one, card=cards[one.lab])
        )
    for title, answers in sorted(found.items(), key=lambda one: one[0] == SINGLE):
        yield Series(title=title, answers=tuple(answers.values()))


def series_title(told: str) -> str:
    """Clean a series' name: without number, count of episodes, and capitals."""
    inside = re.search(r"\((?!\d)(.*?)\)", told)
    bare = inside[1] if inside else re.sub(r"\s*[(\[].*?[)\]]", "", told)
    name = re.sub(r"^SERIES \d+: ", "", bare).strip("-")
    if name.isdigit():
        return f"Series {name}"
    return name.capitalize() or SINGLE


def _answered(row: Planned, episodes: tuple[Episode, ...]) -> int:
    return sum(one.lab == row.slug for one in episodes)
