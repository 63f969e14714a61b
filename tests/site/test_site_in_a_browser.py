"""The site in a Chromium, from a plain server: labs, lessons, and nothing from anywhere else.

It fetches Pyodide and wheels at its first start. `CHAOSLAB_TAB_LABS=all` plays every lab in the
tab, as `./lab test --nightly` does; by day there is one with a Redis, one without, and one with
distances. `CHAOSLAB_SITE` names a site that is made already, for those who work on the tests.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from harness import catalogue
from harness.calculators.answers import answer
from harness.conductor import conducted
from harness.engines.protocol import Plan, Unwatched
from harness.engines.sim.engine import SimEngine
from harness.live.library import STORE
from harness.live.tools import TOOLS
from tests.live.console_page import Page, axe
from tests.live.saved_lab import checked
from tests.site.static_server import Site, elsewhere

pytestmark = pytest.mark.browser

PLAIN, WITH_REDIS = "config-push", "poison-message"
PLAY = "play/index.html"
OWN_FAULTS = urlencode({"runs": '[{"faults": "lab"}]'})
"""Without it the console opens a lab unbroken, for its visitor to break."""
LAST = "../tools.html"
"""The last file that the service worker caches."""
STATES = """addEventListener('DOMContentLoaded', () => {
    const main = document.querySelector('main');
    window.states = [[main.dataset.state, main.dataset.digest ?? '']];
    new MutationObserver(() => {
        const now = [main.dataset.state, main.dataset.digest ?? ''];
        if (now.join() !== window.states.at(-1).join()) window.states.push(now);
    }).observe(main, { attributes: true });
});"""


SCRIPTED = "rate-limiting"
"""A lab of which a variant, but none that is shown first, asks its Redis for a script."""


def played() -> list[str]:
    """List the labs to play in the tab: all of them, or a cheap one of each kind."""
    slugs = catalogue.slugs()
    if os.environ.get("CHAOSLAB_TAB_LABS") == "all":
        return list(slugs)
    distant = [slug for slug in slugs if catalogue.find(slug).lab.distances]
    return [PLAIN, WITH_REDIS, SCRIPTED, *distant[:1]]


def test_a_request_to_another_address_would_be_recorded(chromium: Any) -> None:
    """So the other tests' count of none means something."""
    with elsewhere() as (proxy, asked):
        context = chromium.new_context(proxy=proxy)
        context.new_page().goto("http://chaoslab.invalid/font.woff")
        context.close()
    assert asked[0] == "http://chaoslab.invalid/font.woff"


@pytest.mark.parametrize("slug", played())
def test_the_tab_records_what_this_python_records(visit: Callable[..., Page], slug: str) -> None:
    """The same digests, to the last bit, of what is shown first of the lab, at seed 1."""
    lab = catalogue.find(slug).lab
    page = visit()
    page.open(f"{PLAY}#lab={slug}&seed=1&lasts={lab.duration_s:g}&{OWN_FAULTS}")
    told = page.digest().split(",")
    names = str(page.page.evaluate("new URLSearchParams(location.hash.slice(1)).get('with')"))
    assert told[0], "at least one variant is shown"
    for name, digest in zip(names.split(","), told, strict=True):
        variant = next(one for one in lab.variants if one.name == name)
        own = lab.facing(variant, 1)
        plan = Plan(slug=slug, lab=own, variant=variant, seed=1)
        assert SimEngine().run(plan, conducted(own), Unwatched()).digest() == digest, name


def test_a_script_of_a_redis_ends_the_run_and_says_why(visit: Callable[..., Page]) -> None:
    """A browser has no Lua; going on without what the script decides would record otherwise."""
    page = visit()
    page.open(f"{PLAY}#lab={SCRIPTED}&seed=1&with=shared")
    page.press(" ")
    page.page.wait_for_selector("main[data-state=failed]")
    assert "needs Lua, which a browser does not have" in page.page.inner_text("#said")


def test_a_first_visit_fetches_what_its_lab_needs_each_file_once(
    visit: Callable[..., Page], site: Site
) -> None:
    """Redis comes with the first lab that has one; the rarely needed rest does not come at all."""
    assert catalogue.find(WITH_REDIS).lab.stores
    assert not catalogue.find(PLAIN).lab.stores
    page = visit()
    page.open(f"{PLAY}#lab={PLAIN}&seed=1")
    page.press(" ")
    page.page.wait_for_selector("main[data-state=running]")
    page.press(" ")
    page.stands()
    page.cached(LAST)
    late = {"engine/redis.wasm", "engine/rest.wasm"}
    assert not late & site.sent.keys()
    opened = [name for name in site.sent if name.startswith("engine/openings/")]
    assert opened == [f"engine/openings/{PLAIN}.json"]
    page.page.select_option("#lab", WITH_REDIS)
    page.page.wait_for_selector(f"main[data-lab={WITH_REDIS}][data-state=ready]")
    page.cached("../engine/redis.wasm")
    assert late & site.sent.keys() == {"engine/redis.wasm"}
    assert [name for name in site.sent if name.startswith(("calculators/", "engine/calc"))] == []
    assert {name: count for name, count in site.sent.items() if count > 1} == {}
    assert {"engine/pyodide/pyodide.asm.wasm", "engine/stdlib.wasm"} <= site.sent.keys()


