"""Labs that stand before the engine is there, by what was recorded of their openings.

The server holds back a part of the engine for as long as a test wants: it cannot be there before.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue
from harness.live.moments import LONGEST_S
from harness.live.session import Session
from harness.model.experiment import Experiment
from tests.live.console_page import Page
from tests.site.static_server import Site, served

pytestmark = pytest.mark.browser

LAB, OTHER = "config-push", "poison-message"
CHEAP = "backoff-jitter"
"""A lab of two variants whose usual run of ten minutes is a matter of seconds."""
PLAY = "play/index.html"
ENGINE = "engine/core.wasm"
FETCHED = "(name) => performance.getEntriesByName(name).length > 0"
STARTING, STARTED = "The simulator is starting.", "The simulator has started."


def engine(page: Page) -> str:
    """Say whether the engine is there, as the page has it."""
    return str(page.page.get_attribute("main", "data-engine"))


def stands(page: Page, slug: str) -> None:
    """Wait until a lab stands at its beginning."""
    page.page.wait_for_selector(f"main[data-lab={slug}][data-state=ready]")


def is_there(page: Page) -> None:
    """Wait until the engine is there."""
    page.page.wait_for_selector("main[data-engine=ready]")


@contextmanager
def changed(made: Path, folder: Path, name: str, text: str | None) -> Iterator[Site]:
    """Serve the site with another text in one of its files, or without that file."""
    shutil.copytree(made.resolve(), folder, copy_function=os.symlink)
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text, encoding="utf-8")
    with served(folder) as site:
        yield site


def test_a_lab_stands_before_the_engine_and_what_is_pressed_is_done_when_it_comes(
    visit: Callable[..., Page], site: Site
) -> None:
    """Picture, question and lesson are there; a run that was begun early is the run of always."""
    held = site.hold(ENGINE)
    page = visit()
    page.page.goto(f"{page.address}{PLAY}#lab={CHEAP}")
    stands(page, CHEAP)
    lab = catalogue.find(CHEAP).lab
    page.reads("#question", lab.question)
    names = [str(one.get_attribute("aria-label")) for one in page.variants()]
    for host in lab.hosts():
        assert page.page.locator(f"article.variant [data-place={host}]").count() == len(names)
    assert page.page.locator("#vote .question .prose").inner_text()
    assert engine(page) == "starting"
    page.reads("#line", STARTING)
    assert page.page.text_content("#engine-state") == STARTING
    page.press(" ")
    page.page.wait_for_selector("main[data-state=running][data-engine=starting]")
    assert page.moments() == {0}
    held.set()
    page.page.wait_for_selector("main[data-engine=ready]:not([data-at='0'])")
    assert page.text("#line") != STARTING
    assert page.page.text_content("#engine-state") == STARTED
    own = []
    for name in names:
        experiment = Experiment(variant=name, seed=1, duration_s=LONGEST_S)
        with Session(CHEAP, lab, experiment) as session:
            own.append(session.finish().digest())
    assert page.digest().split(",") == own
    assert site.sent[f"engine/openings/{CHEAP}.json"] == 1


def test_every_lab_stands_before_the_engine_and_the_engine_agrees_with_all_of_it(
    visit: Callable[..., Page], site: Site, made: Path
) -> None:
    """A page logs an error where the engine says anything else than its recording."""
    kept = {file.stem for file in (made / "engine" / "openings").iterdir()}
    assert kept == set(catalogue.slugs())
    held = site.hold(ENGINE)
    page = visit()
    page.page.goto(f"{page.address}{PLAY}#lab={LAB}")
    stands(page, LAB)
    for slug in catalogue.slugs():
        page.page.select_option("#lab", slug)
        stands(page, slug)
    assert engine(page) == "starting"
    held.set()
    is_there(page)
    assert page.errors == []
    page.press(" ")
    page.page.wait_for_selector("main[data-state=running]")


def test_an_address_that_was_not_recorded_waits_for_the_engine(
    visit: Callable[..., Page], site: Site
) -> None:
    """Another seed is another run; what was recorded of the lab is not shown for it."""
    held = site.hold(ENGINE)
    page = visit()
    page.page.goto(f"{page.address}{PLAY}#lab={LAB}&seed=2")
    page.page.wait_for_selector(f"#lab option[value={LAB}]", state="attached")
    page.page.wait_for_function(FETCHED, arg=f"{page.address}engine/openings/{LAB}.json")
    assert page.state() == "loading"
    assert page.variants() == []
    held.set()
    stands(page, LAB)
    assert engine(page) == "ready"
    assert "seed=2" in page.hash("seed=2")


def question_changed(recording: list[dict[str, Any]]) -> None:
    """Have the recording ask something else."""
    for word in (one for entry in recording for one in entry["told"]):
        if word["say"] == "opened":
            word["question"] = "An old question?"


def variant_missing(recording: list[dict[str, Any]]) -> None:
    """Have the recording know one variant alone, as of a lab that has got others since."""
    for word in (one for entry in recording for one in entry["told"]):
        if word["say"] == "opened":
            del word["variants"][1:]


@pytest.mark.parametrize("tamper", [question_changed, variant_missing])
def test_a_recording_that_the_engine_denies_is_replaced(
    chromium: Any, made: Path, tmp_path: Path, tamper: Callable[[list[dict[str, Any]]], None]
) -> None:
    """The page shows what the engine says, plays it, and logs that they differed."""
    name = f"engine/openings/{LAB}.json"
    recording = json.loads((made / name).read_text())
    tamper(recording)
    with changed(made, tmp_path / "site", name, json.dumps(recording)) as site:
        held = site.hold(ENGINE)
        page = Page(chromium, f"{site.address}/")
        page.page.goto(f"{page.address}{PLAY}#lab={LAB}")
        stands(page, LAB)
        before = (page.text("#question"), len(page.variants()))
        held.set()
        is_there(page)
        stands(page, LAB)
        after = (page.text("#question"), len(page.variants()))
        assert after == (catalogue.find(LAB).lab.question, 2)
        assert before != after
        assert page.errors
        assert all("does not say what was recorded of" in error for error in page.errors)
        page.errors.clear()
        page.close()


def test_an_engine_that_does_not_start_is_said_though_the_lab_stands(
    chromium: Any, made: Path, tmp_path: Path
) -> None:
    """The picture stays, the reason is told, and another lab does not come from a recording."""
    with changed(made, tmp_path / "site", ENGINE, None) as site:
        held = site.hold(ENGINE)
        page = Page(chromium, f"{site.address}/")
        page.page.goto(f"{page.address}{PLAY}#lab={LAB}")
        stands(page, LAB)
        held.set()
        page.page.wait_for_selector("main[data-state=failed][data-engine=failed]")
        page.says("#said", "core.wasm: 404")
        assert page.text("#line") != STARTING
        assert page.page.text_content("#engine-state") == ""
        page.page.select_option("#lab", OTHER)
        page.page.wait_for_selector("main[data-state=failed]")
        assert page.page.get_attribute("main", "data-lab") == LAB
        assert f"engine/openings/{OTHER}.json" not in site.sent
        assert any("404" in error for error in page.errors)
        page.errors.clear()
        page.close()
