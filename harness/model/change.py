"""Faults that people roll out themselves: a setting that is changed while everything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.model.fault import Setting, System


@dataclass(frozen=True, slots=True, init=False)
class Configure:
    """Change live settings of a host, or of every replica of a service, and put them back.

    `Configure("control", release="bad")`; where a name is no Python name, give a mapping. Which
    settings are live a service says itself, by `services.server.live`. A process that starts
    meanwhile starts with the change.
    """

    target: str
    values: Mapping[str, Setting]

    def __init__(
        self, target: str, values: Mapping[str, Setting] | None = None, /, **settings: Setting
    ) -> None:
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "values", {**(values or {}), **settings})

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        values = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"configure {self.target} ({values})"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.values:
            yield "no setting is given; nothing would change"

    async def apply(self, system: System) -> None:
        """Change the settings, beside those that another fault has changed."""
        for host in await system.behind(self.target):
            await system.configure(host, {**await system.configured(host), **self.values})

    async def seen(self, system: System) -> bool:
        """Read back whether any of the hosts has the settings."""
        hosts = await system.behind(self.target)
        there = [await system.configured(host) for host in hosts]
        return any(self.values.items() <= changes.items() for changes in there)

    async def remove(self, system: System) -> None:
        """Put the settings back."""
        for host in await system.behind(self.target):
            changes = await system.configured(host)
            others = {name: value for name, value in changes.items() if name not in self.values}
            await system.configure(host, others)
