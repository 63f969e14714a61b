"""A console, a Chromium with its page, and what a person would do there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from harness.live.browsers import chromium

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "browser"
FETCH_LIMIT_S = 300
WAIT_MS = 300_000
"""A machine may be busy with everything else; what is slow is no fault of the page."""
BEYOND_S = 10_000
MOVE = """(at) => {
    const line = document.querySelector('.scrub');
    line.max = Math.max(line.max, at);
    line.value = at;
    for (const what of ['input', 'change']) line.dispatchEvent(new Event(what));
}"""
TURN = """([id, to]) => {
    const control = document.getElementById(id);
    control.value = to;
    for (const what of ['input', 'change']) control.dispatchEvent(new Event(what));
}"""
DRAWN = "new Promise((done) => requestAnimationFrame(done))"
CACHED = """async ([name, wait_ms]) => {
    for (const since = Date.now(); !(await caches.match(name)); ) {
        if (Date.now() - since > wait_ms) throw new Error(`${name} is not cached`);
        await new Promise((done) => setTimeout(done, 50));
    }
}"""
STANDS = """(at) => {
    const { dataset } = document.getElementById('main');
    return Math.abs(dataset.at - at) < 1e-6 && ['ready', 'paused', 'done'].includes(dataset.state);
}"""


def missing(what: str) -> NoReturn:
    """Leave a test out, or fail where a browser is required."""
    if os.environ.get("CHAOSLAB_REQUIRE_BROWSER"):
        pytest.fail(what)
    pytest.skip(what)


def axe() -> str:
    """Give the script that checks whether a page can be used by all; npm fetches it at first."""
    file = AXE / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    if not file.is_file() and npm:
        subprocess.run(  # noqa: S603 - our own lock
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=AXE,
            timeout=FETCH_LIMIT_S,
            check=False,
        )
    if not file.is_file():
        missing("axe-core could not be fetched: npm ci in tests/browser")
    return file.read_text(encoding="utf-8")


@contextmanager
def console(*words: str) -> Iterator[str]:
    """Start `./lab play` as anybody would; give its address."""
    command = [sys.executable, "-P", "-m", "harness.cli", "play", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().partition("#")[0]
        finally:
            process.terminate()


@contextmanager
def browser() -> Iterator[Any]:
    """Start a Chromium without a window that asks nobody for anything by itself."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where it is installed

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=flags)
        try:
            yield started
        finally:
            started.close()


class Page:
    """A page of the console in a context of its own; it remembers what was asked of whom."""

    def __init__(self, started: Any, address: str, **given: Any) -> None:
        self.context = started.new_context(viewport={"width": 1440, "height": 900}, **given)
        self.address = address
        self._watch(self.context.new_page())

    @classmethod
    def of(cls, opened: Any) -> "Page":
        """Watch a page that another one has opened; it is closed with that."""
        made = cls.__new__(cls)
        made.context, made.address = opened.context, opened.url.partition("#")[0]
        made._watch(opened)  # noqa: SLF001 - our own
        return made

    def _watch(self, page: Any) -> None:
        self.page = page
        self.page.set_default_timeout(WAIT_MS)
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location['url']}")

    def open(self, fragment: str) -> None:
        """Open an address, and wait until its runs stand."""
        self.page.goto(self.address + fragment)
        self.stands()

    def stands(self) -> None:
        """Wait until its runs stand, and are drawn as they do."""
        self.page.wait_for_selector(
            "main:is([data-state=ready],[data-state=paused],[data-state=done])"
        )
        self.page.evaluate(DRAWN)

    def close(self) -> None:
        """Close it; nothing went wrong in it, and nobody else was asked."""
        self.context.close()
        assert self.errors == [], self.errors  # this module is no test, so nothing else tells them
        host = re.sub("^https?", "(https?|ws)", re.escape(self.address))
        assert [url for url in self.asked if not re.match(host, url)] == []

    def go(self, at_s: float) -> None:
        """Move along the time line, and wait until the runs stand there."""
        self.page.evaluate(MOVE, at_s)
        self.page.wait_for_function(STANDS, arg=at_s)

    def turn(self, setting: str, to: object) -> None:
        """Turn a setting, and wait until it is changed."""
        name = f"turn-{setting}".replace(".", "-")
        self.page.evaluate(TURN, [name, to])
        self.page.wait_for_selector(f"output[for={name}].changed")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def faults(self, count: int) -> None:
        """Wait until so many faults are there to be healed."""
        words = f"Heal all · {count}" if count else "Heal all"
        self.page.wait_for_selector(f"#heal-word:text-is('{words}')")

    def verdicts(self) -> list[str]:
        """Say how each variant does."""
        return [one.get_attribute("data-verdict") for one in self.variants()]

    def moments(self) -> set[float]:
        """Give the moments at which the runs stand."""
        return {float(one.get_attribute("data-at")) for one in self.variants()}

    def variants(self) -> list[Any]:
        """Give the parts of the page that show a variant."""
        found: list[Any] = self.page.query_selector_all("article.variant")
        return found

    def text(self, selector: str) -> str:
        """Give the text of the first that is found."""
        return str(self.page.inner_text(selector))

    def says(self, selector: str, words: str | re.Pattern[str]) -> None:
        """Wait until the first that is found has some words in its text.

        What is said comes after what is drawn: of two runs, when both have answered.
        """
        self._first(selector).to_contain_text(words, use_inner_text=True, timeout=WAIT_MS)

    def reads(self, selector: str, words: str) -> None:
        """Wait until some words are the whole text of the first that is found."""
        self._first(selector).to_have_text(words, use_inner_text=True, timeout=WAIT_MS)

    def _first(self, selector: str) -> Any:
        from playwright.sync_api import expect  # noqa: PLC0415 - where it is installed

        return expect(self.page.locator(selector).first)

    def cached(self, name: str) -> None:
        """Wait until a file, by its address from the page, is cached for a visit offline."""
        self.page.evaluate(CACHED, [name, WAIT_MS])  # a promise is true to wait_for_function

    def state(self) -> str:
        """Give the state of the whole."""
        return str(self.page.get_attribute("main", "data-state"))

    def digest(self) -> str:
        """Let the runs go to their end; give their recordings' digests."""
        self.page.evaluate(MOVE, BEYOND_S)
        self.page.wait_for_selector("main[data-state=done]")
        return str(self.page.get_attribute("main", "data-digest"))

    def hash(self, having: str = "") -> str:
        """Give the part of the address that holds the experiment, once it has that.

        What is done in two runs is seen when the first has answered; it is in the address when both
        have.
        """
        self.page.wait_for_function("word => location.hash.includes(word)", arg=having)
        return str(self.page.evaluate("location.hash"))
