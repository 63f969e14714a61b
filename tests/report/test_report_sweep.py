"""A sweep's page and picture: read without a script, by anyone, and true to the numbers."""

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.model.expect import Bound
from harness.report import sweep_drawing, sweep_page, sweep_sentences, sweep_text
from harness.report.text import UNKNOWN
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
    assert sweep_drawing.where(axis(RATES), value) == place


def test_a_logarithmic_axis_is_drawn_as_one() -> None:
    """Halfway between 1 and 100 is 10."""
    place = sweep_drawing.where(axis("a.b=1..10000*100"), 10)
    assert place is not None
    assert math.isclose(place, 0.5)


def test_the_distance_from_theory_is_counted_in_cells() -> None:
    """0 where theory lies between the cells where it changes; beyond the grid nothing is known."""
    assert sweep_sentences.cells_off(a_map(), THEORY) == [0, 0, 0, 0]
    far = Line(name="far", source="counted", values=(70, 80, 33, math.nan), decisive=True)
    assert sweep_sentences.cells_off(a_map(), far) == [0.5, 1.0, 0.0]


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
