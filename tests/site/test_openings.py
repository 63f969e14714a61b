"""What is recorded of the openings of labs: what a tab says to the same messages, whenever."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue
from harness.site import openings
from harness.site.openings import usual
from harness.site.tab import Packed, Tab

LABS = ("config-push", "poison-message", "backoff-jitter", "littles-law")
"""With and without a Redis, with variants that break, and with one that is only measured."""
SESSION = "a"


@pytest.fixture(scope="module")
def packed() -> list[Packed]:
    found = (catalogue.find(slug) for slug in LABS)
    return [Packed(one.slug, one.lab.title, module_of(one.folder)) for one in found]


def module_of(folder: Path) -> str:
    """Name the module of a lab."""
    return ".".join((*folder.relative_to(catalogue.ROOT).parts, "lab"))


@pytest.fixture(scope="module")
def recorded(packed: list[Packed], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record the labs into a folder that has their lessons."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "lessons").mkdir()
    for slug in LABS:
        (folder / "lessons" / f"{slug}.json").write_text(json.dumps({"question": f"{slug}?"}))
    openings.write(folder, packed)
    return folder


class Page:
    """Asks a tab, and gives all that it says to a message, without the message's number."""

    def __init__(self, packed: list[Packed], folder: Path) -> None:
        self._heard: list[dict[str, Any]] = []
        self.tab = Tab(
            lambda _, text: self._heard.append(json.loads(text)),
            packed,
            lambda name: (folder / name).read_text(),
        )

    def ask(self, **message: Any) -> list[dict[str, Any]]:
        """Ask for something, and wait until no time passes any more."""
        self._heard.clear()
        self.tab.take(SESSION, json.dumps({**message, "id": 7}))
        while self.tab.pass_time(0.1) >= 0:
            pass
        return [{name: one[name] for name in one if name != "id"} for one in self._heard]


@pytest.fixture
def page(packed: list[Packed], recorded: Path) -> Iterator[Page]:
    made = Page(packed, recorded)
    yield made
    made.tab.close(SESSION)


def recording(folder: Path, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "openings" / f"{slug}.json").read_text())
    return found


@pytest.mark.parametrize("slug", LABS)
def test_a_recording_is_what_a_tab_says_whatever_was_done_before(
    page: Page, recorded: Path, slug: str
) -> None:
    """Another lab was played and broken in that session: nothing of it is in the answers."""
    page.ask(do="open", experiment={"lab": LABS[0], "seed": 3, "script": []})
    page.ask(do="act", operation={"do": "pace", "times": 2})
    page.ask(do="advance", to_s=1.5)
    for entry in recording(recorded, slug):
        for asked in reversed(entry["asked"]):
            assert page.ask(**asked) == entry["told"], asked


@pytest.mark.parametrize("slug", LABS)
def test_each_usual_variant_is_recorded_with_and_without_its_seed(
    recorded: Path, slug: str
) -> None:
    """As an address names them or leaves them out; each stands at its beginning, and unbroken."""
    entries = {
        json.dumps(asked, sort_keys=True): entry["told"]
        for entry in recording(recorded, slug)
        for asked in entry["asked"]
        if asked["do"] == "open"
    }
    shown = {told[0]["variant"] for told in entries.values()}
    kinds = [
        {"name": one.name, "kind": type(one).__name__.lower()}
        for one in catalogue.find(slug).lab.variants
    ]
    assert set(usual(kinds)) <= shown
    for variant in ("", *usual(kinds)):
        for seed in ({}, {"seed": 1}):
            named = {"variant": variant} if variant else {}
            experiment = {"lab": slug, "script": [], **named, **seed}
            asked = {"do": "open", "experiment": experiment, "to_s": 0}
            opened, tick, answer = entries.pop(json.dumps(asked, sort_keys=True))
            assert (opened["lab"], opened["seed"], tick["at_s"]) == (slug, 1, 0)
            assert opened["variant"] == variant or not variant
            assert tick["faults"] == []
            assert answer == {"say": "ok"}
    assert entries == {}


def test_what_is_the_same_for_all_labs_is_recorded_once(page: Page, recorded: Path) -> None:
    """What the engine can, and that it counts no votes."""
    entries = json.loads((recorded / openings.HELLO).read_text())
    assert [entry["asked"] for entry in entries] == [[{"do": "hello"}], [{"do": "class look"}]]
    for entry in entries:
        assert page.ask(**entry["asked"][0]) == entry["told"]
    assert [one["name"] for one in entries[0]["told"][0]["labs"]] == list(LABS)
    assert entries[1]["told"][-1]["say"] == "refused"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("broken broken fixed fixed", (0, 3)),
        ("fixed broken", (1, 0)),
        ("measured measured", (0,)),
        ("measured fixed", (0, 1)),
        ("fixed", (0,)),
    ],
)
def test_the_first_that_breaks_is_shown_beside_the_last_that_holds(
    kinds: str, expected: tuple[int, ...]
) -> None:
    """One alone where there is no other."""
    variants = [{"name": str(at), "kind": kind} for at, kind in enumerate(kinds.split())]
    assert usual(variants) == tuple(map(str, expected))
