"""Plots by matplotlib: the panels of the report, and the one picture of a README."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from harness.recording import FaultRecord
from harness.report.labels import (
    last_point,
    longest_gap,
    middle_s,
    name_of,
    paired,
    points,
    spread,
    stagger,
)
from harness.report.panels import Panel, Scale, Trace, picture_panels
from harness.result import Result

PIXEL = 1 / 72
"""An inch's share that a unit of an SVG's view box stands for."""
WIDTH, HEIGHT = 340.0, 206.0
LEFT, RIGHT, BELOW, ABOVE = 40.0, 70.0, 23.0, 13.0
LETTER = 6.2
"""How wide a letter of a curve's name is, about."""
LABEL_GAP = 12.0
"""Least distance between the middles of two labels, in units of the drawing."""
GAP_WORTH_TELLING = 3
"""A gap in a curve of at least this many seconds gets a word."""
MILLI = 1000
PICTURE_WIDTH = 1000.0
ABREAST = 4
"""How many panels of a picture stand beside each other."""
DOTS_PER_UNIT = 2
KEPT = 64
"""How many drawings are kept: those made while a lab's last runs go on are asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a quantity looks: redundant on purpose, so that no one needs to tell colours."""

    ink: str
    width: float = 1.6
    dashes: Literal["-", ":"] = "-"
    marker: str = ""
    on_top: bool = False
    filled: bool = False


STYLES = {
    "offered": Style(ink="ink", width=1.3, dashes=":", on_top=True),
    "attempted": Style(ink="attempted"),
    "goodput": Style(ink="goodput", width=2.0, filled=True),
    "p50": Style(ink="p50", marker="o"),
    "p99": Style(ink="p99", marker="^"),
}

OWN = (
    Style(ink="p50", width=2.0),
    Style(ink="attempted", marker="^"),
    Style(ink="goodput", marker="o"),
    Style(ink="p99", marker="s"),
    Style(ink="ink", marker="D"),
    Style(ink="muted", marker="v"),
)
"""How a lab's own curves look, in turn."""

PAPER = {
    "ink": "#1b1b1b",
    "muted": "#6b6b6b",
    "rule": "#d8d8d8",
    "fault": "#e69f00",
    "attempted": "#d55e00",
    "goodput": "#009e73",
    "p50": "#0072b2",
    "p99": "#cc79a7",
    "attempted-text": "#a84a00",
    "goodput-text": "#007252",
    "p50-text": "#00609a",
    "p99-text": "#94416f",
}
"""Okabe and Ito's colours, and darker ones of the same hues for letters, on white."""

SENTINELS = {name: f"#0c0d{number:02x}" for number, name in enumerate(PAPER, start=1)}
"""Stand-ins that no one would draw with, to be replaced by the page's own variables."""

LOOK = {
    "svg.fonttype": "none",
    "svg.hashsalt": "chaoslab",
    "text.parse_math": False,
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
}


def style_of(trace: Trace) -> Style:
    """Give a curve's looks: its quantity's own, or those of its place."""
    return STYLES.get(trace.quantity) or OWN[trace.place % len(OWN)]


@lru_cache(KEPT)
def panel_svg(panel: Panel, prefix: str) -> str:
    """Draw a panel as an `<svg>` for a page: its colours are the page's, its ids are prefixed."""
    rows = stagger(panel.captions, panel.duration_s)
    above = ABOVE * max(1, len(rows))
    with context(LOOK, after_reset=True):
        drawing = Figure(figsize=(WIDTH * PIXEL, (HEIGHT + above) * PIXEL))
        height = HEIGHT + above
        box = (LEFT / WIDTH, BELOW / height, (WIDTH - LEFT - _right([panel])) / WIDTH, 0.0)
        axes = drawing.add_axes((*box[:3], (HEIGHT - BELOW - 4) / height))
        _Painter(axes, SENTINELS).paint(panel)
        return _inline(_svg(drawing), panel, prefix)


def picture(result: Result) -> bytes:
    """Give one picture of every variant, as PNG."""
    return drawn(result.lab.title, tuple(picture_panels(result)), "png")


def draw(title: str, panels: Sequence[Panel], path: Path, notes: Mapping[str, str] = {}) -> None:
    """Write panels side by side under a title; `notes` are kept inside a PNG."""
    path.write_bytes(drawn(title, tuple(panels), path.suffix[1:], tuple(notes.items())))


