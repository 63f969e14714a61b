"""A sweep's page and picture: read without a script, by anyone, and true to the numbers."""

import csv
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.model.expect import Bound
from harness.report import sweep_drawing, sweep_page, sweep_sentences, sweep_shapes, sweep_text
from harness.report.text import UNKNOWN
from harness.sweep import tables
from harness.sweep.axes import axis
from harness.sweep.grid import Line, Swept
from tests.sweep.made_up import swept

TRIES, RATES = "checkout.tries=1..4", "load.rate_rps=20..80:20"
THEORY = Line(name="μ/(1+m)", source="counted", values=(100, 50, 33, 25), decisive=True)


def storm(tries: float, rate_rps: float, seed: int) -> float:
    """Recovers below 100 calls a second; seeds disagree at it."""
    return 3.0 if tries * rate_rps + (seed == 2) <= 100 else math.inf


def a_map() -> Swept:
    return swept(TRIES, RATES, value=storm, until=Bound(at_most=16), lines=(THEORY,))


def page(one: Swept) -> str:
    return sweep_page.render(
        one, lambda *words: " ".join(("./lab", *words)), table="all.csv", again="./lab sweep"
    )


def test_every_cell_leads_to_the_command_that_runs_it() -> None:
    """A link without a script, whose name says what is there; its target has the command."""
    html = page(a_map())
    assert "<script" not in html
    linked = re.findall(r'<a href="#(cell-[\d-]+)" aria-label="checkout', html)
    assert len(linked) == len(set(linked)) == 16
    for anchor in linked:
        assert html.count(f'id="{anchor}"') == 1
    assert (
        "./lab run retry-storm --engine sim --variant naive --set payments.workers=4 "
        "--set checkout.tries=2 --set load.rate_rps=80 --seed 1"
    ) in html


def test_what_disagrees_has_a_command_of_each_kind() -> None:
    """One seed that holds, one that does not."""
    one = swept(TRIES, value=lambda tries, seed: tries * seed, until=Bound(at_most=3))
    part = page(one).partition('id="cell-2"')[2].partition("</section>")[0]
    assert "seeds disagree" in part
    assert part.index("Seed 1: comes back") < part.index("Seed 2: stays down")


def test_the_picture_is_well_formed() -> None:
    """A drawing that is XML, with a cell a link, theory's line and the lab's own point."""
    html = page(a_map())
    drawing = html[html.index("<svg viewBox") : html.index("</svg>") + 6]
    root = ET.fromstring(drawing)  # noqa: S314 - our own
    assert len(root.findall("a")) == 16
    assert len([one for one in root.findall("path") if "decisive" in one.get("class", "")]) == 1
    assert len([one for one in root.findall("circle") if one.get("class") == "own"]) == 1


def test_what_seeds_disagree_on_is_marked_by_more_than_colour() -> None:
    """In the picture by corners, in the terminal by a sign, in the table by words."""

    def value(tries: float, rate_rps: float, seed: int) -> float:
        return 3.0 if tries * rate_rps + 50 * (seed == 2) <= 100 else math.inf

    one = swept(TRIES, RATES, value=value, until=Bound(at_most=16))
    split = [box for box in sweep_drawing.drawn(one).boxes if box.is_split]
    assert {box.cell.place for box in split} == {(0, 2), (0, 3), (2, 0), (3, 0), (1, 1)}
    assert page(one).count('class="split"') == len(split) + 1  # and the legend's
    lines = [line.plain for line in sweep_text.lines(one)]
    assert sum(line.count(sweep_text.SPLIT) for line in lines) == len(split) + 1


@pytest.mark.parametrize(
    ("value", "place"),
    [(20, 0), (50, 1.5), (80, 3), (10, -0.5), (90, 3.5), (9, None), (91, None)],
)
def test_theory_stands_between_the_cells_that_it_separates(
    value: float, place: float | None
) -> None:
    """A place on the axis, in cells; none where it is more than half a cell beyond."""
    assert sweep_shapes.where(axis(RATES), value) == place


def test_a_logarithmic_axis_is_drawn_as_one() -> None:
    """Halfway between 1 and 100 is 10."""
    place = sweep_shapes.where(axis("a.b=1..10000*100"), 10)
    assert place is not None
    assert math.isclose(place, 0.5)


