"""The console's page in a Chromium: a storm and its rescue by hand, time, keys, links, access."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from harness import catalogue
from harness.live.browsers import why_not
from harness.live.server import PAGE
from harness.live.session import Session
from harness.model.experiment import experiment_from_json
from services.server import live_settings, load
from tests.live.console_page import Page, axe, browser, console, missing

STORM = "#lab=retry-storm&seed=1&with=naive,budget"
FALLS, STANDS = "falls", "stands"


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Any, str]]:
    if why := why_not():
        missing(why)
    with console() as address, browser() as chromium:
        yield chromium, address


@pytest.fixture
def page(started: tuple[Any, str]) -> Iterator[Page]:
    made = Page(*started)
    yield made
    made.close()


def frozen_for_three_seconds(page: Page) -> None:
    """Freeze what is picked at 4 s, and thaw it at 7 s."""
    page.go(4)
    page.press("1")
    page.faults(1)
    page.go(7)
    page.press("h")
    page.faults(0)


@pytest.mark.browser
def test_a_storm_by_hand_its_rescue_and_the_other_future(page: Page) -> None:
    """One try and a restart bring it back a second later; gone back in, it stays down."""
    page.open(STORM)
    assert "Nothing is broken yet" in page.text("#headline")
    frozen_for_three_seconds(page)
    page.go(14)
    assert page.verdicts()[0] == FALLS
    assert "naive still answers nobody" in page.text("#headline")
    wait, gone = map(int, re.findall(r"(\d+)", page.text("#line").replace(",", "")))
    assert wait > gone > 1000
    page.turn("checkout.tries", 1)
    page.go(18)
    assert page.verdicts()[0] == FALLS
    page.page.click("[aria-label='For how long'] >> text=0.5 s")
    page.press("2")
    page.faults(1)
    page.go(19.5)
    page.faults(0)
    assert page.verdicts()[0] == STANDS
    assert page.page.query_selector_all("path.ghost") == []
    page.go(14)
    assert page.verdicts()[0] == FALLS
    page.press("z")
    page.page.wait_for_selector("output[for=turn-checkout-tries]:not(.changed)")
    page.go(19.5)
    assert page.verdicts()[0] == FALLS
    assert page.page.query_selector_all("path.ghost")
    assert page.moments() == {19.5}


@pytest.mark.browser
def test_the_address_opened_again_gives_the_same_digests(
    started: tuple[Any, str], page: Page
) -> None:
    """In another page, and in a session without any page."""
    page.open("#lab=config-push&seed=3&lasts=8")
    page.page.click("[aria-label='For how long'] >> text=3 s")
    page.go(2)
    page.press("2")
    page.faults(1)
    page.go(3.5)
    link = page.hash()
    digests = page.digest()
    again = Page(*started)
    again.open(link)
    assert again.moments() == {3.5}
    assert again.hash() == link
    again.faults(1)
    assert again.digest() == digests
    again.close()
    given = {name: values[0] for name, values in parse_qs(link[1:]).items()}
    entry = catalogue.find(given["lab"])
    (shared,) = json.loads(given["runs"])
    own = []
    for variant in given["with"].split(","):
        document = {**shared, "variant": variant, "seed": int(given["seed"]), "duration_s": 8}
        with Session(entry.slug, entry.lab, experiment_from_json(document)) as session:
            own.append(session.finish().digest())
    assert ",".join(own) == digests


@pytest.mark.browser
def test_two_variants_stand_at_one_moment_whatever_is_done(page: Page) -> None:
    """Played, stepped, and gone back in; an event of the one is a moment of the other."""
    page.open(STORM)
    page.press("+", "+", "+", " ")
    page.page.wait_for_selector("main[data-state=running]")
    page.press("1")
    page.faults(1)
    page.press(" ")
    page.stands()
    injected = [json.loads(parse_qs(page.hash()[1:])["runs"][0])]
    assert len(injected[0]) == 1
    assert len(page.moments()) == 1
    for key in ("e", "r", "ArrowRight", "ArrowLeft", "Shift+ArrowLeft"):
        before = page.moments()
        page.press(key)
        page.page.wait_for_function(
            "(at) => Number(document.getElementById('main').dataset.at) !== at", arg=before.pop()
        )
        page.stands()
        assert len(page.moments()) == 1
    page.press("h")
    page.faults(0)
    assert "Healed one fault at" in page.text("#said")


@pytest.mark.browser
def test_a_second_screen_follows_the_first(page: Page) -> None:
    """What is done, gone back in, and opened on the one is seen on the other."""
    page.open("#lab=config-push&lasts=20")
    with page.context.expect_page() as opened:
        page.page.click("#second")
    screen = Page.of(opened.value)
    screen.stands()
    page.go(2)
    page.press("2")
    page.faults(1)
    page.go(4)
    for moment, faults in ((4, 1), (1, 0)):
        page.go(moment)
        screen.page.wait_for_selector(f"main[data-at='{moment}']")
        screen.faults(faults)
        assert screen.verdicts() == page.verdicts()
        assert screen.text(".marks") == page.text(".marks")
    page.page.select_option("#lab", "clock-skew")
    screen.page.wait_for_selector("main[data-lab=clock-skew]")
    assert screen.errors == []


@pytest.mark.browser
def test_all_of_it_goes_with_the_keyboard_alone(page: Page) -> None:
    """Places are reached by Tab and picked by Enter; each key of the list does what it says."""
    page.open(f"{STORM}&lasts=20")
    page.press("?")
    page.page.wait_for_selector("#keys dl")
    assert "heal all" in page.text("#keys")
    page.press("Escape")
    for _ in range(60):
        page.press("Tab")
        focused = page.page.evaluate("document.activeElement.getAttribute('data-place')")
        if focused == "checkout":
            break
    else:
        pytest.fail("no Tab leads to the host")
    page.press("Enter")
    page.page.wait_for_selector(".host.picked, .host[aria-pressed=true][data-place=checkout]")
    page.press("ArrowRight", "ArrowRight")
    page.page.wait_for_selector("main[data-at='2']")
    page.press("b", "2")
    page.faults(1)
    assert len(json.loads(parse_qs(page.hash()[1:])["runs"][0])) == 2
    page.press("f")
    page.page.wait_for_selector("#follow h2")
    page.press("m")
    page.page.wait_for_selector("#messages svg")
    page.press("T")
    page.page.wait_for_selector(".table tbody td")
    page.press("p")
    page.page.wait_for_selector("html[data-view=presenter]")
    page.press("p", "v")
    page.page.wait_for_selector("#further button")
    page.press("Home")
    page.page.wait_for_selector("main[data-at='0']")
    page.faults(0)


@pytest.mark.browser
def test_what_is_refused_is_said_and_nothing_is_done(page: Page) -> None:
    """In the engine's own sentence, under the button; the address does not have it."""
    page.open("#lab=retry-storm&with=naive")
    page.go(1)
    page.press("2")
    page.faults(1)
    page.press("1")
    page.page.wait_for_selector(".why:not([hidden])")
    assert "payments" in page.text(".faults .why:not([hidden])")
    assert page.hash().count("inject") == 1


