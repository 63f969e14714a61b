"""The simulated lab as faults see it: the conductor's `System` in virtual time."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from harness.engines.sim.hosts import Host
from harness.engines.sim.network import Network
from harness.errors import LabError
from harness.model.fault import Clock, Connects, HostState, Setting, ToxicSpec


class SimSystem:
    """Breaks and mends hosts and links in no virtual time; `now` counts from the load's start."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        network: Network,
        behind: Callable[[str], Collection[str]],
        now: Callable[[], float],
    ) -> None:
        self._hosts = hosts
        self._network = network
        self._behind = behind
        self.now = now

    async def until(self, at_s: float) -> None:
        """Let virtual time pass up to a moment of the run."""
        await asyncio.sleep(at_s - self.now())

    async def pause(self, host: str) -> None:
        """Hold a host's callbacks."""
        self._hosts[host].pause()

    async def resume(self, host: str) -> None:
        """Run a host's held callbacks, in their order."""
        self._hosts[host].resume()

    async def kill(self, host: str) -> None:
        """Drop a host's tasks, close its sockets, keep its disk."""
        self._hosts[host].kill()

    async def stop(self, host: str, grace_s: float) -> None:
        """Let a host's process clean up; kill what is left of it after the grace time."""
        self._hosts[host].stop(grace_s)

    async def start(self, host: str) -> None:
        """Give a host a new process, which finds its disk as it was."""
        await self._hosts[host].start()

    async def state(self, host: str) -> HostState:
        """Read back what a host is doing now."""
        return self._hosts[host].state()

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Set a host's wall clock wrong, or right."""
        self._hosts[host].machine.clock = clock

    async def clock(self, host: str) -> Clock:
        """Read back how a host's wall clock was set wrong."""
        return self._hosts[host].machine.clock

    async def set_cpu(self, host: str, factor: float) -> None:
        """Let a host's CPU work take longer by a factor."""
        self._hosts[host].set_cpu(factor)

    async def cpu(self, host: str) -> float:
        """Read back the factor by which a host's CPU work takes longer."""
        return self._hosts[host].machine.cpu_factor

    async def set_memory(self, host: str, limit_mib: int | None) -> None:
        """Refuse.

        Raises:
            LabError: always; what a process takes is the machine's and not simulated.

        """
        del limit_mib
        raise LabError(
            f"the simulation does not know how much memory {host} takes; "
            "run this lab with --engine compose"
        )

    async def memory(self, host: str) -> None:
        """Say that there is no limit."""

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Fill a host's disk, or make room."""
        self._hosts[host].machine.disk.full = full

    async def disk_full(self, host: str) -> bool:
        """Read back whether a host's disk is full."""
        return self._hosts[host].machine.disk.full

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        """Change live settings of a host's process, and put all others back."""
        self._hosts[host].configure(changes)

    async def configured(self, host: str) -> Mapping[str, Setting]:
        """Read back the settings of a host that were changed."""
        return self._hosts[host].configured()

    async def behind(self, name: str) -> Collection[str]:
        """Give the hosts that answer to a name."""
        return self._behind(name)

    async def links(self) -> Collection[str]:
        """Give every link's name, in the lab's order."""
        return self._network.links()

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        """Put a toxic on a link, for live connections and new ones."""
        self._network.link(link).add(toxic)

    async def remove_toxic(self, link: str, name: str) -> None:
        """Take a toxic off a link."""
        self._network.link(link).remove(name)

    async def toxics(self, link: str) -> Collection[str]:
        """Read back the names of the toxics on a link."""
        return self._network.link(link).toxics

    async def set_link(self, link: str, *, up: bool) -> None:
        """Let a link listen, or refuse connects and end its live connections."""
        self._network.link(link).set_up(up=up)

    async def link_up(self, link: str) -> bool:
        """Read back whether a link listens."""
        return self._network.link(link).up

    async def set_connects(self, link: str, connects: Connects) -> None:
        """Accept new connections on a link, refuse them, or leave them without an answer."""
        self._network.link(link).connects = connects

    async def connects(self, link: str) -> Connects:
        """Read back what becomes of new connections on a link."""
        return self._network.link(link).connects