def test_the_distance_from_theory_is_counted_in_cells() -> None:
    """0 where theory lies between the cells where it changes; beyond the grid nothing is known."""
    assert sweep_sentences.cells_off(a_map(), [THEORY]) == [0, 0, 0, 0]
    far = Line(name="far", source="counted", values=(70, 80, 33, math.nan), decisive=True)
    assert sweep_sentences.cells_off(a_map(), [far]) == [0.5, 1.0, 0.0]


def test_two_boundaries_have_the_change_between_them() -> None:
    """A bracket: nothing is said of how far it is from either, only from what is between."""
    low = replace(THEORY, name="low", values=(60, 30, 30, 15))
    high = replace(THEORY, name="high", values=(90, 60, 50, 30))
    wrong = replace(high, values=(100, 60, 50, 19))
    for lines, said in (
        ((low, high), "The change lies between theory's low and high, in 4 of 4 columns."),
        ((low, wrong), "at most 0.1 cells outside of what is between theory's low and high"),
    ):
        one = replace(a_map(), lines=lines)
        (sentence,) = sweep_sentences.of_map(one)
        assert said in sentence


EXPECTED = Line(name="M/M/1", source="theory:mm1", values=(2, 4, math.nan, 8))


def a_curve() -> Swept:
    return swept(RATES, value=lambda rate_rps, _: rate_rps / 10, lines=(EXPECTED,))


def test_theory_is_drawn_over_a_curve() -> None:
    """At the height of the median where they are the same, and not where it says nothing."""
    drawing = sweep_drawing.drawn(a_curve())
    (stroke,) = drawing.strokes
    points = re.findall(r"([ML])([\d.]+),([\d.]+)", stroke.path)
    assert [one[0] for one in points] == ["M", "L", "M"]
    for (_, x, y), at in zip(points, (0, 1, 3), strict=True):
        box = drawing.boxes[at]
        assert (float(x), float(y)) == pytest.approx((box.x, box.y), abs=0.01)
    assert stroke.name.said == "M/M/1"


def test_a_curve_reaches_as_far_as_theory() -> None:
    """What is expected far above all that was found is in the picture, not above it."""
    far = replace(EXPECTED, values=(2, 4, 6, 80))
    drawing = sweep_drawing.drawn(replace(a_curve(), lines=(far,)))
    heights = [float(y) for y in re.findall(r",([\d.]+)", drawing.strokes[0].path)]
    assert min(heights) >= sweep_shapes.TOP
    assert min(box.y for box in drawing.boxes) > min(heights) + 100


def test_theory_without_an_end_is_not_drawn() -> None:
    """A line that is infinite everywhere has no stroke; the table says never."""
    endless = replace(EXPECTED, values=(math.inf,) * 4)
    one = replace(a_curve(), lines=(endless,))
    assert sweep_drawing.drawn(one).strokes == ()
    assert page(one).count("<td>never</td>") == 4


def test_a_curve_names_theory_in_legend_table_and_file() -> None:
    """With its source, and its value beside each that was found; a dash where it has none."""
    html = page(a_curve())
    assert "theory: M/M/1 (theory:mm1)" in html
    assert '<th scope="col">Theory: M/M/1</th>' in html
    rows = re.findall(r"<tr><td>(\d+)</td><td>([^<]+)</td><td>([^<]+)</td>", html)
    assert rows == [("20", "2", "2"), ("40", "4", "4"), ("60", "6", UNKNOWN), ("80", "8", "8")]
    table = list(csv.DictReader(tables.csv_of(a_curve()).splitlines()))
    assert [row["theory: M/M/1"] for row in table] == ["2", "2", "4", "4", "", "", "8", "8"]
    assert not any(
        "theory" in name
        for name in csv.DictReader(tables.csv_of(a_map()).splitlines()).fieldnames or ()
    )


def test_the_legend_of_a_curve_has_its_own_signs() -> None:
    """What is a ring in a map is a line in a curve, whose rings are seeds that disagree."""
    one = swept(RATES, value=lambda rate_rps, seed: rate_rps * seed, until=Bound(at_most=60))
    key = page(one).partition('<ul class="key">')[2].partition("</ul>")[0]
    assert '<path class="own" d="M15,1 V21"/></svg>the lab as it is' in key
    assert '<circle class="split" cx="15" cy="11" r="8"/></svg>seeds disagree' in key


