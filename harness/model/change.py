"""Faults that people roll out themselves: a setting that is changed while everything runs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from harness.model.fault import Place, Setting, System


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

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target}: " + ", ".join(
            f"{name} {value}" for name, value in self.values.items()
        )

    def places(self, links: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - others need them
        """Name what it hits: its target."""
        return (self.target,)

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.values:
            yield "no setting is given; nothing would change"

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its host or service is not there, or does not take such a change."""
        if self.target in place.stores:
            yield "it runs Redis, which has no settings that a lab could change"
        elif self.target not in place.behind:
            yield from place.not_one_of(self.target, place.behind)
        else:
            yield from place.settings(self.target, self.values)

    def handles(self, place: Place) -> set[tuple[str, str]]:
        """Give each setting on each of its hosts."""
        hosts = place.behind.get(self.target, ())
        return {(host, f"setting {name}") for host in hosts for name in self.values}

    async def apply(self, system: System) -> None:
        """Change the settings, beside those that another fault has changed."""
        for host in await system.behind(self.target):
            await system.configure(host, {**await system.configured(host), **self.values})

    async def there(self, system: System) -> bool:
        """Read back whether every host has all of the settings."""
        found = await self._found(system)
        return bool(found) and all(self.values.items() <= changes.items() for changes in found)

    async def gone(self, system: System) -> bool:
        """Read back whether no host has any of the settings changed."""
        found = await self._found(system)
        return not any(self.values.keys() & changes.keys() for changes in found)

    async def _found(self, system: System) -> list[Mapping[str, Setting]]:
        return [await system.configured(host) for host in await system.behind(self.target)]

    async def remove(self, system: System) -> None:
        """Put the settings back."""
        for host in await system.behind(self.target):
            changes = await system.configured(host)
            others = {name: value for name, value in changes.items() if name not in self.values}
            await system.configure(host, others)
