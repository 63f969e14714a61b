"""The site's calculators as they are built: every formula, useful before anything is computed."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.calculators import curves, formulas
from harness.calculators.answers import answer, answered, first
from harness.calculators.svg import powers, svg, ticks
from harness.calculators.units import typed
from harness.site import build, calculator_pages, pages
from harness.site.packing import part_of

ALL = formulas.calculators()
LARGEST_PAGE = 200_000
"""Bytes: a page stays one that a phone opens at once."""


@pytest.fixture(scope="module", params=[True, False], ids=["playable", "pages alone"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    calculator_pages.write(out, pages.TEMPLATES, playable=request.param)
    return out / calculator_pages.FOLDER


def section(made: Path, name: str) -> str:
    """Give the part of a page that is of a formula."""
    calculator = ALL[name]
    text = (made / f"{calculator.subject}.html").read_text()
    (found,) = re.findall(rf'<section id="{calculator.short}".*?</section>', text, re.DOTALL)
    return str(found)


def test_every_formula_is_listed_and_has_its_section(made: Path) -> None:
    """With its value and its curve as they are without any script."""
    index = (made / "index.html").read_text()
    for name, calculator in ALL.items():
        assert f'href="{calculator.subject}.html#{calculator.short}"' in index
        told, part = first(calculator), section(made, name)
        assert f'<span class="value">{told.value}</span>' in part, name
        assert told.figure in part, name
        assert told.table in part, name
        assert bool(told.figure) is bool(calculator.vary), name


def test_pages_are_small(made: Path) -> None:
    assert max(path.stat().st_size for path in made.iterdir()) < LARGEST_PAGE


def test_fields_wait_for_the_script_that_answers_them(made: Path) -> None:
    """Without it they would do nothing; and pages alone have none, nor any script."""
    playable = (made / "calculators.mjs").exists()
    for name, calculator in ALL.items():
        part = section(made, name)
        fields = re.findall(r"<(?:input(?! type=\"hidden\")|select|button)[^>]*>", part)
        assert all(" disabled" in field for field in fields), name
        sliders = sum(one.slides for one in calculator.arguments) if playable else 0
        assert part.count('type="range"') == sliders, name
    assert playable is ("calculators.mjs" in (made / "queues.html").read_text())


def test_sliders_begin_where_the_fields_do(made: Path) -> None:
    """Within a step, and what a screen reader says is the value with its unit."""
    if not (made / "calculators.mjs").exists():
        return
    for name, calculator in ALL.items():
        part = section(made, name)
        for field in calculator_pages.fields(calculator):
            if field.steps and field.text:
                around = [max(0, field.step - 1), min(field.steps, field.step + 1)]
                low, high = (field.argument.at(step / field.steps) for step in around)
                assert curves.heights(low) <= (float(field.text),) <= curves.heights(high), name
                assert f'aria-valuetext="{field.words}"' in part, name


def test_the_labs_that_show_it_are_links(made: Path) -> None:
    part = section(made, "queues.erlang_c")

    assert 'href="../labs/queueing-models.html"' in part
    assert "Erlang 1917" in part
    assert "./lab calc erlang_c --check" in part


def test_a_labs_page_leads_to_its_formulas() -> None:
    text = pages.lab("queueing-models", playable=False)

    assert 'href="../calculators/queues.html#erlang_c">erlang_c</a>' in text


def test_a_formula_of_lists_alone_says_why_it_has_no_curve() -> None:
    told = first(ALL["queues.lindley_waits_s"])

    assert (told.figure, told.table) == ("", "")
    assert told.gaps.startswith("No curve: it takes lists")


def test_what_the_tab_is_asked_is_answered_in_json() -> None:
    """A value, or why there is none; what cannot be read is refused by its name."""
    asked = {"name": "loss.erlang_b", "values": {"servers": "3"}, "vary": "servers"}

    assert json.loads(answered(json.dumps(asked)))["value"] == "0.638 (63.8 %)"
    assert answer("loss.erlang_b", {"servers": "x"}, None).refused.startswith("servers=x")
    assert answer("loss.erlang_b", {"serverz": "1"}, None).refused.startswith("loss.erlang_b has")


def test_a_value_outside_of_the_domain_leaves_the_curve() -> None:
    """The sentence stands where the value did; there is no dot, and the gap is told."""
    told = answer("queues.mm1_mean_response_s", {"rate_rps": "150"}, "rate_rps")

    assert told.value == ""
    assert told.refused == "rate_rps must be below the capacity of 100, not 150"
    assert "<polyline" in told.figure
    assert "<circle" not in told.figure
    assert told.gaps.startswith("Where there is no line: rate_rps must be below")


def test_a_curve_is_drawn_inside_of_its_picture() -> None:
    """Every point of every curve, and a dot for the value to begin with."""
    for calculator in ALL.values():
        figure = first(calculator).figure
        for points in re.findall(r'points="([^"]*)"', figure):
            for point in points.split():
                x, y = map(float, point.split(","))
                assert 50 <= x <= 400, calculator.name
                assert 0 <= y <= 200, calculator.name
        assert ("<circle" in figure) is bool(calculator.vary), calculator.name


def test_a_curve_with_a_hole_has_two_pieces() -> None:
    """No line leads through where the formula does not hold."""
    calculator = ALL["retries.fatal_stall_bracket_s"]
    values = calculator.starts()
    whole = curves.curve(calculator, values, calculator.argument("rate_rps"), points=60)
    gone = replace(whole.points[30], result=None, heights=(), refused="not there")
    torn = replace(whole, points=(*whole.points[:30], gone, *whole.points[31:]))
    assert svg(torn, "torn").count("<polyline") == svg(whole, "whole").count("<polyline") + 2


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (3, 17, [5, 10, 15]),
        (-0.5, 0.5, [-0.4, -0.2, 0, 0.2, 0.4]),
    ],
)
def test_axes_have_round_figures(low: float, high: float, found: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(found)


def test_axes_of_factors_have_powers_of_ten() -> None:
    assert powers(1, 1000) == pytest.approx([1, 10, 100, 1000])
    assert powers(2, 5) == [2, 5]


def test_calculators_are_a_part_of_the_bundle_of_their_own() -> None:
    """So that a lab's first visit fetches none of it."""
    assert part_of("app/harness/calculators/answers.py", set()) == "calc"
    assert part_of("app/harness/calculators/calculators.tsv", set()) == "calc"
    assert part_of("app/harness/theory/queues.py", set()) == "core"


def test_what_is_kept_offline_for_all_holds_no_calculator(tmp_path: Path) -> None:
    """It is kept for visitors who have used one."""
    for name in ("index.html", "engine/core.wasm", "engine/calc.wasm", "calculators/queues.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    build._offline(tmp_path)  # noqa: SLF001 - the rest of a build takes a minute
    (line,) = (
        one for one in (tmp_path / "offline.js").read_text().splitlines() if "FILES = " in one
    )
    kept = json.loads(line.partition(" = ")[2].partition(";")[0])
    assert kept["rest"] == ["./", "engine/core.wasm", "index.html"]
    assert kept["calculators"] == ["calculators/queues.html", "engine/calc.wasm"]


def test_what_is_typed_begins_as_the_table_says() -> None:
    values = {one.name: typed(one.start) for one in ALL["loss.erlang_b"].arguments}
    assert values == {"servers": "10", "offered_erlangs": "7"}
