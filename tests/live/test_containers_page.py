"""The page on real containers in a Chromium: it plays, breaks, heals, ends, and fakes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue, store
from harness.engines.compose.client import why_not as no_engine
from harness.live.browsers import why_not
from harness.model.steered_load import EXTRA
from tests.live.console_page import TURN, Page, axe, browser, console, missing

pytestmark = [pytest.mark.browser, pytest.mark.compose]

HAND = "#lab=retry-storm&seed=1&with=no-retry"
AT = "(at) => Number(document.getElementById('main').dataset.at) > at"
FAILS = "() => document.querySelector('.variant .score b').textContent === '0'"
WELL = "() => document.querySelector('.variant').dataset.verdict === 'stands'"
PACED = """(words) => {
    const told = document.querySelector('output[for=turn-load]').textContent;
    return told.split(/\\s+/).slice(1).join(' ') === words;
}"""
SPEAKS = "(words) => document.getElementById('headline').textContent.includes(words)"
ABSENT = ("#back", "#speeds", "[data-step]", "#next-failure", "#show-messages", "#show-upcoming")
ABSENT_KEYS = ("e", "r", "n", "c", "m", "+", "ArrowLeft", "ArrowRight", "Home")


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Any, str]]:
    if why := why_not():
        missing(why)
    if lacking := no_engine():
        pytest.skip(lacking)
    with console("--engine", "compose") as address, browser() as chromium:
        yield chromium, address


@pytest.fixture
def page(started: tuple[Any, str]) -> Iterator[Page]:
    made = Page(*started)
    yield made
    made.close()


def shown(page: Page, selector: str) -> list[bool]:
    return [one.is_visible() for one in page.page.query_selector_all(selector)]


def hosts(page: Page) -> list[str]:
    """Say what stands of each host, behind its name."""
    names = [one.get_attribute("aria-label") for one in page.page.query_selector_all(".host")]
    return [str(name).partition(", ")[2] for name in names]


def forget(page: Page) -> None:
    """Remove the run that was kept."""
    shutil.rmtree(catalogue.ROOT / page.text("#kept code"))


def on(page: Page, at_s: float) -> None:
    page.page.wait_for_function(AT, arg=at_s)


def test_a_run_is_played_broken_healed_and_kept(page: Page, tmp_path: Path) -> None:
    """By its keys, in real time; what containers cannot is neither shown nor on the keyboard."""
    page.open(HAND)
    page.says("#real-time", "real time")
    page.reads("#engine", "on containers")
    assert [name for name in ABSENT if any(shown(page, name))] == []
    assert len(page.variants()) == 1
    assert set(hosts(page)) == {"no container"}
    page.press(" ")
    page.page.wait_for_function(SPEAKS, arg="containers are being started")
    on(page, 2)
    assert page.state() == "running"
    assert not any(shown(page, "#play"))
    page.press("1")
    page.faults(1)
    page.page.wait_for_function(FAILS)
    page.says("#headline", "payments frozen")
    before_s = float(page.page.get_attribute("main", "data-at") or "nan")
    page.press(*ABSENT_KEYS, " ")
    page.says("#said", "there is no pause")
    on(page, before_s + 0.5)
    page.press("h")
    page.faults(0)
    page.turn("payments.service_ms", 5)
    page.page.wait_for_function(WELL)
    page.page.screenshot(path=tmp_path / "containers.png", full_page=True)
    page.page.click("#finish")
    page.page.wait_for_selector("main[data-state=done]")
    page.says("#kept", "Kept in runs/retry-storm/")
    assert set(hosts(page)) == {"no container"}
    page.says("#play", "Play again")
    forget(page)


def test_the_labs_own_faults_are_played_and_judged_and_a_reload_ends_nothing(page: Page) -> None:
    """A page that is loaded again sees the run go on; in the end there is a verdict."""
    page.open("#lab=retry-storm&seed=1&with=budget")
    page.page.click("button.own")
    on(page, 5.5)
    page.page.wait_for_selector("[data-place=payments][aria-label*=frozen]")
    page.page.reload()
    on(page, 9)
    assert page.state() == "running"
    page.page.wait_for_selector("main[data-state=done]")
    page.says("#kept", "Verdict: ")
    assert len(str(page.page.get_attribute("main", "data-digest"))) == 64
    page.page.reload()
    page.page.wait_for_selector("main[data-state=done]")
    page.says("#kept", "Verdict: ")
    forget(page)


def test_a_fault_for_some_seconds_heals_by_itself(page: Page) -> None:
    """The page keeps the time, since nobody can step here."""
    page.open(HAND)
    page.press(" ")
    on(page, 1)
    page.page.click("role=radio[name='0.5 s']")
    page.press("1")
    page.page.wait_for_selector(".markpin.cure")
    page.faults(0)


def test_the_load_is_turned_by_its_slider_and_sent_beside_by_its_buttons(page: Page) -> None:
    """What is refused leaves the slider where the load is; all of it is in what is kept."""
    page.open(HAND)
    page.page.evaluate(TURN, ["turn-load", 3])
    page.page.wait_for_function(PACED, arg="1 70/s")
    page.says("#said", "no load is sent now")
    page.press(" ")
    on(page, 1)
    page.page.evaluate(TURN, ["turn-load", 2])
    page.page.wait_for_function(PACED, arg="2 140/s")
    for words in ("+ 1 now", "+ 50 now"):
        page.page.click(f"role=button[name='{words}']")
    page.page.evaluate(TURN, ["turn-load", 0])
    page.page.wait_for_function(PACED, arg="0 0/s")
    page.page.click("#finish")
    page.page.wait_for_selector("main[data-state=done]")
    recording = store.recording(catalogue.ROOT / page.text("#kept code"), "compose", "no-retry")
    assert sum(one.number >= EXTRA for one in recording.requests) == 51
    assert [one.name for one in recording.surges] == ["load x 2", "load x 0"]
    forget(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_used_by_all(started: tuple[Any, str], scheme: str) -> None:
    """Before a run and while it goes on."""
    script = axe()
    page = Page(*started, color_scheme=scheme)
    page.open(HAND)
    found = page.page.evaluate(f"{script}\n;axe.run()")["violations"]
    page.press(" ")
    on(page, 1)
    page.press("1", "f", "?")
    page.faults(1)
    found += page.page.evaluate("axe.run()")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    page.close()
