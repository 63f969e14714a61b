"""A session in a process of its own: lines of JSON in, lines of JSON out, bounds on both sides.

Started as `python -m harness.live.session_process [FOLDER OF LABS]` by whoever serves
a page. It ends when its standard input does, at SIGTERM, when it takes too much memory, or when it
was told nothing for too long. What it has on containers is gone then.
"""

import json
import os
import queue
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import catalogue, labs_folder
from harness.errors import LabError
from harness.live.conversation import Conversation, Send
from harness.live.lesson import lesson_of
from harness.live.messages import Labs
from harness.live.protocol import Speaker
from harness.model.lab import Lab

MOST_RSS_BYTES = 700 << 20
"""Memory at which a session is ended: the largest storm of the labs takes a third of it."""
MOST_DATA_BYTES = 2 * MOST_RSS_BYTES
"""Memory that the kernel refuses, should one slice take all of it."""
IDLE_S = 1800.0
"""How long nobody may ask for anything while time stands still."""
LIFE_S = 4 * 3600.0
WAIT_S = 0.02
"""How long to wait for a command while time passes."""
FAILED = 3
STATM = Path("/proc/self/statm")

Kind = Callable[[Send, Labs], Conversation]


class Process:
    """The loop of the process: commands first, then time."""

    def __init__(self, out: Any, kind: Kind) -> None:  # noqa: ANN401 - a binary file
        self._out = out
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._began_s = self._asked_s = time.monotonic()
        self._speaker = kind(self.send, Labs(names=_names(), find=_find, lesson=_lesson))

    def send(self, message: Mapping[str, Any]) -> None:
        """Write a message; time that the reader takes is ours to wait."""
        write(self._out, message)

    def run(self) -> int:
        """Serve until the end; give the exit code."""
        signal.signal(signal.SIGTERM, lambda *_: self._lines.put(None))
        try:
            return self._serve()
        finally:
            self._speaker.close()

    def _serve(self) -> int:
        threading.Thread(target=self._read, daemon=True).start()
        passed_s = time.monotonic()
        while (why := self._too_much()) is None:
            try:
                line = self._next()
            except queue.Empty:
                line = ""
            if line is None:
                return 0
            if line:
                self._asked_s = time.monotonic()
                self._speaker.take(line)
            now_s = time.monotonic()
            self._speaker.pass_time(now_s - passed_s)
            passed_s = now_s
            if self._speaker.is_playing:
                self._asked_s = now_s
        self.send({"say": "failed", "why": why, "over": True})
        return FAILED

    def _next(self) -> str | None:
        if not self._speaker.is_playing:
            return self._lines.get(timeout=1)
        wait_s = WAIT_S if self._speaker.has_time else 0
        return self._lines.get(timeout=wait_s) if wait_s else self._lines.get_nowait()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        self._lines.put(None)

    def _too_much(self) -> str | None:
        """Say what this session has too much of, if anything."""
        now_s = time.monotonic()
        if (rss := _rss_bytes()) > MOST_RSS_BYTES:
            return (
                f"the session took {rss >> 20} MiB of memory, more than the "
                f"{MOST_RSS_BYTES >> 20} MiB that it may; it was ended. Open it with less load"
            )
        if now_s - self._began_s > LIFE_S or now_s - self._asked_s > IDLE_S:
            return "the session was open for too long; open it again"
        return None


def write(out: Any, message: Mapping[str, Any]) -> None:  # noqa: ANN401 - a binary file
    """Write a message as a line."""
    out.write(json.dumps(message, allow_nan=False).encode() + b"\n")
    out.flush()


def _rss_bytes() -> int:
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not on this system; the kernel's own limit holds all the same
        return 0


def _names() -> tuple[tuple[str, str], ...]:
    """Name the labs that can be opened; one that makes no sense harms no other."""
    found: list[tuple[str, str]] = []
    for slug in catalogue.slugs():
        with suppress(LabError):
            found.append((slug, catalogue.find(slug).lab.title))
    return tuple(found)


def _find(name: str) -> Lab:
    return catalogue.find(name).lab


def _lesson(name: str) -> dict[str, Any] | None:
    lesson = lesson_of(catalogue.find(name).folder / "README.md")
    return asdict(lesson) if lesson else None


def main(kind: Kind = Speaker) -> int:
    """Run the process, of simulations or of another kind; what services print goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_DATA_BYTES, MOST_DATA_BYTES))
    if len(sys.argv) > 1:
        labs_folder.choose(Path(sys.argv[1]))
    try:
        return Process(out, kind).run()
    except MemoryError:
        said: dict[str, Any] = {"why": "the session has no memory left; open it with less load"}
    except BrokenPipeError:
        return 0
    except Exception:  # noqa: BLE001 - the boundary of this process
        traceback.print_exc()
        why = "internal error in chaoslab, not in your lab; the traceback is on the terminal"
        said = {"why": why, "bug": True}
    write(out, {"say": "failed", "over": True, **said})
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