@pytest.mark.parametrize("comes", ["in time", "late"])
def test_after_the_first_visit_it_works_without_a_network(
    visit: Callable[..., Page], site: Site, comes: str
) -> None:
    """Index, lesson and lab work with the server gone, and the lab's digests stay the same.

    A service worker that comes late sees nothing of what the engine fetches.
    """
    page = visit()
    held = site.hold("offline.js")
    if comes == "in time":
        held.set()
    page.open(f"{PLAY}#lab={WITH_REDIS}&seed=1&lasts=3")
    before = page.digest()
    held.set()
    for name in (f"../engine/openings/{WITH_REDIS}.json", "../engine/redis.wasm", LAST):
        page.cached(name)
    site.stop()
    page.context.set_offline(True)
    page.page.goto(f"{site.address}/")
    page.page.click(f"li[data-lab={WITH_REDIS}] a >> nth=0")
    page.page.wait_for_selector(f"main[data-lab={WITH_REDIS}] .prose h2")
    pictures = "all => all.map((one) => one.complete && one.naturalWidth > 0)"
    assert set(page.page.eval_on_selector_all(".prose img", pictures)) <= {True}
    page.page.click("aside a.button")
    page.stands()
    page.page.goto("about:blank")  # else it is the same page, which opens another run
    page.open(f"{PLAY}#lab={WITH_REDIS}&seed=1&lasts=3")
    assert page.digest() == before


def test_a_file_whose_connection_breaks_off_is_asked_for_again(
    visit: Callable[..., Page], site: Site
) -> None:
    """As happens whenever a network comes or goes on this machine."""
    name = LAST.removeprefix("../")
    site.drop(name)
    page = visit()
    page.open(f"{PLAY}#lab={PLAIN}&seed=1")
    page.cached(LAST)
    assert site.sent[f"dropped {name}"] == 1


def test_the_page_tells_its_state(visit: Callable[..., Page]) -> None:
    """Its state goes from loading to ready, running and done; digests come when it is done."""
    page = visit()
    page.page.add_init_script(STATES)
    page.open(f"{PLAY}#lab={PLAIN}&seed=1&lasts=2")
    assert page.page.get_attribute("main", "data-lab") == PLAIN
    page.press("+", "+", "+", "+", "+", " ")
    page.page.wait_for_selector("main[data-state=done]")
    seen = page.page.evaluate("window.states")
    states = list(dict.fromkeys(state for state, _ in seen))
    assert [one for one in states if one != "paused"] == ["loading", "ready", "running", "done"]
    assert [state for state, digest in seen if digest] == ["done"]
    verdicts = str(page.page.get_attribute("main", "data-verdict")).split(",")
    assert verdicts == page.verdicts()
    assert set(verdicts) <= {"stands", "falls"}


def test_the_index_finds_labs_by_words_and_level(visit: Callable[..., Page]) -> None:
    """By their questions; a lab leads to its lesson and to its run."""
    page = visit()
    page.page.goto(page.address)
    shown = "all => all.filter((one) => one.checkVisibility()).map((one) => one.dataset.lab)"
    assert set(page.page.eval_on_selector_all("[data-lab]", shown)) == set(catalogue.slugs())
    page.page.fill("#search", catalogue.find(PLAIN).lab.question)
    assert page.page.eval_on_selector_all("[data-lab]", shown) == [PLAIN]
    page.reads("#found", "One lab fits.")
    page.page.click(f"li[data-lab={PLAIN}] .act a")
    page.stands()
    page.page.click(".bar a.mark")
    page.page.wait_for_selector("#search")


def test_each_tool_is_broken_and_healed_in_the_tab(visit: Callable[..., Page]) -> None:
    """From the index to its own address; what a tab cannot do is not offered, and said.

    The order that nobody can read is on its way when the event-flow visualizer opens.
    """
    page = visit()
    page.page.goto(page.address)
    page.page.click("nav a:text-is('tools')")
    names = "all => all.map((one) => one.dataset.tool)"
    offered = page.page.eval_on_selector_all("[data-tool]", names)
    assert offered == [tool.name for tool in TOOLS]
    for tool in TOOLS:
        page.page.goto(f"{page.address}tools.html")
        page.page.click(f"[data-tool={tool.name}] a.button")
        page.page.wait_for_selector(f"#said:has-text('{tool.asks[:20]}')")
        page.stands()
        page.reads("#mark", tool.title)
        assert page.moments() == {tool.at_s + tool.then_s}
        named = f"tool={tool.name}"
        assert named in page.hash(named)
        page.press("2")
        page.faults(2 if tool.name == "event-flow" else 1)
        page.press("h")
        page.faults(0)
        page.press(" ")
        page.page.wait_for_selector("main[data-state=running]")
        page.press(" ")
        page.stands()
    assert page.page.is_hidden("#second")
    page.says(".hands", "./lab play")
    page.press("g")
    page.page.wait_for_selector("#said:has-text('./lab play')")


