"""The site, built once for each file of tests that asks for it, and its visitors."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.live.browsers import why_not
from harness.site.build import build
from tests.live.console_page import Page, browser, missing
from tests.site.static_server import Site, elsewhere, served

BROWSERS_OWN = "content-autofill.googleapis.com:443"
"""Chromium itself asks there about every page that has a field to fill in."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the whole site once."""
    if given := os.environ.get("CHAOSLAB_SITE"):
        return Path(given)
    if why := why_not():
        missing(why)
    if not shutil.which("npm"):
        missing("no npm: install Node.js 18 or newer")
    out = tmp_path_factory.mktemp("made") / "site"
    build(out, playable=True)
    return out


@pytest.fixture(scope="module")
def chromium(made: Path) -> Iterator[Any]:
    del made  # built before the browser starts
    with browser() as started:
        yield started


@pytest.fixture
def site(made: Path) -> Iterator[Site]:
    with served(made) as server:
        yield server


@pytest.fixture
def visit(chromium: Any, site: Site) -> Iterator[Callable[..., Page]]:
    """Yield a maker of pages, each of a first visitor; no page may send a request elsewhere."""
    with ExitStack() as stack:
        proxy, asked = stack.enter_context(elsewhere())

        def visitor(**given: Any) -> Page:
            page = Page(chromium, f"{site.address}/", proxy=proxy, **given)
            stack.callback(page.close)
            return page

        yield visitor
    assert set(asked) <= {BROWSERS_OWN}
