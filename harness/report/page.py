"""The report: one HTML file that needs nothing else, for a screen, a projector or paper."""

import math
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.model.lab import Lab
from harness.model.variant import Broken
from harness.report import again, lesson_page, ridges, shown, topology, views
from harness.report.figures import panel_svg
from harness.report.panels import Panel, by_variant, called, latency_panels, load_panels, own_panels
from harness.report.seconds import faulted_callees
from harness.report.sentence import sentence
from harness.report.waterfall import Bar, Waterfall, choose, tree
from harness.result import Result

VERSIONS_OF = ("aiohttp", "matplotlib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A panel and its drawing."""

    name: str
    panel: Panel
    svg: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a bar, in percent of the track."""

    left: float
    width: float
    is_wasted: bool


def write(result: Result, path: Path, *, when: datetime | None = None) -> None:
    """Write a result's report, replacing what is at the path; without a time, as of now.

    The lab's lesson, where there is one, is written beside it.
    """
    lesson = lesson_page.lesson_of(result.slug)
    page = render(result, when=when or datetime.now(UTC), lesson=lesson)
    path.write_text(page, encoding="utf-8")
    if lesson:
        beside = _environment().get_template("lesson.html")
        words = beside.render(title=result.lab.title, body=lesson_page.body(lesson))
        path.with_name(lesson_page.FILE).write_text(words, encoding="utf-8")


def render(result: Result, *, when: datetime, lesson: Path | None = None) -> str:
    """Give the report as HTML; the same result, time and lesson give the same text."""
    load = load_panels(result)
    traced = any(trace.quantity == "attempted" for panel in load for trace in panel.traces)
    engines = {called(recording.engine) for recording in result.recordings}
    own = _own(result)
    waterfalls = list(_waterfalls(result))
    parts = shown.parts(result)
    return (
        _environment()
        .get_template("report.html")
        .render(
            result=result,
            lab=result.lab,
            when=when,
            engines=sorted(engines, reverse=True),
            versions=[("Python", platform.python_version())]
            + [(name, version(name)) for name in VERSIONS_OF],
            answer=_emphasized(sentence(result), result.lab),
            picture=ridges.picture(result),
            rows=parts,
            seen_in=shown.seen_in(result) if parts else [],
            set_up=shown.set_up(result),
            why=lesson_page.why(lesson) if lesson else "",
            lesson_file=lesson_page.FILE if lesson else "",
            command=again.command(result),
            contents=list(_contents(parts, own, waterfalls, lesson)),
            told=topology.told(result.lab),
            banner=views.banner(result),
            groups=views.groups(result),
            is_measured="measured" in engines,
            notes=views.notes(result),
            drawings=[topology.draw(result.lab), topology.draw(result.lab, downwards=True)],
            astray=topology.astray(result.lab),
            settings=views.settings(result.lab),
            runs=views.runs(result),
            happened=[(run.title, *run.moments) for run in views.runs(result)],
            callees=faulted_callees(result.lab) if traced else (),
            moments=views.MOMENTS,
            fault_log=views.fault_log(result),
            shares=list(views.shares(result)),
            ticks=ticks(result.lab.duration_s),
            own=own,
            load=_load(result),
            latency=_latency(result),
            waterfalls=waterfalls,
            segments=segments,
            nice=ticks,
        )
    )


def draw(result: Result) -> Iterator[None]:
    """Draw the plots of a page that is written later, a few at a time; they need no controls."""
    for part in (_own, _load, _latency):
        part(result)
        yield


def compile_templates() -> None:
    """Have all templates ready, which takes a tenth of a second."""
    for name in _environment().list_templates(["html"]):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _emphasized(answer: str, lab: Lab) -> Markup:
    """Set the names of variants in bold."""
    names = sorted((re.escape(one.name) for one in lab.variants), key=len, reverse=True)
    marked = re.compile(rf"(?<![\w-])({'|'.join(names)})(?![\w-])")
    return Markup("").join(
        Markup("<b>{}</b>").format(part) if place % 2 else part
        for place, part in enumerate(marked.split(answer))
    )


def _contents(
    parts: Sequence[object],
    own: Sequence[Sequence[Plot]],
    waterfalls: Sequence[Waterfall],
    lesson: Path | None,
) -> Iterator[tuple[str, str]]:
    """Give the anchor and the title of each section that is there."""
    yield from [("shown", "What was shown")] * bool(parts)
    yield from [("why", "Why")] * bool(lesson)
    yield from [("request", "One request")] * bool(waterfalls)
    for place, plots in enumerate(own, start=1):
        yield f"own{place}", plots[0].panel.scale.what
    yield "load", "Load and goodput"
    yield "latency", "Latency"
    yield "topology", "Who calls whom"
    yield "again", "Do it again"
    yield "timeline", "When"
    yield "audit", "Audit"


def segments(waterfall: Waterfall, bar: Bar) -> list[Segment]:
    """Cut a bar where its waste begins."""
    start, end = waterfall.share(bar.start_ms), waterfall.share(bar.end_ms)
    cut = end if math.isnan(bar.wasted_ms) else max(start, waterfall.share(bar.wasted_ms))
    parts = ((start, cut, False), (cut, end, True))
    return [
        Segment(left=100 * left, width=100 * (right - left), is_wasted=is_wasted)
        for left, right, is_wasted in parts
        if right > left
    ]


def ticks(top: float) -> list[float]:
    """Give round marks from 0 to `top`, three to six of them."""
    power = 10.0 ** math.floor(math.log10(top))
    step = next(step * power for step in (0.2, 0.5, 1, 2) if top / (step * power) <= 5)  # noqa: PLR2004
    return [step * mark for mark in range(math.floor(top / step) + 1)]


def _own(result: Result) -> list[list[Plot]]:
    return [_plots(panels, f"o{place}-") for place, panels in enumerate(own_panels(result))]


def _load(result: Result) -> list[Plot]:
    return _plots(load_panels(result), "l")


def _latency(result: Result) -> list[Plot]:
    return _plots(latency_panels(result), "t")


def _plots(panels: list[Panel], prefix: str) -> list[Plot]:
    return [
        Plot(
            name=f"{prefix}{number}",
            panel=panel,
            svg=Markup(panel_svg(panel, f"{prefix}{number}-")),  # noqa: S704 - escaped there
        )
        for number, panel in enumerate(panels)
    ]


def _waterfalls(result: Result) -> Iterator[Waterfall]:
    """Take one request of each variant, from its first recording."""
    for variant, recordings in by_variant(result).items():
        broken = isinstance(result.lab.variant(variant), Broken)
        number = choose(recordings[0], broken=broken)
        if number is not None:
            yield tree(recordings[0], number)