def test_a_terminal_marks_where_theory_would_end_a_bar() -> None:
    """At the end of the bar where it is right; the legend explains the mark."""
    told = [line.plain for line in sweep_text.lines(a_curve())]
    rows = {line.split()[0].strip("[]"): line for line in told if "█" in line}
    assert rows["20"].rstrip().endswith("█│")
    assert "│" not in rows["60"]
    assert rows["80"].split()[1:3] == ["8", "8"]
    assert any(line == "│ theory: M/M/1 (theory:mm1)" for line in told)
    assert max(map(len, told)) <= 80
    half = replace(a_curve(), lines=(replace(EXPECTED, values=(1, 2, 3, 4)),))
    row = next(line.plain for line in sweep_text.lines(half) if line.plain.split()[:1] == ["80"])
    bar = row[row.index("█") :]
    assert bar.index("│") == 15
    assert len(bar) == 30


def test_a_curve_says_where_it_is_farthest_from_theory() -> None:
    """As a share of what theory expects; where that is nothing, there is no share."""
    one = swept(
        RATES, value=lambda rate_rps, _: rate_rps / 10 + (rate_rps == 40), lines=(EXPECTED,)
    )
    assert [*sweep_sentences.of_map(one)] == [
        "The median lies at most 25 % from theory's M/M/1, at load.rate_rps=40."
    ]
    nothing = replace(EXPECTED, values=(0, math.inf, math.nan, math.nan))
    (sentence,) = sweep_sentences.of_map(replace(one, lines=(nothing,)))
    assert sentence == "Nothing was found where theory's M/M/1 says what to expect."


def test_never_and_nothing_are_values_of_their_own() -> None:
    """A time without end, and no data, are words in the curve's table and not gaps."""
    values = {20: 2.0, 40: math.inf, 60: math.nan, 80: 5.0}
    one = swept(RATES, value=lambda rate_rps, _: values[rate_rps])
    told = [line.plain for line in sweep_text.lines(one)]
    assert any("40" in line and "never" in line and "▶" in line for line in told)
    assert any("60" in line and UNKNOWN in line for line in told)
    assert f"{UNKNOWN} no data" in told
    html = page(one)
    assert "never" in html
    assert "nothing was sent" in html
    assert len(sweep_drawing.drawn(one).boxes) == 3


def test_a_map_is_read_without_colour() -> None:
    """Signs beside the numbers, the lab's own cell in brackets, theory below the columns."""
    told = [line.plain for line in sweep_text.lines(a_map())]
    rows = {
        line.split()[0]: line for line in told if line.split()[:1] and line.split()[0].isdigit()
    }
    assert rows["20"].count(sweep_text.GOOD) == 4
    assert rows["80"].count(sweep_text.BAD) == 3
    assert sum("[" in line for line in rows.values()) == 1
    assert any(line.split() == ["μ/(1+m)", "100", "50", "33", "25"] for line in told)
    assert max(map(len, told)) <= 80


def test_a_curve_of_verdicts_shows_the_share_of_seeds_that_hold() -> None:
    """Halfway up where one of two does."""
    one = swept(
        TRIES, value=lambda tries, seed: tries + seed <= 3, until=Bound(at_least=1), verdict=True
    )
    low, middle, high = (
        sweep_drawing.drawn(one).boxes[at].y for at in (3, 1, 0)
    )  # 0, 1 and 2 of 2 seeds
    assert math.isclose(middle, (low + high) / 2)
    told = [line.plain.split() for line in sweep_text.lines(one)]
    assert [words[1] for words in told if words[0] in ("1", "2", "4")] == ["2/2", "1/2", "0/2"]


@pytest.mark.parametrize("axes", [("a.b=2", "c.d=50"), ("a.b=2",), ("a.b=x,y", "c.d=50")])
def test_a_grid_of_hardly_anything_can_be_shown(axes: tuple[str, ...]) -> None:
    """One value, one cell, words: nothing is divided by what is not there."""
    line = Line(name="theory", source="counted", values=(40,), decisive=True)
    lines = (line,) if axes == ("a.b=2", "c.d=50") else ()
    one = replace(
        swept(*axes, value=lambda *_: 0.0, until=Bound(at_most=16), lines=lines),
        own=(None, None)[: len(axes)],
    )
    assert "./lab run" in page(one)
    assert [*sweep_text.lines(one)]
