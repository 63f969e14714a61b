"""The console's page in a Chromium: a storm and its rescue by hand, time, keys, links, access."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import zxingcpp
from PIL import Image

from harness import catalogue
from harness.live.browsers import why_not
from harness.live.described import opened
from harness.live.sandbox import made_of
from harness.live.sandbox_form import start
from harness.live.server import PAGE
from harness.live.session import Session
from harness.live.tools import TOOLS
from harness.model.experiment import Experiment, experiment_from_json
from services.server import live_settings, load
from tests.live.console_page import Page, axe, browser, console, missing

STORM = "#lab=retry-storm&seed=1&with=naive,budget"
VOTE_HOST = "127.0.0.3"
NARROW = 390
FALLS, STANDS = "falls", "stands"


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Any, str]]:
    if why := why_not():
        missing(why)
    with console("--vote-address", VOTE_HOST) as address, browser() as chromium:
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
    page.says("#headline", "Nothing is broken yet")
    assert page.page.get_attribute("main", "data-engine") == "ready"
    page.says("#line", re.compile("^Press play"))
    frozen_for_three_seconds(page)
    page.go(14)
    assert page.verdicts()[0] == FALLS
    page.says("#headline", "naive still answers nobody")
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
def test_an_address_of_a_moment_shows_the_labs_own_faults_that_were_over_by_then(
    page: Page,
) -> None:
    """Shaded from their start to their end, though the page has seen no moment between."""
    own = urlencode({"runs": '[{"faults": "lab"}]'})
    page.open(f"#lab=retry-storm&seed=1&with=budget&lasts=20&t=15&{own}")
    assert page.moments() == {15}
    (timed,) = catalogue.find("retry-storm").lab.faults
    boxes = "node => [node, node.closest('svg')].map(one => one.getBoundingClientRect())"
    offset, width = page.page.eval_on_selector(
        ".window rect", f"node => (([a, b]) => [a.left - b.left, a.width])(({boxes})(node))"
    )
    lasted_s = timed.end_s - timed.start_s
    assert width / offset == pytest.approx(lasted_s / timed.start_s, rel=0.02)


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
    injected = [json.loads(parse_qs(page.hash("runs")[1:])["runs"][0])]
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
    page.says("#said", "Healed one fault at")


@pytest.mark.browser
def test_both_stand_at_the_next_failure_of_either(page: Page) -> None:
    """Which is the first of a session without a page; nothing is passed over by the other."""
    page.open("#lab=retry-storm&seed=1&with=naive,budget&lasts=20")
    page.go(4)
    page.press("1")
    page.faults(1)
    fault = {"kind": "Pause", "target": "payments"}
    script = [{"at_s": 4, "do": "inject", "fault": fault}]
    first = []
    for variant in ("naive", "budget"):
        entry = catalogue.find("retry-storm")
        document = {"variant": variant, "seed": 1, "script": script, "duration_s": 20}
        with Session(entry.slug, entry.lab, experiment_from_json(document)) as session:
            session.advance(4)
            assert session.advance_to_failure(20)
            first.append(session.now_s)
    page.press("n")
    page.page.wait_for_selector("#said:has-text('request failed at')")
    page.stands()
    assert page.moments() == {min(first)}
    page.press("n")
    page.page.wait_for_function(
        "(at) => document.getElementById('main').dataset.at > at", arg=min(first)
    )
    page.stands()
    assert len(page.moments()) == 1


@pytest.mark.browser
def test_what_comes_next_is_listed_and_gone_to(page: Page) -> None:
    """In words, of both runs; what heals by itself is in it, and a click stands at its moment."""
    page.open("#lab=retry-storm&seed=1&with=naive,budget&lasts=20")
    page.page.click("[aria-label='For how long'] >> text=3 s")
    page.go(2)
    page.press("1")
    page.faults(1)
    page.press("c")
    row = "#upcoming li:has-text('payments frozen: over')"
    page.page.wait_for_selector(row)
    page.says("#upcoming", "the load sends a request to checkout")
    page.says(row, "both")
    page.page.click(f"{row} >> button")
    page.page.wait_for_selector("main[data-at='5']")
    page.faults(0)
    page.page.wait_for_function(
        "() => !document.getElementById('upcoming').textContent.includes('over')"
    )
    page.press("Escape")
    page.page.wait_for_selector("#upcoming", state="hidden")


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
    page.says("#keys", "heal all")
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
    assert len(json.loads(parse_qs(page.hash("runs")[1:])["runs"][0])) == 2
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
    page.says(".faults .why:not([hidden])", "payments")
    assert page.hash("inject").count("inject") == 1


@pytest.mark.browser
def test_the_answer_is_not_there_before_the_vote(page: Page) -> None:
    """The question and its choices are; an experiment of the lesson runs beside its variant."""
    page.open(f"{STORM}&lasts=20")
    page.page.wait_for_selector("#vote input[type=radio]")
    page.page.click("#read")
    assert "metastable" not in page.text("#lesson")
    page.page.click("#vote label >> nth=1")
    page.page.click("#vote >> text=close the vote")
    page.says("#vote", "1 answered")
    page.says("#lesson", "metastable")
    assert page.page.query_selector_all("#lesson a:not([href^=http])") == []
    page.page.click("#further button >> nth=0")
    page.page.wait_for_selector("main[data-state=running]")
    page.press(" ")
    page.stands()
    assert len(page.moments()) == 1
    assert "retry_budget" in page.hash("retry_budget")


def codes_in(page: Page) -> list[str]:
    """Read the QR codes that a camera sees on the screen."""
    with Image.open(BytesIO(page.page.screenshot())) as seen:
        return [code.text for code in zxingcpp.read_barcodes(seen)]


@pytest.mark.browser
def test_a_class_votes_with_its_phones(started: tuple[Any, str], page: Page) -> None:
    """When the instructor asks for it: the count is seen while they vote, the shares afterwards.

    They type the address or read it as a code, which may be shown large.
    """
    page.open(f"{STORM}&lasts=20")
    page.page.wait_for_selector("#vote >> text=let phones vote")
    assert page.page.is_hidden("#class")
    page.press("g")
    page.page.wait_for_selector("#class .address")
    address = f"http://{page.text('#class .address')}"
    assert address.startswith(f"http://{VOTE_HOST}:")
    assert codes_in(page) == [address]
    page.page.click("#class .code")
    page.page.wait_for_selector("#class .code[aria-pressed=true]")
    assert codes_in(page) == [address]
    page.page.click("#class .code")
    phone = started[0].new_context(viewport={"width": 390, "height": 700})
    seen = phone.new_page()
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.url))
    seen.goto(address)
    assert "payments is back" in seen.inner_text(".question")
    assert seen.evaluate("document.documentElement.scrollWidth") <= 390
    seen.click("form button >> nth=2")
    seen.wait_for_selector("button.own")
    page.page.wait_for_selector("#class .voted:has-text('1 phone voted')")
    assert page.page.query_selector_all("#vote .tally") == []
    page.press("p")
    assert page.page.is_visible("#class .address")
    page.press("p", "v")
    page.page.wait_for_selector("#class", state="hidden")
    assert [one.inner_text() for one in page.page.query_selector_all("#vote .tally")][2] == "1"
    page.says("#vote", "1 answered")
    assert all(url.startswith(address.rpartition("/")[0]) for url in asked)
    phone.close()


@pytest.mark.browser
def test_each_tool_has_an_address_of_its_own(page: Page) -> None:
    """The list leads to them; each stands at its moment with its parts, and its link is kept."""
    page.page.goto(f"{page.address}tools")
    page.page.wait_for_selector(".tools a")
    titles = [one.inner_text() for one in page.page.query_selector_all(".tools a")]
    assert titles == [tool.title for tool in TOOLS]
    for tool in TOOLS:
        page.page.goto(f"{page.address}tool/{tool.name}")
        page.page.wait_for_selector(f"#said:has-text('{tool.asks[:20]}')")
        page.stands()
        page.reads("#mark", tool.title)
        assert page.moments() == {tool.at_s + tool.then_s}
        named = f"tool={tool.name}"
        assert named in page.hash(named)
        for part in tool.shows:
            page.page.wait_for_selector(f"#{part} h2")
        for name in tool.turns:
            assert page.page.query_selector(f"#turn-{name.replace('.', '-')}")
    page.page.goto(f"{page.address}tools")
    page.page.click(".tools a >> nth=0")
    page.page.wait_for_selector(f"#mark:has-text('{TOOLS[0].title}')")
    page.stands()


@pytest.mark.browser
def test_anomalies_are_marked_in_the_history_that_clients_saw(page: Page) -> None:
    """In the one run and not in the other; one of them is followed hop by hop."""
    page.page.goto(f"{page.address}tool/consistency")
    page.page.wait_for_selector("#history .anomalies button")
    page.stands()
    naive, majority = page.page.query_selector_all("#history article")
    assert naive.query_selector_all("circle.anomaly")
    assert "GET /log" in naive.inner_text()
    assert majority.query_selector_all("circle.anomaly") == []
    assert "no anomaly" in majority.inner_text()
    page.page.click("#history .anomalies button >> nth=0")
    page.page.wait_for_selector("#follow h2")


@pytest.mark.browser
def test_a_system_of_ones_own_is_made_run_and_saved(
    started: tuple[Any, str], page: Page, tmp_path: Path
) -> None:
    """A host and a guard are added; a refusal is said; the link holds it, and so does the file."""
    page.page.goto(f"{page.address}tool/architecture")
    page.page.wait_for_selector("#said:has-text('Add a host')")
    page.stands()
    page.go(26)
    assert page.verdicts() == [FALLS, STANDS]
    page.page.wait_for_function(
        "() => document.querySelectorAll('#sandbox .standing .good').length === 4"
    )
    page.page.click("button:text-is('+ host')")
    page.page.fill(".own-host >> nth=2 >> label:has-text('name') >> input", "mail")
    page.page.keyboard.press("Tab")
    page.page.check(".own-host >> nth=0 >> label:has-text('mail') >> input")
    page.page.select_option("[aria-label='Add a guard to what is outgoing at shop']", "breaker")
    page.page.fill("#sandbox label:has-text('requests/s') >> input", "0")
    page.page.click("button:text-is('Run both designs')")
    page.page.wait_for_selector("#sandbox .why:not([hidden])")
    page.says("#sandbox .why", "above 0")
    assert "mail" not in page.hash()
    page.page.fill("#sandbox label:has-text('requests/s') >> input", "60")
    page.page.click("button:text-is('Run both designs')")
    page.page.wait_for_selector("[data-place=mail]")
    page.stands()
    page.says("article.variant >> nth=1", "breaker")
    page.page.click("#sandbox summary >> nth=0")
    with page.page.expect_download() as saved:
        page.page.click("button:text-is('Save lab.py')")
    file = tmp_path / "lab.py"
    saved.value.save_as(file)
    text = file.read_text(encoding="utf-8")
    assert 'Service("mail"' in text
    assert '"shop.outgoing.order": "breaker"' in text
    again = Page(*started)
    again.open(f"{page.hash()}&lasts=12")
    again.page.wait_for_selector("[data-place=mail]")
    given = {name: values[0] for name, values in parse_qs(again.hash()[1:]).items()}
    lab = made_of(json.loads(given["system"])).lab
    (shared,) = json.loads(given["runs"])
    own = []
    for variant in ("plain", "guarded"):
        document = {**shared, "variant": variant, "seed": 1, "duration_s": 12}
        with Session(given["lab"], lab, experiment_from_json(document)) as session:
            own.append(session.finish().digest())
    assert again.digest() == ",".join(own)
    again.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_can_be_used_by_all(started: tuple[Any, str], width: int, scheme: str) -> None:
    """Names, roles and contrasts of all that can be opened, with nothing wider than the screen."""
    script = axe()
    page = Page(*started, color_scheme=scheme, reduced_motion="reduce")
    page.open(STORM)
    frozen_for_three_seconds(page)
    if width > NARROW:
        page.press("g")
        page.page.wait_for_selector("#class .address")
    else:
        page.press("v")
    page.press("m", "c", "y", "T")
    page.go(9)
    page.press("f", "?")
    page.page.wait_for_selector("#follow h2")
    page.page.click("#read")
    page.page.wait_for_selector("#lesson h2")
    page.page.set_viewport_size({"width": width, "height": 900})
    found = page.page.evaluate(f"{script}\n;axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    moving = "all => all.map((one) => getComputedStyle(one).animationName)"
    assert set(page.page.eval_on_selector_all(".moves", moving)) == {"none"}
    page.close()


@pytest.mark.browser
def test_an_address_with_a_wrong_system_leads_to_its_form(page: Page) -> None:
    """The engine's sentence says what is wrong, and there it is put right."""
    wrong = start() | {"hosts": [{**host, "service": "worker"} for host in start()["hosts"]]}
    words = {"tool": "architecture", "lab": "sandbox"}
    page.page.goto(f"{page.address}#{urlencode({**words, 'system': json.dumps(wrong)})}")
    page.page.wait_for_selector("#said.bad:not([hidden])")
    page.says("#said", "service shop: no setting 'timeout_ms'")
    page.page.select_option("[aria-label='What shop runs']", "relay")
    page.page.select_option("[aria-label='Add a guard to what is outgoing at shop']", "timeout")
    page.page.click("button:text-is('Run both designs')")
    page.page.wait_for_selector("[data-place=stock]")
    page.stands()
    for system in ("3", json.dumps({"hosts": 3}), "{"):
        page.page.goto(f"{page.address}#{urlencode({'tool': 'architecture', 'system': system})}")
        page.page.wait_for_selector("#said.bad:not([hidden]):has-text('address')")
        page.page.goto(f"{page.address}#lab=config-push&lasts=8")
        page.stands()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tools_can_be_used_by_all(started: tuple[Any, str], scheme: str) -> None:
    """Their list, the form of a system with a guard, and a history with anomalies; phones too."""
    script = axe()
    page = Page(*started, color_scheme=scheme, reduced_motion="reduce")
    shown = {
        "tools": ".tools a",
        "tool/architecture": "#said:has-text('Add a host')",
        "tool/consistency": "#history .anomalies button",
    }
    for path, ready in shown.items():
        page.page.set_viewport_size({"width": 1440, "height": 900})
        page.page.goto(page.address + path)
        page.page.wait_for_selector(ready)
        if path != "tools":
            page.stands()
        if "architecture" in path:
            page.page.click(".own-host details summary >> nth=0")
            page.page.select_option(
                "[aria-label='Add a guard to what is incoming at shop']", "shed"
            )
        for width in (1440, NARROW):
            page.page.set_viewport_size({"width": width, "height": 900})
            found = page.page.evaluate(f"{script}\n;axe.run()")
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
            assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


LAYOUT = """async ([address, opened]) => {
    const { layout } = await import(`${address}layout.mjs`);
    return [false, true].map((downwards) => Object.values(layout(opened, downwards).places));
}"""


@pytest.mark.browser
def test_no_host_stands_on_another(page: Page) -> None:
    """In the drawing of any lab, across and downwards."""
    page.open("#lab=config-push&lasts=8")
    for slug in catalogue.slugs():
        entry = catalogue.find(slug)
        with Session(slug, entry.lab, Experiment()) as session:
            told = json.loads(json.dumps(opened(session)))
        for places in page.page.evaluate(LAYOUT, [page.address, told]):
            for one, other in combinations(places, 2):
                apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
                apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
                assert apart_x or apart_y, (slug, one, other)


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
