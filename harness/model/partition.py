"""Faults of the network that are none of one toxic: partitions, and new connections alone."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from harness.model.fault import Connects, Place, System, ToxicSpec
from harness.model.toxic import Stream, WholeLink


class Way(StrEnum):
    """Which way between two groups nothing passes."""

    BOTH = "both"
    FORTH = "forth"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Partition:
    """Silence on every link between two groups of hosts: no byte passes.

    One way, `FORTH` drops what the first group sends to the second, on links of either direction.
    Made of Toxiproxy's `timeout` toxics, so a proxy still accepts connects, passes on that a side
    has closed, and ends the connections that it held when the partition is over.
    """

    one: tuple[str, ...]
    other: tuple[str, ...]
    way: Way = field(default=Way.BOTH, kw_only=True)

    @property
    def target(self) -> str:
        """The two groups, as text."""
        arrow = {Way.BOTH: "|", Way.FORTH: "-/->", Way.BACK: "<-/-"}[self.way]
        return f"{', '.join(self.one)} {arrow} {', '.join(self.other)}"

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"partition {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        fewer, more = sorted((self.one, self.other), key=len)
        return f"{', '.join(fewer)} cut off from {', '.join(more)}"

    def places(self, links: Collection[str]) -> tuple[str, ...]:
        """Name the links that it cuts."""
        return tuple(dict.fromkeys(link for link, _ in self.toxics(links)))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not (self.one and self.other):
            yield "a group is empty; name the hosts on either side"
        for host in sorted({*self.one} & {*self.other}):
            yield f"{host} stands on both sides"

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say which of a lab's hosts are not there, or that no link goes between the groups."""
        for host in (*self.one, *self.other):
            yield from place.not_one_of(host, place.ends)
        if not any(True for _ in self.toxics(place.links)):
            yield "no link goes between the two groups"

    def handles(self, place: Place) -> set[tuple[str, str]]:
        """Give the toxics by their names on each link."""
        return {(link, toxic.name) for link, toxic in self.toxics(place.links)}

    def toxics(self, links: Collection[str]) -> Iterator[tuple[str, ToxicSpec]]:
        """Give the toxics that make the fault, each with its link, in the order of the links."""
        for link in links:
            caller, _, callee = link.partition("->")
            if caller in self.one and callee in self.other:
                streams = {Way.FORTH: Stream.UPSTREAM, Way.BACK: Stream.DOWNSTREAM}
            elif caller in self.other and callee in self.one:
                streams = {Way.FORTH: Stream.DOWNSTREAM, Way.BACK: Stream.UPSTREAM}
            else:
                continue
            for direction in streams.get(self.way, Stream.BOTH).directions():
                yield link, _silence(direction)

    async def apply(self, system: System) -> None:
        """Silence the links."""
        for link, toxic in self.toxics(await system.links()):
            await system.add_toxic(link, toxic)

    async def there(self, system: System) -> bool:
        """Read back whether all of the toxics are there."""
        found = await self._found(system)
        return bool(found) and all(found)

    async def gone(self, system: System) -> bool:
        """Read back whether none of the toxics is there."""
        return not any(await self._found(system))

    async def _found(self, system: System) -> list[bool]:
        wanted = self.toxics(await system.links())
        return [toxic.name in await system.toxics(link) for link, toxic in wanted]

    async def remove(self, system: System) -> None:
        """Take the toxics away."""
        for link, toxic in self.toxics(await system.links()):
            await system.remove_toxic(link, toxic.name)


def _silence(direction: str) -> ToxicSpec:
    return ToxicSpec(
        name=f"partition_{direction}",
        type="timeout",
        stream=direction,
        toxicity=1.0,
        attributes={"timeout": 0},
    )


@dataclass(frozen=True, slots=True)
class RefuseNew(WholeLink):
    """Refuse new connections on a link; those that are open stay, as on a full accept queue."""

    holds: ClassVar[str] = "new connections"
    connects: ClassVar[Connects] = Connects.REFUSED
    verb: ClassVar[str] = "refuse new connections"
    heard: ClassVar[str] = "refuses new callers"

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"{self.verb} {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} {self.heard}"

    async def apply(self, system: System) -> None:
        """Treat new connections so."""
        await system.set_connects(self.target, self.connects)

    async def there(self, system: System) -> bool:
        """Read back whether new connections are treated so."""
        return await system.connects(self.target) is self.connects

    async def gone(self, system: System) -> bool:
        """Read back whether new connections are accepted."""
        return await system.connects(self.target) is Connects.ACCEPTED

    async def remove(self, system: System) -> None:
        """Accept new connections."""
        await system.set_connects(self.target, Connects.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Unanswered(RefuseNew):
    """Drop new connects on a link, as a firewall does: callers wait; open connections stay."""

    connects: ClassVar[Connects] = Connects.UNANSWERED
    verb: ClassVar[str] = "drop new connects"
    heard: ClassVar[str] = "ignores new callers"
