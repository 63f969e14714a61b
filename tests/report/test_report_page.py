import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict, judge
from harness.cli.report_writer import ahead
from harness.measures import recovery_s, success_ratio
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Paced,
    Pause,
    Plot,
    Service,
    baseline,
    during,
    on,
    predict,
)
from harness.recording import FaultRecord, Recording, Request, root_context, trace_id
from harness.report import figures
from harness.report.figures import PAPER, draw
from harness.report.page import render, write
from harness.report.panels import picture_panels
from harness.report.text import seen
from harness.result import Result
from services.tracing import Span

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> \"&\" $\\frac$ {{ 7 * 7 }}"

LAB = Lab(
    title="A small storm",
    question="Why?",
    services=(
        Service("web", app="services.relay", calls=("db",), settings={"timeout_ms": 500}),
        Service("db", app="services.worker"),
    ),
    load=Paced(rate_rps=10, to="web"),
    duration_s=10,
    faults=(during(3, 5, Pause("db")),),
    variants=(Broken("naive", {"web.tries": 4}), Fixed("mended", {"web.tries": 1})),
    expect=(
        baseline(success_ratio(0, 3), at_least=0.99),
        on("naive", claim="stays down", measure=success_ratio(6, 10), at_most=0.05),
        on("mended", claim="comes back", measure=recovery_s(), at_most=3),
    ),
    predict=(
        predict(
            "nothing gets through",
            success_ratio(6, 10),
            on="naive",
            equals=0,
            because="all queue",
            source="theory:none",
        ),
    ),
)


def recording(variant: str, down_until_s: float, engine: str = "sim") -> Recording:
    """Make a run in which no request between 3 s and some moment gets a good answer."""
    requests, spans = [], []
    for number in range(100):
        due_s = number / 10
        down = 3 <= due_s < down_until_s
        requests.append(Request(number, "/", due_s, due_s, due_s + 0.05, "504" if down else "200"))
        spans += list(_spans(number, due_s, down=down))
    return Recording(
        lab="small-storm",
        variant=variant,
        seed=1,
        engine=engine,
        duration_s=10,
        requests=requests,
        spans=spans,
        faults=[
            FaultRecord(
                name=timed.fault.name,
                target=timed.fault.target,
                start_s=timed.start_s,
                end_s=timed.end_s,
                requested_s=3.0,
                applied_s=3.004,
                seen_s=3.011,
                removed_s=5.002,
            )
            for timed in LAB.faults
        ],
    )


def _spans(number: int, due_s: float, *, down: bool) -> Iterator[Span]:
    trace, own = trace_id(1, number), root_context(1, number).span
    end_s = due_s + 0.05
    status = "abandoned" if down else "200"
    yield Span(trace, f"w{number}", own, "server", "", "web", 0, due_s, end_s, "200")
    yield Span(trace, f"c{number}", f"w{number}", "client", "web", "db", 1, due_s, end_s, status)
    late_s = end_s + down
    yield Span(trace, f"d{number}", f"c{number}", "server", "", "db", 0, due_s, late_s, "200")


def result(*recordings: Recording, lab: Lab = LAB) -> Result:
    controls = [control for item in recordings for control in judge(lab, item)]
    return Result(
        slug="small-storm", lab=lab, seed=1, recordings=list(recordings), controls=controls
    )


def both() -> tuple[Recording, Recording]:
    return recording("naive", 99), recording("mended", 6)


def _by_last_digit(recording: Recording) -> dict[str, list[float]]:
    curves = {f"ends in {digit}": [0.0] * math.ceil(recording.duration_s) for digit in range(7)}
    for request in recording.requests:
        if request.number % 10 < len(curves):
            curves[f"ends in {request.number % 10}"][int(request.intended_s)] += 1
    return curves


