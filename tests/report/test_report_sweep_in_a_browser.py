"""A sweep's page in a browser: usable by all, on a phone too, and without a script."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.model.expect import Bound
from harness.report import sweep_page
from harness.sweep.grid import Line, Swept
from tests.live.console_page import axe, browser
from tests.sweep.made_up import swept

THEORY = Line(name="μ/(1+m)", source="counted", values=(100, 50, 33, 25), decisive=True)
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all."""
    with browser() as started:
        yield started


def storm(*values: float) -> float:
    """Give all kinds of values: some that disagree, some that never end, some that are missing."""
    amount = math.prod(values)
    return math.nan if amount > 300 else math.inf if amount > 100 else amount / 10


def pages() -> dict[str, Swept]:
    axes = ("checkout.tries=1..4", "load.rate_rps=20..80:20")
    return {
        "bounded": swept(*axes, value=storm, until=Bound(at_most=6), lines=(THEORY,)),
        "shades": swept(*axes, value=storm),
        "curve": swept(axes[1], value=storm, until=Bound(at_most=6)),
        "theory": swept(axes[1], value=storm, lines=(THEORY,)),
    }


@pytest.mark.parametrize("name", pages())
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
def test_a_sweeps_page_can_be_used_by_all(
    chromium: Any, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    """Names, roles and contrasts, nothing wider than the screen, and a command for each cell."""
    script = axe()
    file = tmp_path / "sweep.html"
    file.write_text(
        sweep_page.render(
            pages()[name], lambda *words: " ".join(words), table="all.csv", again="./lab sweep"
        )
    )
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator("svg a").first.click()
    page.wait_for_selector(".cell .command:visible")
    assert page.locator(".cell:visible").count() == 1
    found = page.evaluate(f"{script}\n;axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