@lru_cache(KEPT)
def drawn(
    title: str, panels: tuple[Panel, ...], kind: str, notes: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Draw panels side by side under a title, as `png` or `svg`; `notes` are kept inside a PNG."""
    metadata = {"Date": None} if kind == "svg" else {"Software": None, **dict(notes)}
    file, dpi = BytesIO(), DOTS_PER_UNIT / PIXEL
    with context(LOOK, after_reset=True):
        drawing = _strip(title, panels)
        drawing.savefig(file, format=kind, dpi=dpi, facecolor="white", metadata=metadata)
    return file.getvalue()


def _strip(title: str, panels: Sequence[Panel]) -> Figure:
    """Lay panels out in rows of as many as can be read, under one title."""
    rows = -(-len(panels) // ABREAST) or 1
    abreast = -(-len(panels) // rows) or 1
    captions = ABOVE * max(
        [1, *(len(stagger(panel.captions, panel.duration_s)) for panel in panels)]
    )
    pitch = (PICTURE_WIDTH - LEFT) / abreast
    plot, below = min(230.0, 0.75 * pitch), BELOW + 6
    head, tall = 26.0, 18 + captions + plot + below
    height = head + rows * tall
    drawing = Figure(figsize=(PICTURE_WIDTH * PIXEL, height * PIXEL))
    title_y = 1 - 15 / height
    drawing.text(14 / PICTURE_WIDTH, title_y, title, size=14, weight="bold")
    if panels:
        drawing.text(
            1 - 14 / PICTURE_WIDTH,
            title_y,
            panels[0].scale.what,
            size=11,
            color=PAPER["muted"],
            ha="right",
        )
    wide = (pitch - _right(panels) - 6) / PICTURE_WIDTH
    for number, panel in enumerate(panels):
        row, column = divmod(number, abreast)
        left = (LEFT + column * pitch) / PICTURE_WIDTH
        bottom = ((rows - 1 - row) * tall + below) / height
        _Painter(drawing.add_axes((left, bottom, wide, plot / height)), PAPER).paint(panel)
        drawing.text(
            left,
            1 - (head + row * tall + 10) / height,
            f"{panel.variant} ({panel.kind})",
            size=11,
            weight="bold",
            color=PAPER["ink"],
        )
    return drawing


def _right(panels: Sequence[Panel]) -> float:
    """Give the room to the right of a plot, where the names of its curves stand."""
    names = [trace.label for panel in panels for trace in panel.traces]
    return max(RIGHT, LEFT + LETTER * max(map(len, names), default=0))


class _Painter:
    """Paints one panel in one set of inks."""

    def __init__(self, axes: Axes, inks: dict[str, str]) -> None:
        self._axes = axes
        self._inks = inks

    def paint(self, panel: Panel) -> None:
        self._frame(panel)
        for fault in panel.captions:
            self._shade(fault)
        for row, faults in enumerate(stagger(panel.captions, panel.duration_s)):
            for fault in faults:
                self._caption(fault, row, panel)
        for trace in panel.traces:
            self._line(trace, steps=not panel.scale.is_log)
        self._labels(panel)
        if panel.scale.is_log:
            self._tell_gap(panel)

    def _frame(self, panel: Panel) -> None:
        axes, inks, scale = self._axes, self._inks, panel.scale
        axes.patch.set_visible(False)
        axes.set_xlim(0, panel.duration_s)
        if scale.is_log:
            axes.set_yscale("log")
        axes.set_ylim(scale.low, scale.high)
        axes.yaxis.set_minor_locator(NullLocator())
        times = _ticks(MaxNLocator(5, steps=[1, 2, 5, 10]), 0, panel.duration_s)
        names = [f"{at_s:g}" for at_s in times]
        axes.set_xticks(times, [*names[:-1], f"{names[-1]} s"])
        locator = LogLocator() if scale.is_log else MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])
        marks = _ticks(locator, scale.low, scale.high)
        axes.set_yticks(marks, [_mark(mark, scale, is_top=mark == marks[-1]) for mark in marks])
        axes.tick_params(color=inks["muted"], labelcolor=inks["muted"], pad=3)
        axes.spines["bottom"].set_color(inks["muted"])
        axes.spines["left"].set_visible(False)
        axes.grid(axis="y", color=inks["rule"], linewidth=0.6)
        axes.set_axisbelow(True)

    def _shade(self, fault: FaultRecord) -> None:
        axes, inks = self._axes, self._inks
        # One that was never taken away lasts to the end.
        end_s = min(fault.end_s, axes.get_xlim()[1])
        axes.axvspan(fault.start_s, end_s, color=inks["fault"], alpha=0.22, linewidth=0)
        for edge_s in (fault.start_s, end_s):
            axes.axvline(edge_s, color=inks["fault"], linewidth=0.9, linestyle=(0, (2, 2)))

    def _caption(self, fault: FaultRecord, row: int, panel: Panel) -> None:
        self._axes.annotate(
            name_of(fault),
            (middle_s(fault, panel.duration_s), 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3 + row * ABOVE),
            textcoords="offset points",
            ha="center",
            color=self._inks["ink"],
            size=10,
        )

    def _line(self, trace: Trace, *, steps: bool) -> None:
        style = style_of(trace)
        ink = self._inks[style.ink]
        xs, ys = points(trace, steps=steps)
        self._axes.plot(
            xs,
            ys,
            color=ink,
            linewidth=style.width if not trace.is_measured else 0.8 * style.width,
            linestyle=(0, (3, 1.6)) if trace.is_measured else style.dashes,
            drawstyle="steps-post" if steps else "default",
            marker=style.marker,
            markersize=3.4,
            markerfacecolor=ink if not trace.is_measured else "none",
            dash_capstyle="butt",
            zorder=3 if style.on_top else 2,
        )
        if style.filled and not trace.is_measured:
            step: Literal["post"] | None = "post" if steps else None
            self._axes.fill_between(xs, ys, step=step, color=ink, alpha=0.13, linewidth=0)

    def _labels(self, panel: Panel) -> None:
        """Name each curve where it ends, apart from one another."""
        axes = self._axes
        steps = not panel.scale.is_log
        named = [trace for trace in panel.traces if trace.is_known and trace.label]
        to_axes = axes.transData + axes.transAxes.inverted()
        ends = [tuple(to_axes.transform(last_point(trace, steps=steps))) for trace in named]
        gap = LABEL_GAP / axes.get_window_extent().height * axes.figure.dpi * PIXEL
        wanted = paired(named, [y for _, y in ends], gap)
        heights = spread(wanted, gap, 0.5 * gap, 1.0)
        for trace, (x, y), height in zip(named, ends, heights, strict=True):
            ink = style_of(trace).ink
            axes.annotate(
                trace.label,
                (x, y),
                xycoords="axes fraction",
                xytext=(x + 0.05, height),
                textcoords="axes fraction",
                ha="left",
                va="center",
                color=self._inks.get(f"{ink}-text", self._inks[ink]),
                arrowprops={
                    "arrowstyle": "-",
                    "color": self._inks[ink],
                    "linewidth": 0.6,
                    "shrinkA": 0,
                    "shrinkB": 2,
                    "relpos": (0, 0.5),
                },
                annotation_clip=False,
            )

    def _tell_gap(self, panel: Panel) -> None:
        start, length = longest_gap([trace.values for trace in panel.traces])
        if length >= GAP_WORTH_TELLING:
            self._axes.annotate(
                "no good\nanswer",
                (start + length / 2, 0.12),
                xycoords=("data", "axes fraction"),
                ha="center",
                color=self._inks["muted"],
                style="italic",
                size=10,
            )


def _ticks(locator: LogLocator | MaxNLocator, low: float, high: float) -> list[float]:
    return [float(mark) for mark in locator.tick_values(low, high) if low <= mark <= high]


def _mark(value: float, scale: Scale, *, is_top: bool) -> str:
    """Say a value at an axis: the unit once, at the top, or with each as seconds get long."""
    if scale.is_log:
        return f"{value:g} ms" if value < MILLI else f"{value / MILLI:g} s"
    unit = scale.unit
    if unit == "ms" and scale.high >= MILLI:  # else the axis has no room for its figures
        value, unit = value / MILLI, "s"
    return f"{value:g}{unit}" if is_top else f"{value:g}"


def _svg(drawing: Figure) -> str:
    buffer = StringIO()
    drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def _inline(svg: str, panel: Panel, prefix: str) -> str:
    """Make a file into a part of a page: no prolog, namespaces, style sheet, size or own font."""
    body = svg[svg.index("<g ") :]
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r"<!--.*?-->\s*", "", body)
    body = re.sub(r'\bid="', f'id="{prefix}', body)
    body = body.replace("url(#", f"url(#{prefix}").replace('xlink:href="#', f'href="#{prefix}')
    for name, sentinel in SENTINELS.items():
        body = body.replace(sentinel, f"var(--{name})")
    view = re.search(r'viewBox="[^"]*"', svg)
    box = view.group() if view else ""
    return f'<svg {box} role="img" aria-label="{escape(panel.words)}">\n{body}'