class Page(HTMLParser):
    """Reads a page, and complains of elements that are not closed in their order."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


CASES: dict[str, Callable[[], Result]] = {
    "simulated": lambda: result(*both()),
    "simulated and measured": lambda: result(
        *both(), recording("naive", 99, "compose"), recording("mended", 6.4, "compose")
    ),
    "measured only": lambda: result(recording("mended", 6, "compose")),
    "one variant": lambda: result(recording("naive", 99)),
    "no answer at all": lambda: result(
        replace(
            recording("naive", 99),
            requests=[Request(0, "/", 0.1, 0.1, math.nan, "timeout")],
            spans=[],
        )
    ),
    "no request": lambda: result(replace(recording("naive", 99), requests=[], spans=[])),
    "no fault": lambda: result(
        replace(recording("naive", 0), faults=[]), lab=LAB.without_trigger()
    ),
    "fault elsewhere": lambda: result(
        *both(), lab=replace(LAB, faults=(during(3, 5, Pause("moon")),))
    ),
    "plots of its own": lambda: result(
        *both(),
        recording("naive", 99, "compose"),
        lab=replace(
            LAB,
            plots=(
                Plot(title="Requests by their last digit", unit="/s", of=_by_last_digit),
                Plot(title="Nothing at all", of=lambda _: {"none": [math.nan] * 12}),
            ),
        ),
    ),
    "nothing": result,
    "hostile": lambda: result(
        *both(),
        lab=replace(
            LAB,
            title=HOSTILE,
            question=HOSTILE,
            faults=(during(3, 5, Pause(HOSTILE)),),
            expect=(*LAB.expect, on("naive", claim=HOSTILE, measure=recovery_s(), at_most=1)),
        ),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Result:
    made: Result = CASES[request.param]()
    return made


def test_page_is_whole_and_offline(case: Result) -> None:
    """Every page is well-formed, with unique ids, and asks for nothing from anywhere."""
    text = render(case, when=WHEN)
    page = Page(text)
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert not page.all("script")
    assert not page.all("link")
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert "://" not in text
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}


def test_page_tells_every_control(case: Result) -> None:
    """Every claim stands there with its value, and the verdict with its word."""
    text = Page(render(case, when=WHEN)).text
    assert case.verdict.value in text
    for control in case.controls:
        assert " ".join(control.claim.split()) in text
        assert seen(control) in text


def test_every_drawing_has_words_and_numbers(case: Result) -> None:
    """Each plot says what it shows, and its numbers follow as a table."""
    page = Page(render(case, when=WHEN))
    drawings = page.all("svg")
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)
    plots = 2 * len({item.variant for item in case.recordings})
    assert len(page.all("details")) >= plots
    assert all(cell.get("scope") for cell in page.all("th"))


def test_same_result_same_page() -> None:
    """A report changes with its result and time only."""
    assert render(result(*both()), when=WHEN) == render(result(*both()), when=WHEN)


def test_hostile_words_stay_words() -> None:
    """What a lab is called cannot become a part of the page."""
    text = render(CASES["hostile"](), when=WHEN)
    assert "<script" not in text
    assert " ".join(HOSTILE.split()) in Page(text).text


def test_what_was_not_measured_is_said_once_with_its_reason() -> None:
    """Without containers the column says so in its head, and the note says why."""
    made = result(*both())
    made.notes.append("no Docker engine answers")
    text = Page(render(made, when=WHEN)).text
    assert text.count("not measured") == 1
    assert "no Docker engine answers" in text


def test_each_engine_is_judged_in_its_own_cell() -> None:
    """When the engines differ, the row shows which of them failed."""
    made = result(recording("mended", 6), recording("mended", 9.5, "compose"))
    labels = [
        attributes.get("aria-label") for attributes in Page(render(made, when=WHEN)).all("span")
    ]
    assert made.verdict is Verdict.FAIL
    assert {"PASS", "FAIL"} <= set(labels)


def test_failed_setup_is_inconclusive() -> None:
    """A fault that was not read back is told in the banner, and proves nothing."""
    broken = recording("naive", 99)
    made = result(replace(broken, faults=[replace(broken.faults[0], seen_s=math.nan)]))
    text = Page(render(made, when=WHEN)).text
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "proves nothing either way" in text
    assert "pause db (seen to act, and to be gone): no value, for it was never seen to act" in text


def test_a_part_of_a_lab_is_called_a_part() -> None:
    """A pass of some variants does not look like one of the lab."""
    made = result(recording("mended", 6))
    made.left_out = ("naive",)
    text = Page(render(made, when=WHEN)).text
    assert "1 of 1 claims hold" in text
    assert "A part of the lab: naive did not run." in text
    assert "A part of the lab" not in Page(render(result(*both()), when=WHEN)).text


def test_fault_in_an_unknown_place_is_told() -> None:
    """A fault on what the lab does not have cannot be drawn, so it is said."""
    text = Page(render(CASES["fault elsewhere"](), when=WHEN)).text
    assert "moon frozen, 3\N{EN DASH}5 s : no such place in this lab" in text


def test_moments_tell_when_it_broke_and_mended() -> None:
    """The time line names the first bad second and the first of the good ones for each run."""
    text = Page(render(result(*both()), when=WHEN)).text
    assert "naive, simulated 3.004 s 3 s 5.002 s never" in text
    assert "mended, simulated 3.004 s 3 s 5.002 s 6 s" in text


def test_a_lab_has_plots_of_its_own() -> None:
    """Under their own headings, with each curve named once and its numbers in the table."""
    page = Page(render(CASES["plots of its own"](), when=WHEN))
    headings = [attributes["id"] for attributes in page.all("h2") if "id" in attributes]
    assert headings.index("own1") < headings.index("own2") < headings.index("load")
    assert "Requests by their last digit" in page.text
    assert page.text.count("ends in 6, simulated") == 2
    assert page.text.count("ends in 6, measured") == 1


def test_every_ink_is_defined_for_light_and_dark() -> None:
    """A plot's colours exist in both of the page's schemes."""
    text = render(result(*both()), when=WHEN)
    assert not re.search(r"#0c0d[0-9a-f]{2}", text)
    assert all(text.count(f"--{ink}:") == 2 for ink in PAPER)


def test_report_is_a_file(tmp_path: Path) -> None:
    """Writing makes one file, replacing what was there, small enough to be sent around."""
    path = tmp_path / "report.html"
    path.write_text("old")
    write(result(*both()), path)
    assert path.read_text().startswith("<!doctype html>")
    assert path.stat().st_size < 1_000_000


def test_the_answer_and_the_picture_come_first_and_the_audit_last() -> None:
    """What a class wants to see needs no scrolling; what a doubter wants is all there."""
    page = Page(render(result(*both()), when=WHEN))
    ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
    order = ["answer", "picture", "shown", "request", "load", "topology", "again", "audit"]
    assert [name for name in ids if name in order] == order
    assert page.text.rindex("healthy before the fault") > page.text.index("Do it again")


def test_contents_lead_to_every_section(case: Result) -> None:
    """Each link inside the page has an end, and each section is in the list."""
    page = Page(render(case, when=WHEN))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    inside = [str(one["href"]) for one in page.all("a") if str(one["href"]).startswith("#")]
    assert {link.removeprefix("#") for link in inside} <= ids
    sections = {one["aria-labelledby"] for one in page.all("section") if "aria-labelledby" in one}
    assert sections <= {link.removeprefix("#") for link in inside}


def test_every_plot_can_be_enlarged_and_closed_without_a_script(case: Result) -> None:
    """Each figure that shows curves, a request or the topology has a link to itself, and back."""
    page = Page(render(case, when=WHEN))
    figures = {one["id"] for one in page.all("figure") if "id" in one}
    links = {
        name: [one["href"] for one in page.all("a") if one.get("class") == name]
        for name in ("enlarge", "close")
    }
    assert {str(link).removeprefix("#") for link in links["enlarge"]} == figures
    assert len(links["close"]) == len(links["enlarge"]) == len(figures)


def test_faults_are_told_in_words_over_every_plot() -> None:
    """What a fault is called in logs stands in the audit alone."""
    text = render(result(*both()), when=WHEN)
    before, _, audit = text.partition('<h2 id="audit">')
    assert "db frozen" in before
    assert "pause db" not in before
    assert "pause db" in audit


@pytest.mark.parametrize(
    ("changed", "command"),
    [
        ({}, "./lab run small-storm --engine sim --seed 1"),
        ({"seed": 7}, "./lab run small-storm --engine sim --seed 7"),
        (
            {"left_out": ("mended",), "recordings": [recording("naive", 99)]},
            "./lab run small-storm --engine sim --variant naive --seed 1",
        ),
        (
            {"options": ("--set", "web.tries=2", "--set", "load.path=/a b")},
            "./lab run small-storm --engine sim --set web.tries=2 --set 'load.path=/a b' --seed 1",
        ),
        (
            {"recordings": [*both(), recording("naive", 99, "compose")]},
            "./lab run small-storm --engine both --seed 1",
        ),
    ],
)
def test_the_command_repeats_the_run(changed: dict[str, object], command: str) -> None:
    """Engine, variants, settings and seed: whoever types it gets the same simulated run."""
    made = result(*both())
    for name, value in changed.items():
        setattr(made, name, value)
    assert command in Page(render(made, when=WHEN)).text


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_a_lesson_is_a_page_beside_the_report(tmp_path: Path, slug: str) -> None:
    """It is whole, asks for nothing, hides its markers, and the links to it lead to a heading."""
    made = result(*both())
    made.slug = slug
    write(made, tmp_path / "report.html")
    report = Page((tmp_path / "report.html").read_text())
    text = (tmp_path / "lesson.html").read_text()
    lesson = Page(text)
    assert "<!--" not in text
    assert "&lt;!--" not in text
    assert not lesson.all("script")
    assert all(str(image["src"]).startswith("data:") for image in lesson.all("img"))
    ids = [one["id"] for _, one in lesson.elements if "id" in one]
    assert len(ids) == len(set(ids))
    links = [str(one["href"]) for one in report.all("a") if not str(one["href"]).startswith("#")]
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        assert (tmp_path / file).exists()
        assert not anchor or anchor in ids
    question = catalogue.find(slug).lab.question
    assert " ".join(question.split()) in lesson.text
    assert "Why" in report.text
    assert [one for one in lesson.all("a") if one["href"] == "report.html"]


@pytest.mark.parametrize("count", [1, 4, 5, 7, 12])
def test_a_picture_of_many_variants_has_rows(tmp_path: Path, count: int) -> None:
    """Each has room for its curves and their names, and none is squeezed beside the others."""
    first, _ = picture_panels(result(*both()))
    panels = [replace(first, variant=f"slots-{number}") for number in range(count)]
    draw("Many", panels, tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert all(f"slots-{number} (" in drawn for number in range(count))
    tall = float(drawn.partition('viewBox="0 0 1000 ')[2].partition('"')[0])
    rows = -(-count // 4)
    assert 200 * rows < tall < 330 * rows


@pytest.mark.parametrize(
    ("high", "unit", "marks"),
    [(2600, "ms", ["0", "1", "2s"]), (900, "ms", ["0", "250", "500", "750ms"])],
)
def test_long_times_are_marked_in_seconds(
    tmp_path: Path, high: float, unit: str, marks: list[str]
) -> None:
    """Milliseconds of four digits would be cut off at the picture's edge."""
    first, _ = picture_panels(result(*both()))
    scale = replace(first.scale, unit=unit, low=0, high=high)
    draw("Long", [replace(first, scale=scale)], tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert [mark for mark in marks if f">{mark}</text>" not in drawn] == []


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_picture_is_the_same_each_time(tmp_path: Path, name: str, start: bytes) -> None:
    """The picture for a README is written in either form, to the byte as before."""
    pictures = []
    for folder in ("one", "two"):
        path = tmp_path / folder / name
        path.parent.mkdir()
        figures.drawn.cache_clear()
        draw("Long", picture_panels(result(*both())), path)
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(start)


def test_what_is_drawn_ahead_is_not_drawn_again() -> None:
    """Plots without values too: while a lab's last runs go on, its report is half done."""
    so_far = replace(result(*both()), controls=[])
    for drawings in (figures.panel_svg, figures.drawn):
        drawings.cache_clear()
    assert len(list(ahead(so_far))) > 1
    drawn = [one.cache_info().misses for one in (figures.panel_svg, figures.drawn)]
    assert all(drawn)
    whole = result(*both())
    render(whole, when=WHEN)
    assert figures.picture(whole).startswith(b"\x89PNG")
    assert [one.cache_info().misses for one in (figures.panel_svg, figures.drawn)] == drawn
