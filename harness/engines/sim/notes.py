"""What a person should see of a run: crashes, and what libraries log, with host and time."""

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.engines.sim.process import PROCESS
from harness.engines.sim.stuck import is_own

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
TEXT_LIMIT = 300
_LAST_RESORT = logging.lastResort or logging.NullHandler()


@dataclass(slots=True)
class Note:
    """Something that was said, when first, when last, and how often."""

    first_s: float
    last_s: float
    count: int = 1


class Notes:
    """Collects notes; the same one from the same process is told once, with a count.

    `doubt` is shown every error, for one of the kernel's own is no note: it ends the run.
    """

    def __init__(
        self, now: Callable[[], float], doubt: Callable[[BaseException | None], None]
    ) -> None:
        self._now = now
        self.doubt = doubt
        self._notes: dict[tuple[str, str], Note] = {}

    def add(self, who: str, text: str, at_s: float | None = None) -> None:
        """Take a note, of now unless told otherwise."""
        at_s = self._now() if at_s is None else at_s
        # An address differs from run to run, and with it the recording's digest would.
        text = " | ".join(ADDRESS.sub("", text).splitlines())[:TEXT_LIMIT]
        note = self._notes.setdefault((who, text), Note(at_s, at_s, 0))
        note.last_s = at_s
        note.count += 1

    def lines(self) -> list[str]:
        """Give a line for each note, in the order of their first times."""
        ordered = sorted(self._notes.items(), key=lambda item: item[1].first_s)
        return [_line(who, text, note) for (who, text), note in ordered]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take down what simulated processes log; nothing of it reaches the terminal."""
        root = logging.getLogger()
        before = root.handlers[:]
        root.handlers[:] = [_Listener(self, before)]
        try:
            yield
        finally:
            root.handlers[:] = before


def told(error: BaseException) -> str:
    """Tell an error in one line, and where it was raised."""
    return f"{error!r}{where(error)}"


def where(error: BaseException) -> str:
    """Give the innermost line of a service's or lab's own code that an error has come through."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if is_own(frame):
            found = f" at {frame.f_globals['__name__']}:{line} in {frame.f_code.co_qualname}"
    return found


class _Listener(logging.Handler):
    def __init__(self, notes: Notes, others: list[logging.Handler]) -> None:
        super().__init__()
        self._notes = notes
        self._others = others

    def emit(self, record: logging.LogRecord) -> None:
        process = PROCESS.get()
        if process is None:
            for handler in self._others or [_LAST_RESORT]:
                if record.levelno >= handler.level:
                    handler.handle(record)
            return
        error = record.exc_info[1] if record.exc_info else None
        self._notes.doubt(error)
        text = record.getMessage()
        self._notes.add(process.label, f"{text}: {told(error)}" if error else text)


def _line(who: str, text: str, note: Note) -> str:
    often = f" ({note.count} times, last at {note.last_s:.3f} s)" if note.count > 1 else ""
    return f"{note.first_s:.3f} s {who}: {text}{often}"