def test_a_system_with_a_redis_is_run_in_the_tab_and_saved_for_check(
    visit: Callable[..., Page], site: Site, tmp_path: Path
) -> None:
    """A cache in front of a host that freezes; its file is a lab that this Python accepts."""
    page = visit()
    page.page.goto(f"{page.address}{PLAY}#tool=architecture")
    page.page.wait_for_selector("#said:has-text('Add a host')")
    page.stands()
    page.page.click("button:text-is('+ host')")
    page.page.select_option("[aria-label='What host-3 runs']", STORE)
    assert page.page.locator(".own-host >> nth=2 >> input[type=checkbox]").count() == 0
    page.page.select_option("[aria-label='What shop runs']", "cache")
    page.page.click(".own-host >> nth=0 >> details summary")
    store = page.page.locator("[aria-label='store of shop, plain']")
    assert store.evaluate("one => one.value") == "host-3"
    page.page.fill("[aria-label='ttl, ms of shop, guarded']", "30000")
    page.page.keyboard.press("Tab")
    for name, to_s in (("judged from, s", "6"), ("to, s", "8")):
        page.page.fill(f"#sandbox label:has-text('{name}') >> nth=-1 >> input", to_s)
        page.page.keyboard.press("Tab")
    page.page.click("button:text-is('Run both designs')")
    page.page.wait_for_selector("article [data-place=host-3]")
    page.stands()
    page.go(7)
    assert page.verdicts() == ["falls", "stands"]
    with page.page.expect_download() as saved:
        page.page.click("button:text-is('Save lab.py')")
    source = Path(saved.value.path()).read_text(encoding="utf-8")
    assert 'Redis("host-3")' in source
    assert "1 passed, 0 failed" in checked(source, tmp_path)
    assert "engine/redis.wasm" in site.sent
    assert "engine/rest.wasm" not in site.sent


def test_a_calculator_is_there_at_once_and_then_computes(
    visit: Callable[..., Page], site: Site
) -> None:
    """Its value stands before any Python does; a slider and a field give what this Python gives."""
    page = visit(reduced_motion="reduce")
    page.page.goto(page.address)
    page.page.click("nav a:text-is('calculators')")
    page.page.click("a:text-is('mm1_mean_response_s')")
    mm1 = page.page.locator("#mm1_mean_response_s")
    given = {"rate_rps": "70", "capacity_rps": "100"}
    for slid, typed in (("", ""), ("rate_rps", ""), ("", "150"), ("", "80")):
        before = mm1.get_attribute("data-answers")
        if slid:
            mm1.locator("input[type=range]").first.press("ArrowRight")
        if typed:
            mm1.locator("input[name=rate_rps]").fill(typed)
        if slid or typed:
            done = "([was]) => document.querySelector('#mm1_mean_response_s').dataset.answers > was"
            page.page.wait_for_function(done, arg=[before or 0])
        given["rate_rps"] = mm1.locator("input[name=rate_rps]").input_value()
        expected = answer("queues.mm1_mean_response_s", given, "rate_rps")
        assert mm1.locator(".value").inner_text() == expected.value
        assert mm1.locator(".refused").inner_text() == expected.refused
        assert mm1.locator("polyline").get_attribute("points") in expected.figure
        assert bool(site.sent["engine/calc.wasm"]) == bool(slid or typed)
    page.cached("index.html")
    page.says("#engine", re.compile("^Sliders and fields compute anew"))


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_all_pages_can_be_used_by_all(visit: Callable[..., Page], width: int, scheme: str) -> None:
    """Names, roles and contrasts, with nothing wider than the screen."""
    script = axe()
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    page.page.set_viewport_size({"width": width, "height": 900})
    pages = (
        "index.html",
        "episodes.html",
        "tools.html",
        "predictions.html",
        "calculators/index.html",
        "calculators/queues.html",
        f"labs/{PLAIN}.html",
        f"{PLAY}#lab={PLAIN}&seed=1",
    )
    for name in pages:
        page.page.goto(page.address + name)
        if name.startswith(PLAY):
            page.stands()
        found = page.page.evaluate(f"{script}\n;axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], name
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width, name
