"""What a person who watches a run in real time is told and may do, beyond what faults need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.acting import Load
from harness.engines.protocol import Observer
from harness.model.fault import Clock, HostState, Setting, System
from harness.model.operations import Operation
from harness.recording import Request, SeriesKey
from services.tracing import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """A host: its state as the engine has it, and what faults have asked of it and read back."""

    state: HostState
    cpu: float
    clock: Clock
    disk_full: bool
    changed: Mapping[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSeen:
    """A link as its proxy has it now."""

    up: bool
    toxics: tuple[str, ...]


class Listener(Observer, Protocol):
    """Hears of requests, calls and crashes while a run goes on; times are seconds of the run."""

    def request(self, request: Request) -> None:
        """Hear that a request of the load has ended."""

    def span(self, span: Span) -> None:
        """Hear that a call has ended, for its caller or for its callee."""

    def steered(self, at_s: float, operation: Operation) -> None:
        """Hear that the load does from a moment on what an operation asks of it."""

    def note(self, text: str) -> None:
        """Hear what a person should know, such as a crash."""


class Watched(System, Load, Protocol):
    """A running lab that can be looked at, and whose load can be steered, and ended early."""

    async def hosts_now(self) -> Mapping[str, HostSeen]:
        """Look at all hosts."""

    async def links_now(self) -> Mapping[str, LinkSeen]:
        """Look at all links."""

    async def series(self, first: int, last: int) -> Mapping[SeriesKey, list[float]]:
        """Read the samples of these seconds; none before they are scraped for good."""

    async def end_load(self) -> float:
        """Let the load end in a moment, and give which moment of the run that is."""
