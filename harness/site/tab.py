"""The console's engine in a browser's tab: sessions by name, over whatever carries texts.

A Web Worker has one of these. It hands each message of a page to `take`, and lets time pass by
`pass_time` for as long as that says how long to wait until the next call.
"""

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from harness.errors import LabError
from harness.live.messages import Labs
from harness.live.protocol import TICK_S, Speaker
from harness.model.lab import Lab
from harness.model.names import nearest

MOST_SESSIONS = 4
"""As many as a server's console has."""


class Packed(NamedTuple):
    """A lab in the bundle: its name, its title, and the module that holds it."""

    slug: str
    title: str
    module: str


class Tab:
    """The sessions of one tab; `tell` carries a text from a session to the page.

    `read` gives the text of a file beside the bundle, such as a lesson, by its name.
    """

    def __init__(
        self,
        tell: Callable[[str, str], object],
        labs: Sequence[Packed],
        read: Callable[[str], str],
    ) -> None:
        self._tell = tell
        self._read = read
        self._modules = {lab.slug: lab.module for lab in labs}
        self._labs = Labs(
            names=tuple((lab.slug, lab.title) for lab in labs),
            find=self._find,
            lesson=self._lesson,
        )
        self._speakers: dict[str, Speaker] = {}

    def take(self, session: str, text: str) -> None:
        """Take one message of a page; a session is made by the first that names it."""
        _unmark()
        if session not in self._speakers and len(self._speakers) >= MOST_SESSIONS:
            why = f"{MOST_SESSIONS} sessions are open, and there may be no more; close one"
            self._said(session, {"say": "failed", "why": why, "over": True})
            return
        self._speaker(session).take(text)

    def close(self, session: str) -> None:
        """End a session; its page is gone."""
        _unmark()
        if speaker := self._speakers.pop(session, None):
            speaker.close()

    def pass_time(self, wall_s: float) -> float:
        """Let time pass in sessions that play; give the seconds to wait, below 0 for no end."""
        _unmark()
        playing = [speaker for speaker in self._speakers.values() if speaker.is_playing]
        for speaker in playing:
            speaker.pass_time(wall_s)
        still = [speaker for speaker in playing if speaker.is_playing]
        if not still:
            return -1
        return TICK_S / 2 if all(speaker.has_time for speaker in still) else 0

    def _speaker(self, session: str) -> Speaker:
        if session not in self._speakers:
            self._speakers[session] = Speaker(
                lambda message: self._said(session, message), self._labs
            )
        return self._speakers[session]

    def _said(self, session: str, message: Mapping[str, Any]) -> None:
        self._tell(session, json.dumps(message, allow_nan=False))

    def _find(self, slug: str) -> Lab:
        self._known(slug)
        lab: Lab = importlib.import_module(self._modules[slug]).LAB
        return lab

    def _lesson(self, slug: str) -> dict[str, Any] | None:
        self._known(slug)
        lesson: dict[str, Any] | None = json.loads(self._read(f"lessons/{slug}.json"))
        return lesson

    def _known(self, slug: str) -> None:
        if slug not in self._modules:
            raise LabError(f"no lab {slug!r}{nearest(slug, self._modules)}")


def _unmark() -> None:
    """Let a simulation start its loop: a browser's Python keeps its own marked as running."""
    asyncio.events._set_running_loop(None)  # noqa: SLF001 - there is no other way


def started(tell: Callable[[str, str], object], index: str, read: Callable[[str], str]) -> Tab:
    """Make the tab of a bundle, by the text of its index."""
    return Tab(tell, [Packed(*lab) for lab in json.loads(index)], read)
