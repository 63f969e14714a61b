"""What a page is told when it opens a lab, recorded when the site is built.

CPython takes seconds to start in a tab, but at 0 s a lab looks the same to everybody. So the tab's
own engine is asked here what the page asks first, and `static/openings.mjs` gives these answers
until the engine is there. The file of a lab is a list: `asked` are messages of the page that have
one answer, `told` is that answer, without the message's number in its last part.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import LabError
from harness.site.tab import Packed, Tab, started

HELLO, FOLDER = "hello.json", "openings"
SESSION = "opening"
SEEDS: tuple[Mapping[str, int], ...] = ({}, {"seed": 1})
"""As an address has it that names no seed, and as the page writes it when the lab is open."""
Message = dict[str, Any]


def write(bundle: Path, labs: Sequence[Packed]) -> None:
    """Write the recordings into the bundle's folder: one for all labs, and one for each.

    The bundle's lessons must be there already.
    """
    recorder = Recorder(labs, bundle)
    (bundle / FOLDER).mkdir()
    _write(bundle / HELLO, recorder.of_all())
    for lab in labs:
        _write(bundle / FOLDER / f"{lab.slug}.json", recorder.of(lab.slug))


def _write(file: Path, recording: Iterable[Message]) -> None:
    text = json.dumps(list(recording), allow_nan=False, separators=(",", ":"))
    file.write_text(text, encoding="utf-8")


class Recorder:
    """The engine of a tab, asked what a page asks; `bundle` is the folder that has the lessons."""

    def __init__(self, labs: Sequence[Packed], bundle: Path) -> None:
        self._told: list[Message] = []
        self._tab: Tab = started(
            lambda _, text: self._told.append(json.loads(text)),
            json.dumps(labs),
            lambda name: (bundle / name).read_text(encoding="utf-8"),
        )

    def of_all(self) -> Iterator[Message]:
        """Record what is the same for all labs: what the engine can, and that nobody can vote."""
        for do in ("hello", "class look"):
            yield {"asked": [{"do": do}], "told": self._answer({"do": do})}

    def of(self, slug: str) -> Iterator[Message]:
        """Record the opening of a lab as it is, by the addresses that the page gives it."""
        try:
            yield from self._opened(slug)
        finally:
            self._tab.close(SESSION)
        lesson = {"do": "lesson", "lab": slug}
        yield {"asked": [lesson], "told": self._answer(lesson)}

    def _opened(self, slug: str) -> Iterator[Message]:
        first = self._answer(opening(slug, {}))
        if first[-1]["say"] != "ok":
            raise LabError(f"{slug} cannot be opened: {first[-1]['why']}")
        given: list[Mapping[str, str]] = [{}]
        given += [{"variant": name} for name in usual(first[0]["variants"])]
        entries: list[Message] = []
        for asked in (opening(slug, {**one, **seed}) for one in given for seed in SEEDS):
            told = self._answer(asked)
            same = next((entry for entry in entries if entry["told"] == told), None)
            if same:
                same["asked"].append(asked)
            else:
                entries.append({"asked": [asked], "told": told})
        yield from entries

    def _answer(self, asked: Message) -> list[Message]:
        self._told.clear()
        self._tab.take(SESSION, json.dumps(asked))
        *before, answer = self._told
        del answer["id"]
        return [*before, answer]


def opening(slug: str, more: Mapping[str, Any]) -> Message:
    """Write the message by which a page opens a lab at 0 s with nothing done to it."""
    return {"do": "open", "experiment": {"script": [], "lab": slug, **more}, "to_s": 0}


def usual(variants: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Name what a page shows first, as `usual` in address.mjs: what breaks, and what holds."""
    broken = next((one for one in variants if one["kind"] == "broken"), variants[0])
    fixed = next((one for one in reversed(variants) if one["kind"] == "fixed"), broken)
    return tuple(dict.fromkeys((broken["name"], fixed["name"])))
