"""What the load generator prints: one JSON object a line, written there and read by the harness."""

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.errors import EnvironmentNotReadyError
from harness.model.operations import Operation, operation_from_json
from harness.model.steered_load import EXTRA
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


def cut_line(at_s: float) -> str:
    """Say that nothing is sent any more from a second of the run on, which is still to come."""
    return json.dumps({"event": "cut", "at_s": at_s})


def steered_line(number: int | None, at_s: float, operation: Operation) -> str:
    """Say from which second of the run on the load does what a command of that number asks."""
    done = {"event": "steered", "id": number, "at_s": at_s, "operation": operation.to_json()}
    return json.dumps(done)


def refused_line(number: int | None, why: str) -> str:
    """Say why the load does not do what a command of that number asks."""
    return json.dumps({"event": "steered", "id": number, "error": why})


def clock_line(at_s: float, boot: str) -> str:
    """Say what the load's clock reads, in seconds since 1970, and on which machine it runs."""
    return json.dumps({"event": "clock", "at": at_s, "boot": boot})


def second_line(number: int) -> str:
    """Say that a second of the run is over, and all its answers have been told."""
    return json.dumps({"event": "second", "number": number})


def end_line(at_s: float, requests: int, jumped_s: float = 0.0) -> str:
    """Say when, in seconds of the run, the last request was over, and how many there were.

    `jumped_s` is by how much the load's clock was set in the meantime.
    """
    end = {"event": "end", "at_s": at_s, "requests": requests, "jumped_s": jumped_s}
    return json.dumps(end)


@dataclass(slots=True, kw_only=True)
class LoadLog:
    """The load as its lines have told it so far; `t0_s` and `end_s` are NaN until told.

    `cut_s` is the second at which it was ended before its time, infinity where it was not.
    """

    ready: bool = False
    t0_s: float = math.nan
    end_s: float = math.nan
    jumped_s: float = 0.0
    cut_s: float = math.inf
    sent: int = 0
    """The requests that there were, as told at the end."""
    drawn: int = 0
    """The number after the highest that was drawn."""
    by_hand: int = 0
    """How many requests of those that were told had been sent by hand."""
    clock: tuple[float, str] | None = None
    """What its clock read when it was asked last, and the boot of its machine."""
    seconds: int = 0
    """The seconds that are over: nothing of them is still to be told."""
    requests: RequestLog = field(default_factory=RequestLog)
    good: Counter[int] = field(default_factory=Counter)
    """Good answers by the second of the run in which they came."""
    other: list[str] = field(default_factory=list)
    """The last lines that were not the load's own, such as a traceback."""
    hear: Callable[[Request], None] | None = None
    """Hears of each request that has ended, if anybody wants to."""
    hear_steered: Callable[[float, Operation], None] | None = None
    """Hears what the load does from which second on, before any request of that has ended."""
    answers: dict[int | None, float | str] = field(default_factory=dict)
    """By a command's number: the second from which on it counts, or why it was refused."""

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
            case "cut":
                self.cut_s = told["at_s"]
            case "steered":
                self._steered(told)
            case "clock":
                self.clock = told["at"], told["boot"]
            case "second":
                self.seconds = told["number"] + 1
            case "end":
                self.end_s = told["at_s"]
                self.sent = told["requests"]
                self.jumped_s = told["jumped_s"]
            case _:
                self.other = [*self.other[-9:], line]

    def over(self, second: int) -> bool:
        """Say whether all answers of a second have been told."""
        return second < self.seconds or not math.isnan(self.end_s)

    def check(self) -> None:
        """Refuse a load of which lines are missing: every ratio would be of fewer requests.

        Raises:
            EnvironmentNotReadyError: not all that was sent has been told.

        """
        told = len(self.requests.all())
        if told != self.sent:
            raise EnvironmentNotReadyError(
                f"the load sent {self.sent} requests and its log tells of {told}: "
                "lines of it were lost, so run again"
            )

    def _request(self, row: dict[str, Any]) -> None:
        request = FORM.made(row)
        self.requests.add(request)
        if request.number < EXTRA:
            self.drawn = max(self.drawn, request.number + 1)
        else:
            self.by_hand += 1
        if self.hear:
            self.hear(request)
        if request.good:
            self.good[int(request.answered_s)] += 1

    def _steered(self, told: dict[str, Any]) -> None:
        self.answers[told["id"]] = told["error"] if "error" in told else told["at_s"]
        if self.hear_steered and "operation" in told:
            self.hear_steered(told["at_s"], operation_from_json(told["operation"]))


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
