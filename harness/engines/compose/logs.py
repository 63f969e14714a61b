"""Container logs: followed to disk while they grow, and read back for their spans."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import requests
import urllib3
from docker.errors import DockerException
from docker.models.containers import Container

from harness.model.steered_load import EXTRA
from harness.recording import number_of, trace_id
from harness.rows import Rows
from services.tracing import Span, is_background

TAIL_LINES = 3
SPAN = '{"event":"span"'
ANSWER = b'{"event": "answer"'


class Follower(threading.Thread):
    """Copies a container's log to a file as it is written; ends when the container does.

    `on_line` hears every line that is no span, with `spans` those too, and None when the log has
    ended, for whatever reason.
    """

    def __init__(
        self,
        container: Container,
        path: Path,
        on_line: Callable[[str | None], None],
        *,
        spans: bool = False,
    ) -> None:
        super().__init__(name=f"log of {container.name}", daemon=True)
        self._container = container
        self._path = path
        self._on_line = on_line
        self._spans = spans
        self.refused: OSError | None = None
        """Why the disk did not take the log, if it did not."""

    def run(self) -> None:
        """Copy until the end."""
        try:
            with self._path.open("ab") as file:
                for line in self._lines():
                    if line.startswith(ANSWER):
                        continue  # an agent's, who has heard it already
                    if not self._kept(file, line):
                        break
                    if self._spans or not line.startswith(SPAN.encode()):
                        self._on_line(line.decode(errors="replace"))
        except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError):
            pass  # the engine has gone; whoever hears of the end looks what happened
        except OSError as error:
            # One of a connection names no file.
            self.refused = error if error.filename else self.refused
        self._on_line(None)

    def _kept(self, file: IO[bytes], line: bytes) -> bool:
        try:
            file.write(line + b"\n")
            file.flush()
        except OSError as error:
            self.refused = error
        return self.refused is None

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._container.logs(stream=True, follow=True):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        if rest:
            yield rest


def tail(path: Path) -> str:
    """Give the last lines of a log as one line, without the services' own JSON."""
    if not path.exists():
        return "no log"
    with path.open(errors="replace") as file:
        lines = map(str.strip, file)
        told = deque((line for line in lines if line and not line.startswith("{")), TAIL_LINES)
    return " | ".join(told) or "nothing logged"


def spans(  # noqa: PLR0913 - a load's numbers, and the run's times
    folder: Path, *, seed: int, drawn: int, by_hand: int = 0, t0_s: float, end_s: float
) -> Rows[Span]:
    """Read the spans of a load's requests, and of what services call by themselves during the run.

    Of `drawn` requests, and of so many that were sent by hand; up to a second of the run, in order
    of their ends.
    """
    # Each process logs its spans as they end.
    logged = merge(*map(_spans, sorted(folder.glob("*.log"))), key=attrgetter("end_s"))
    of_run = (shifted(span, t0_s) for span in logged if is_of(span.trace, seed, drawn, by_hand))
    return Rows(Span, (span for span in of_run if span.start_s >= 0 and span.end_s <= end_s))


def _spans(path: Path) -> Iterator[Span]:
    with path.open(errors="replace") as file:
        for line in file:
            if line.startswith(SPAN) and (span := span_of(line)):
                yield span


def span_of(line: str) -> Span | None:
    """Read a span, in its host's own time; a process that is killed may leave half a line."""
    row = _row(line)
    return Span(**row) if row is not None else None


def _row(line: str) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    del row["event"]
    return row


def shifted(span: Span, t0_s: float) -> Span:
    """Give a span in seconds of the run."""
    return span._replace(start_s=span.start_s - t0_s, end_s=span.end_s - t0_s)


def is_of(trace: str, seed: int, drawn: float, by_hand: float) -> bool:
    """Say whether a trace is one of the load's requests, or of what a service does by itself."""
    if is_background(trace):
        return True
    number = number_of(trace)
    is_sent = number < drawn if number < EXTRA else number < EXTRA + by_hand
    return is_sent and trace == trace_id(seed, number)
