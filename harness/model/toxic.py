"""Link faults: what Toxiproxy calls toxics, as values with units, checked before they are sent.

Names, attributes and traps are those of Toxiproxy 2.12 (https://github.com/Shopify/toxiproxy); a
lab that would crash or hang the real proxy is refused in the simulation too.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from harness.model.fault import Place, System, ToxicSpec, WholeFault
from harness.model.numbers import short


class Stream(StrEnum):
    """Which way the bytes go: to the callee, back to the caller, or both."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BOTH = "both"

    def directions(self) -> tuple[str, ...]:
        """Give Toxiproxy's names of the directions."""
        if self is Stream.BOTH:
            return (Stream.UPSTREAM.value, Stream.DOWNSTREAM.value)
        return (self.value,)


@dataclass(frozen=True, slots=True)
class LinkFault:
    """Bytes on one link, `caller->callee`, are delayed, held, cut or dropped.

    `toxicity` is the share of *connections*, not of requests, that are hit: Toxiproxy draws it
    for each connection and direction.
    """

    target: str
    stream: Stream = field(default=Stream.DOWNSTREAM, kw_only=True)
    toxicity: float = field(default=1.0, kw_only=True)

    type: ClassVar[str]

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        values = ", ".join(f"{name} {value}" for name, value in self.attributes().items() if value)
        return f"{self.type} {self.target}" + (f" ({values})" if values else "")

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} {self.heard()}"

    def places(self, links: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - others need them
        """Name what it hits: its target."""
        return (self.target,)

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return self.type.replace("_", " ")

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {}

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not 0 < self.toxicity <= 1:
            yield f"toxicity is {self.toxicity:g}; it must be above 0 and at most 1"
        for name, value in self.attributes().items():
            if value < 0:
                yield f"{name} is {value}; it must not be negative"

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its link is not there, if so."""
        yield from place.not_one_of(self.target, place.links)

    def handles(self, place: Place) -> set[tuple[str, str]]:
        """Give its toxics by their names."""
        del place
        return {(self.target, toxic.name) for toxic in self.toxics()}

    def toxics(self) -> Iterator[ToxicSpec]:
        """Give the toxics that make the fault, one for each direction."""
        for direction in self.stream.directions():
            yield ToxicSpec(
                name=f"{self.type}_{direction}",
                type=self.type,
                stream=direction,
                toxicity=self.toxicity,
                attributes=self.attributes(),
            )

    async def apply(self, system: System) -> None:
        """Add the toxics."""
        for toxic in self.toxics():
            await system.add_toxic(self.target, toxic)

    async def there(self, system: System) -> bool:
        """Read back whether all of the toxics are there."""
        there = await system.toxics(self.target)
        return all(toxic.name in there for toxic in self.toxics())

    async def gone(self, system: System) -> bool:
        """Read back whether none of the toxics is there."""
        there = await system.toxics(self.target)
        return not any(toxic.name in there for toxic in self.toxics())

    async def remove(self, system: System) -> None:
        """Take the toxics away."""
        for toxic in self.toxics():
            await system.remove_toxic(self.target, toxic.name)


@dataclass(frozen=True, slots=True)
class Latency(LinkFault):
    """Delay each piece of data by `latency_ms`, give or take `jitter_ms`; connects are not."""

    latency_ms: int = field(kw_only=True)
    jitter_ms: int = field(default=0, kw_only=True)

    type: ClassVar[str] = "latency"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"latency": self.latency_ms, "jitter": self.jitter_ms}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return f"{short(self.latency_ms / 1000)} s late"


@dataclass(frozen=True, slots=True)
class Bandwidth(LinkFault):
    """Let through `rate_kbps` kilobytes (1,000 bytes) a second; 0 holds everything."""

    rate_kbps: int = field(kw_only=True)

    type: ClassVar[str] = "bandwidth"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"rate": self.rate_kbps}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return f"at {self.rate_kbps:,} kB/s"


@dataclass(frozen=True, slots=True)
class SlowClose(LinkFault):
    """Delay the end of each stream by `delay_ms`."""

    delay_ms: int = field(kw_only=True)

    type: ClassVar[str] = "slow_close"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"delay": self.delay_ms}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return f"{short(self.delay_ms / 1000)} s slow to close"


@dataclass(frozen=True, slots=True)
class Timeout(LinkFault):
    """Drop all data, and close after `timeout_ms` without any; 0 is silence until the end."""

    timeout_ms: int = field(default=0, kw_only=True)

    type: ClassVar[str] = "timeout"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"timeout": self.timeout_ms}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return "silent"


@dataclass(frozen=True, slots=True)
class ResetPeer(LinkFault):
    """Reset connections `timeout_ms` after their first data."""

    timeout_ms: int = field(default=0, kw_only=True)

    type: ClassVar[str] = "reset_peer"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"timeout": self.timeout_ms}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return "reset"


@dataclass(frozen=True, slots=True)
class Slicer(LinkFault):
    """Cut data into pieces of about `average_bytes`, `delay_us` apart."""

    average_bytes: int = field(kw_only=True)
    variation_bytes: int = field(default=0, kw_only=True)
    delay_us: int = field(default=0, kw_only=True)

    type: ClassVar[str] = "slicer"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {
            "average_size": self.average_bytes,
            "size_variation": self.variation_bytes,
            "delay": self.delay_us,
        }

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return "in small pieces"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        yield from LinkFault.problems(self)
        if self.average_bytes < 1:
            yield f"average_bytes is {self.average_bytes}; below 1 it crashes Toxiproxy"
        elif self.variation_bytes >= self.average_bytes:
            yield f"variation_bytes is {self.variation_bytes}; it must be below average_bytes"


@dataclass(frozen=True, slots=True)
class LimitData(LinkFault):
    """Close each connection after it has carried `limit_bytes` in a direction."""

    limit_bytes: int = field(kw_only=True)

    type: ClassVar[str] = "limit_data"

    def attributes(self) -> Mapping[str, int]:
        """Give the toxic's attributes under Toxiproxy's names and in its units."""
        return {"bytes": self.limit_bytes}

    def heard(self) -> str:
        """Say what becomes of the link, in a word or two."""
        return f"closed after {self.limit_bytes:,} bytes"


@dataclass(frozen=True, slots=True)
class WholeLink(WholeFault):
    """A fault of a link, `caller->callee`, that is no toxic."""

    target: str

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its link is not there, if so."""
        yield from place.not_one_of(self.target, place.links)


@dataclass(frozen=True, slots=True)
class Down(WholeLink):
    """Close a link: connects are refused and live connections end."""

    holds: ClassVar[str] = "listening"

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"down {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} down"

    async def apply(self, system: System) -> None:
        """Disable the proxy."""
        await system.set_link(self.target, up=False)

    async def there(self, system: System) -> bool:
        """Read back whether the proxy is disabled."""
        return not await system.link_up(self.target)

    async def gone(self, system: System) -> bool:
        """Read back whether the proxy is enabled."""
        return await system.link_up(self.target)

    async def remove(self, system: System) -> None:
        """Enable the proxy."""
        await system.set_link(self.target, up=True)