@pytest.mark.browser
def test_the_answer_is_not_there_before_the_vote(page: Page) -> None:
    """The question and its choices are; an experiment of the lesson runs beside its variant."""
    page.open(f"{STORM}&lasts=20")
    page.page.wait_for_selector("#vote input[type=radio]")
    page.page.click("#read")
    assert "metastable" not in page.text("#lesson")
    page.page.click("#vote label >> nth=1")
    page.page.click("#vote >> text=close the vote")
    assert "1 answered" in page.text("#vote")
    assert "metastable" in page.text("#lesson")
    assert page.page.query_selector_all("#lesson a:not([href^=http])") == []
    page.page.click("#further button >> nth=0")
    page.page.wait_for_selector("main[data-state=running]")
    page.press(" ")
    page.stands()
    assert len(page.moments()) == 1
    assert "retry_budget" in page.hash()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_can_be_used_by_all(started: tuple[Any, str], width: int, scheme: str) -> None:
    """Names, roles and contrasts of all that can be opened, with nothing wider than the screen."""
    script = axe()
    page = Page(*started, color_scheme=scheme, reduced_motion="reduce")
    page.open(STORM)
    frozen_for_three_seconds(page)
    page.press("v", "m", "T")
    page.go(9)
    page.press("f", "?")
    page.page.wait_for_selector("#follow h2")
    page.page.click("#read")
    page.page.set_viewport_size({"width": width, "height": 900})
    found = page.page.evaluate(f"{script}\n;axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    moving = "all => all.map((one) => getComputedStyle(one).animationName)"
    assert set(page.page.eval_on_selector_all(".moves", moving)) == {"none"}
    page.close()


def test_the_page_knows_no_lab() -> None:
    """No lab, host or live setting stands in its code: all comes from the engine."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.iterdir()))
    words = set(re.findall(r"[\"'`]([\w.-]+)[\"'`]", code))
    for slug in catalogue.slugs():
        lab = catalogue.find(slug).lab
        names = {slug, *lab.hosts(), *(one.name for one in lab.variants)}
        for service in lab.services:
            names |= {name for name in live_settings(load(service.app)) if "_" in name}
        assert not names & words


def test_the_page_is_made_of_small_modules() -> None:
    """Each is read in one sitting; one alone knows how the engine is reached."""
    modules = {path.name: path.read_text(encoding="utf-8") for path in PAGE.glob("*.mjs")}
    assert all(text.count("\n") <= 300 for text in modules.values())
    assert [name for name, text in modules.items() if "WebSocket(" in text] == ["transport.mjs"]
