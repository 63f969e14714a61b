"""A recording: all that is known of one run, equal in form from both engines."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import rows
from harness.changes import Change
from harness.rows import Rows
from services.tracing import Span, SpanContext

if TYPE_CHECKING:
    from harness.model.send import Arrival


class Request(NamedTuple):
    """One request of the load, in seconds of the run; `answered_s` is NaN when it never was.

    `status` is the answer's, as digits, or one word that says how it ended without one. `to` is
    the service that was asked; `answer` the answer's text, where the load keeps it.
    """

    number: int
    path: str
    intended_s: float
    sent_s: float
    answered_s: float
    status: str
    method: str = "GET"
    to: str = ""
    answer: str = ""

    @property
    def good(self) -> bool:
        """Whether the client got what it asked for."""
        return self.status.startswith("2")

    @property
    def latency_s(self) -> float:
        """From the intended time to the answer, so that a late start counts too."""
        return self.answered_s - self.intended_s


def asked(
    arrival: "Arrival", sent_s: float, answered_s: float, status: str, answer: str = ""
) -> Request:
    """Say what came of an arrival."""
    return Request(
        *(arrival.number, arrival.path, arrival.at_s, sent_s, answered_s),
        *(status, arrival.method, arrival.to, answer),
    )


class RequestLog:
    """Takes requests as they end, in any order, and puts them into that of their numbers.

    Only those wait that are before one that has not ended yet.
    """

    def __init__(self) -> None:
        self._requests = Rows(Request)
        self._early: dict[int, Request] = {}

    def add(self, request: Request) -> None:
        """Take a request; their numbers begin at 0."""
        self._early[request.number] = request
        while following := self._early.pop(len(self._requests), None):
            self._requests.append(following)

    def so_far(self) -> list[Request]:
        """Give all that were taken, by number, while more may come."""
        return [*self._requests, *(self._early[number] for number in sorted(self._early))]

    def all(self) -> Rows[Request]:
        """Give all of them at the end, also what comes after one that never ended."""
        for number in sorted(self._early):
            self._requests.append(self._early.pop(number))
        return self._requests


class SeriesKey(NamedTuple):
    """Which metric of which host; `labels` as in the exposition, "" when there are none."""

    host: str
    metric: str
    labels: str


def labels_text(labels: Mapping[str, str]) -> str:
    """Write labels as the exposition does, sorted by name: `a="1",b="2"`."""
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRecord:
    """What became of one fault, in seconds of the run; NaN for what did not come to pass.

    `start_s` and `end_s` are as the lab wants them; the others are when it was asked for, when
    the engine had done it, when it was read back, when its removal was asked for, and when it was
    read back as gone.
    """

    name: str
    target: str
    start_s: float
    end_s: float = math.inf
    requested_s: float = math.nan
    applied_s: float = math.nan
    seen_s: float = math.nan
    removal_s: float = math.nan
    removed_s: float = math.nan

    @property
    def stays(self) -> bool:
        """Whether it was a step, which is not taken away."""
        return self.end_s == math.inf


@dataclass(slots=True, kw_only=True)
class Recording:
    """One variant of one lab, under one seed, on one engine.

    `requests` and `spans` may be too many for memory: go through them, and keep what is needed.
    `series` holds a sample for each second of the run, at 0, 1 ... `duration_s`; NaN where the
    host did not answer. `surges` are the changes of the load; `notes` are lines that a person
    should see, such as a crash.
    """

    lab: str
    variant: str
    seed: int
    engine: str
    duration_s: float
    requests: Sequence[Request] = ()
    faults: list[FaultRecord] = field(default_factory=list)
    surges: list[Change] = field(default_factory=list)
    spans: Sequence[Span] = ()
    series: dict[SeriesKey, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def due(self, start_s: float, end_s: float) -> Iterator[Request]:
        """Go through the requests that were due in [start, end), in their order."""
        return (request for request in self.requests if start_s <= request.intended_s < end_s)

    def between(self, start_s: float, end_s: float) -> list[Request]:
        """Give the requests that were due in [start, end), all at once."""
        return list(self.due(start_s, end_s))

    def triggers(self) -> tuple[Change, ...]:
        """Name what the run has met, faults and changes of its load, as they were planned."""
        faults = (one for one in self.faults if not one.stays)
        return (*(Change(one.name, one.start_s, one.end_s) for one in faults), *self.surges)

    def digest(self) -> str:
        """Give a SHA-256 of everything that was recorded: equal digests, equal runs."""
        running = hashlib.sha256()
        for line in self._lines():
            running.update(line.encode())
            running.update(b"\n")
        return running.hexdigest()

    def _lines(self) -> Iterator[str]:
        yield repr((self.lab, self.variant, self.seed, self.duration_s))
        yield from (repr(tuple(request)) for request in self.requests)
        yield from (repr(tuple(asdict(fault).values())) for fault in self.faults)
        yield from (repr(tuple(surge)) for surge in self.surges)
        # A span without a route is what it was before spans had one.
        yield from (repr(tuple(span) if span.route else tuple(span)[:-1]) for span in self.spans)
        yield from (repr((tuple(key), self.series[key])) for key in sorted(self.series))
        yield from self.notes

    def save(self, folder: Path) -> None:
        """Write the recording as JSON lines and one JSON file into a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        rows.write(folder / "requests.jsonl", Request, self.requests)
        rows.write(folder / "spans.jsonl", Span, self.spans)
        document = {
            "lab": self.lab,
            "variant": self.variant,
            "seed": self.seed,
            "engine": self.engine,
            "duration_s": self.duration_s,
            "digest": self.digest(),
            "notes": self.notes,
            "faults": [_known(asdict(fault)) for fault in self.faults],
            "surges": [surge._asdict() for surge in self.surges],
            "series": [
                {**key._asdict(), "values": [rows.plain(value) for value in values]}
                for key, values in sorted(self.series.items())
            ],
        }
        (folder / "recording.json").write_text(json.dumps(document, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Recording":
        """Read what `save` wrote."""
        document = json.loads((folder / "recording.json").read_text())
        return cls(
            lab=document["lab"],
            variant=document["variant"],
            seed=document["seed"],
            engine=document["engine"],
            duration_s=document["duration_s"],
            notes=document["notes"],
            faults=[FaultRecord(**fault) for fault in document["faults"]],
            surges=[Change(**surge) for surge in document.get("surges", ())],
            series={
                SeriesKey(row["host"], row["metric"], row["labels"]): list(
                    map(rows.number, row["values"])
                )
                for row in document["series"]
            },
            requests=rows.read(folder / "requests.jsonl", Request),
            spans=rows.read(folder / "spans.jsonl", Span),
        )


def trace_id(seed: int, number: int) -> str:
    """Give the 32 hex digits under which a request is traced; never all zero."""
    return f"{seed % 0xFFFFFFFFFFFFFFFF + 1:016x}{number:016x}"


def root_context(seed: int, number: int) -> SpanContext:
    """Give what the load sends with a request: its trace and the span of the request itself."""
    return SpanContext(trace_id(seed, number), f"{number + 1:016x}")


def number_of(trace: str) -> int:
    """Give the number of the request that a trace belongs to."""
    return int(trace[16:], 16)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if value == value and (name, value) != ("end_s", math.inf)  # noqa: PLR0124 - NaN
    }
