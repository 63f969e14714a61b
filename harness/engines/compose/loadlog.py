"""What the load generator prints: one JSON object a line, written there and read by the harness."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness.recording import Request, RequestLog
from harness.rows import Form

FORM = Form(Request)


def ready_line() -> str:
    """Say that the target answers and the load waits for its signal."""
    return json.dumps({"event": "ready"})


def start_line(t0_s: float) -> str:
    """Say at which time since 1970 the run's second 0 is."""
    return json.dumps({"event": "start", "t0": t0_s})


def request_line(request: Request) -> str:
    """Write what came of one request; `null` for a time that never came."""
    return json.dumps({"event": "request", **FORM.cells(request)}, separators=(",", ":"))


def end_line(at_s: float, requests: int) -> str:
    """Say when, in seconds of the run, the last request was over, and how many there were."""
    return json.dumps({"event": "end", "at_s": at_s, "requests": requests})


@dataclass(slots=True, kw_only=True)
class LoadLog:
    """The load as its lines have told it so far; `t0_s` and `end_s` are NaN until told."""

    ready: bool = False
    t0_s: float = math.nan
    end_s: float = math.nan
    requests: RequestLog = field(default_factory=RequestLog)
    good: Counter[int] = field(default_factory=Counter)
    """Good answers by the second of the run in which they came."""
    other: list[str] = field(default_factory=list)
    """The last lines that were not the load's own, such as a traceback."""

    def take(self, line: str) -> None:
        """Read one line."""
        told = _object(line)
        match told.pop("event", None):
            case "ready":
                self.ready = True
            case "start":
                self.t0_s = told["t0"]
            case "request":
                self._request(told)
            case "end":
                self.end_s = told["at_s"]
            case _:
                self.other = [*self.other[-9:], line]

    def _request(self, row: dict[str, Any]) -> None:
        request = FORM.made(row)
        self.requests.add(request)
        if request.good:
            self.good[int(request.answered_s)] += 1


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
