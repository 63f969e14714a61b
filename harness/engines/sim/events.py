"""A trace of what happened: each message and each change of a host or link, in virtual time.

One JSON object a line, with `at_s` in seconds of the run and `event`; enough to draw a space-time
diagram. Messages have `link`, `connection`, `way`, `bytes`, `at_s` and `arrives_s`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from harness.engines.protocol import Plan
from harness.engines.sim.link import SimLink
from harness.engines.sim.system import SimSystem
from harness.model.fault import Clock, Connects, Setting, ToxicSpec


class EventLog:
    """Writes the events of one run after the other into a file; the first of each is `run`."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._now: Callable[[], float] = float

    def begin(self, plan: Plan, now: Callable[[], float]) -> None:
        """Start a run, whose clock is `now`."""
        self._now = now
        self._write(
            {
                "event": "run",
                "lab": plan.slug,
                "variant": plan.variant.name,
                "seed": plan.seed,
                "faults": len(plan.lab.faults),
                "hosts": list(plan.lab.hosts()),
            }
        )

    def tell(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - any JSON
        """Write an event of now."""
        self._write({"at_s": self._now(), "event": event, **fields})

    def follow(self, link: SimLink) -> None:
        """Write what passes on a link, from now on."""

        def told(event: str, connection: int, way: str, size: int) -> None:
            arrives_s = self._now() + link.delay_s
            self.tell(
                event,
                link=link.name,
                connection=connection,
                way=way,
                bytes=size,
                arrives_s=arrives_s,
            )

        link.tell = told

    def _write(self, fields: dict[str, Any]) -> None:
        self._file.write(json.dumps(fields) + "\n")


class ToldSystem(SimSystem):
    """A `System` whose every change is written down."""

    events: EventLog

    async def pause(self, host: str) -> None:
        """Hold a host's callbacks."""
        self.events.tell("pause", host=host)
        await super().pause(host)

    async def resume(self, host: str) -> None:
        """Run a host's held callbacks, in their order."""
        self.events.tell("resume", host=host)
        await super().resume(host)

    async def kill(self, host: str) -> None:
        """Drop a host's tasks, close its sockets, keep its disk."""
        self.events.tell("kill", host=host)
        await super().kill(host)

    async def stop(self, host: str, grace_s: float) -> None:
        """Let a host's process clean up; kill what is left of it after the grace time."""
        self.events.tell("stop", host=host, grace_s=grace_s)
        await super().stop(host, grace_s)

    async def start(self, host: str) -> None:
        """Give a host a new process, which finds its disk as it was."""
        self.events.tell("start", host=host)
        await super().start(host)

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        """Put a toxic on a link, for live connections and new ones."""
        self.events.tell("add toxic", link=link, toxic=toxic.name)
        await super().add_toxic(link, toxic)

    async def remove_toxic(self, link: str, name: str) -> None:
        """Take a toxic off a link."""
        self.events.tell("remove toxic", link=link, toxic=name)
        await super().remove_toxic(link, name)

    async def set_link(self, link: str, *, up: bool) -> None:
        """Let a link listen, or refuse connects and end its live connections."""
        self.events.tell("link up" if up else "link down", link=link)
        await super().set_link(link, up=up)

    async def set_connects(self, link: str, connects: Connects) -> None:
        """Accept new connections on a link, refuse them, or leave them without an answer."""
        self.events.tell("connects", link=link, connects=connects)
        await super().set_connects(link, connects)

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Set a host's wall clock wrong, or right."""
        self.events.tell("clock", host=host, skew_s=clock.skew_s, drift_ppm=clock.drift_ppm)
        await super().set_clock(host, clock)

    async def set_cpu(self, host: str, factor: float) -> None:
        """Let a host's CPU work take longer by a factor."""
        self.events.tell("cpu", host=host, factor=factor)
        await super().set_cpu(host, factor)

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Fill a host's disk, or make room."""
        self.events.tell("disk full" if full else "disk has room", host=host)
        await super().set_disk_full(host, full=full)

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        """Change live settings of a host's process, and put all others back."""
        self.events.tell("configure", host=host, changes=dict(changes))
        await super().configure(host, changes)
